"""``make bench``: pages beside bare ones with the same queries and bytes, on each database, in one run."""

import gzip
import re
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import grading, searching
from benchmarks.stage import FEW, IDEAS, REPLIES, Stage, side_by_side
from tests import databases
from tests.conftest import Actor

MANY = 20_000
SEARCHED = 20_000  # more, in three languages
AIMS = {"feed": 1.6, "thread": 2.0, "topic": 2.0, "news": 1.5}
CALLED = {
    "feed": f"feed of {FEW} posts",
    "thread": f"first page of a thread of {REPLIES} replies",
    "topic": "a topic's page",
    "vote": "a vote in a poll",
    "board": f"a board of {IDEAS:,} ideas",
    "rate": "a rating",
    "news": "asking for news, 304",
}


def main() -> None:
    """Measure on every database there is, and print."""
    with tempfile.TemporaryDirectory() as folder:
        _measure("SQLite", Path(folder) / "a", databases.sqlite_url(Path(folder)))
        try:
            url, name = databases.postgres_url()
        except databases.NoPostgres as error:
            _say(f"PostgreSQL: not measured, {error}.")
            return
        try:
            _measure("PostgreSQL", Path(folder) / "b", url)
        finally:
            databases.drop(name)


def _measure(name: str, folder: Path, url: str) -> None:
    stage = Stage(folder, url)
    few = {page: stage.statements(call) for page, call in stage.pages.items()}
    stage.fill(MANY)
    _say(f"{name}, among {MANY:,} posts, CPU a page beside a bare one (median of rounds):")
    for page, call in stage.pages.items():
        many = stage.statements(call)
        times = side_by_side({"ours": call, "bare": stage.bare(page)})
        ratio = median(ours / bare for ours, bare in zip(times["ours"], times["bare"], strict=True))
        _say(
            f"  {CALLED[page]}: {median(times['ours']):.2f} ms, {median(times['bare']):.2f} ms bare, "
            f"ratio {ratio:.2f}{_aim(page)}; {few[page]} statements with {FEW} posts, {many} now"
        )
    _search(name, stage)
    _grades(stage)
    if name == "SQLite":
        _first_visit(stage.reader)
    stage.close()


def _search(name: str, stage: Stage) -> None:
    seconds = searching.fill(stage, SEARCHED)
    _say(f"  {name}, search among {MANY + SEARCHED:,} posts (index made in {seconds:.0f} s), milliseconds a page:")
    for kind, (wall, wall95, cpu, cpu95) in searching.report(stage, searching.questions(100)).items():
        _say(f"    {kind}: {wall:.0f}, p95 {wall95:.0f}; CPU {cpu:.0f}, p95 {cpu95:.0f}")


def _grades(stage: Stage) -> None:
    few, many = grading.one_post(stage).values()
    _say(
        f"  one post to its grade, with {grading.A_WEEK} week of history and with {grading.FIVE_YEARS}: CPU "
        f"{few.judging:.1f} and {many.judging:.1f} ms, ratio {many.judging / few.judging:.2f}; on the wall "
        f"{few.judging_wall:.1f} and {many.judging_wall:.1f} ms, ratio {many.judging_wall / few.judging_wall:.2f}; "
        f"CPU of the whole act {few.whole:.1f} and {many.whole:.1f} ms"
    )


def _aim(page: str) -> str:
    return f" (aim: at most {AIMS[page]})" if page in AIMS else ""


def _first_visit(reader: Actor) -> None:
    html = reader.get("/feed").text
    names = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html))
    files = {name: _asset(reader, name) for name in names}
    waiting = [name for name in files if name.endswith(".js")]
    while waiting:
        name = waiting.pop()
        source = gzip.decompress(files[name]).decode()
        for imported in re.findall(r"""(?:from|import\()\s*['"]\./([\w.-]+)['"]""", source):
            other = f"{name.rpartition('/')[0]}/{imported}"
            if other not in files:
                files[other] = _asset(reader, other)
                waiting.append(other)
    script = sum(len(data) for name, data in files.items() if name.endswith(".js"))
    total = len(html.encode()) + sum(len(data) for data in files.values())
    _say(
        f"  First visit: {total / 1000:.1f} kB as sent (at most 100); "
        f"JavaScript {script / 1000:.1f} kB compressed (at most 30)"
    )


def _asset(reader: Actor, name: str) -> bytes:
    return reader.client.get(name, headers={"Accept-Encoding": "gzip"}).data


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
