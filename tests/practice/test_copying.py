"""A course copied for its next run."""

import sqlite3
from pathlib import Path

from sociallearn.practice.store import Store
from tests.practice.conftest import ToyTool, as_person
from tests.practice.test_deep_linking import BOARD, CLAIM, answer, choosing

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"


def test_a_copy_has_new_ids_the_same_parameters_and_its_history(tool: ToyTool) -> None:
    tool.client.post("/deep-linking/return", data={"JWT": tool.sign(answer(tool, choosing(tool), [BOARD]))})
    trainer = as_person(tool.client, "katrien")
    for _ in range(2):
        copied = trainer.post("/courses/smld-2026/copies")
        assert copied.status_code == 303
    second = trainer.post("/courses/copy-6/copies").location.split("?")[0].rpartition("/")[2]
    links = {"smld-2026": "chosen-8", "copy-6": "copy-6-2", second: f"{second}-2"}
    told = {course: tool.launch(link, "noor") for course, link in links.items()}
    for course, claims in told.items():
        assert claims[CLAIM + "context"]["id"] == course
        assert claims[CLAIM + "custom"]["board"] == "42"
        item = tool.call("GET", claims[AGS]["lineitem"]).json or {}
        assert (item["resourceId"], item["tag"]) == ("board-42", "participation")
    assert "context_history" not in told["smld-2026"][CLAIM + "custom"]
    custom = told[second][CLAIM + "custom"]
    assert (custom["context_history"], custom["link_history"]) == ("copy-6,smld-2026", "copy-6-2,chosen-8")


def test_only_the_trainer_copies(tool: ToyTool) -> None:
    assert tool.client.post("/courses/smld-2026/copies").status_code == 403
    assert as_person(tool.client, "noor").post("/courses/smld-2026/copies").status_code == 403
    assert "Copy this course" not in tool.client.get("/courses/smld-2026").text


def test_a_file_of_an_earlier_version_gets_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "practice.db"
    for _ in range(2):
        store = Store(path)
        store.set_up()
        store.close()
        with sqlite3.connect(path) as connection:
            columns = {row[1] for row in connection.execute("PRAGMA table_info(link)")}
            assert "copied_from" in columns
            connection.execute("ALTER TABLE link DROP COLUMN copied_from")
        connection.close()
