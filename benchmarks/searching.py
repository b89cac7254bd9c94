"""How long searching takes: many questions of every kind, each asked of a whole page."""

import random
import time
from statistics import median
from typing import Any

from benchmarks import talk
from benchmarks.stage import Stage
from sociallearn.database import db
from sociallearn.search import indexing

QUERIES = 300


def fill(stage: Stage, count: int) -> float:
    """So many texts in three languages among the others, and their index; seconds that took."""
    with stage.acting() as session:
        talk.write(session, [one.member(session) for one in stage.authors], count)
    start = time.perf_counter()
    with stage.app.app_context():
        indexing.rebuild()
        seconds = time.perf_counter() - start
        with db.engine.connect() as connection:
            analyze = "ANALYZE"  # as autovacuum does by itself in time
            connection.exec_driver_sql(analyze)
            connection.commit()
    return seconds


def questions(count: int = QUERIES) -> dict[str, list[str]]:
    """Questions by kind: as people ask, and the worst ones."""
    dice = random.Random(7)
    some = [text.split() for text in talk.texts(3 * count, seed=1)]
    picked: dict[str, list[str]] = {
        "a word": [],
        "two words": [],
        "a beginning": [],
        "a phrase": [],
        "a typing error": [],
    }
    for words in some[:count]:
        long = [word for word in words if len(word) > 4] or words
        one, other = dice.choice(long), dice.choice(long)
        at = dice.randrange(len(words) - 2)
        picked["a word"].append(one)
        picked["two words"].append(f"{one} {other}")
        picked["a beginning"].append(one[: max(3, len(one) // 2)])
        picked["a phrase"].append(f'"{words[at]} {words[at + 1]}"')
        picked["a typing error"].append(one[:2] + "q" + one[3:])
    return picked


def measure(stage: Stage, asked: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds of each question, by the clock on the wall and of the CPU of this process."""
    wall, cpu = [], []
    for number, text in enumerate([asked[0], *asked]):
        started, worked = time.perf_counter(), time.process_time()
        answer: Any = stage.reader.get("/search", query_string={"q": text})
        if number:  # the first is for warming up
            wall.append((time.perf_counter() - started) * 1000)
            cpu.append((time.process_time() - worked) * 1000)
        assert answer.status_code == 200
    return wall, cpu


def report(stage: Stage, asked: dict[str, list[str]]) -> dict[str, tuple[float, float, float, float]]:
    """By kind of question: median and 95th percentile on the wall, the same of the CPU, in milliseconds."""
    found = {}
    for kind, each in asked.items():
        wall, cpu = (sorted(times) for times in measure(stage, each))
        found[kind] = (median(wall), _p95(wall), median(cpu), _p95(cpu))
    return found


def _p95(times: list[float]) -> float:
    return times[int(len(times) * 0.95)]
