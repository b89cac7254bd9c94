"""What tests of starter questions share."""

import re
from typing import Any

from flask import Flask
from sqlalchemy import select

from sociallearn.database import db
from sociallearn.posts.models import Starter
from tests.conftest import Actor

DISCUSSION = "What did you try this week?"
QUESTION, DETAILS = "How do you keep it up?", "In a busy week."
IDEA = "What would help every day?"


def opened(trainer: Actor, *parts: str, **more: str) -> int:
    """Publish a starter question of these parts; its id."""
    form: dict[str, Any] = {"body": DISCUSSION, "title": QUESTION, "details": DETAILS, "idea": IDEA}
    answer = trainer.post("/starters", parts=list(parts or ["discussion"]), **(form | more))
    assert answer.status_code == 303, answer.text
    found = re.search(r"/starters/(\d+)\?toast=starter-opened", answer.location)
    assert found, answer.location
    return int(found[1])


def row(app: Flask, starter_id: int) -> Starter:
    """As it stands in the database."""
    with app.app_context():
        return db.session.scalars(select(Starter).where(Starter.id == starter_id)).one()


def reply(actor: Actor, post_id: int, body: str) -> int:
    """Reply; the reply's id."""
    answer = actor.post(f"/posts/{post_id}/replies", body=body)
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("-")[2])
