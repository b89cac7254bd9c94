"""Look-alikes among fifty thousand questions: how long somebody waits who types, and what the machine works."""

import random
import statistics
import sys
import time

import pytest
from flask import Flask
from sqlalchemy import insert

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.posts.models import Kind, Post
from sociallearn.questions import indexing, remembering
from sociallearn.questions.models import QuestionStem
from sociallearn.roster.models import Cohort
from sociallearn.text import alike
from tests.conftest import Actor, Cast
from tests.questions.pairs import AROUND, OTHER, OTHER_UNSEEN, SAME, SAME_UNSEEN

QUESTIONS = 50_000
LIMIT = 0.1  # seconds of p95
BODY = " ".join(text for text in AROUND)[:400]
TYPED = [title.partition("|")[0] for pair in SAME + OTHER for title in pair]


def _fill(app: Flask, author: Actor) -> None:
    """Real words, the common ones often, in titles of six and bodies of thirty: seeded, so the same everywhere."""
    dice = random.Random(12)
    texts = [text for pair in SAME + OTHER + SAME_UNSEEN + OTHER_UNSEEN for text in pair] + AROUND
    real = sorted({word for text in texts for word in text.replace("|", " ").split()})
    made = ["".join(dice.choices("bdfgklmnprstvzaeiou", k=dice.randint(4, 9))) for _ in range(6_000)]
    vocabulary = [*real, *made]
    weights = [1 / (rank + 8) for rank in range(len(vocabulary))]
    with app.app_context(), transaction() as session:
        member = author.member(session)
        common = {"cohort_id": member.cohort_id, "organisation_id": member.organisation_id}
        for start in range(0, QUESTIONS, 2_500):
            posts = []
            for _ in range(min(2_500, QUESTIONS - start)):
                said = dice.choices(vocabulary, weights, k=36)
                base = dice.choice(texts).partition("|")[0] if dice.random() < 0.2 else " ".join(said[:6])
                text = {"title": base[:150], "body": " ".join(said[6:]), "html": "<p></p>"}
                posts.append({**common, **text, "kind": Kind.QUESTION, "author_id": member.id, "renderer": 1})
            ids = session.scalars(insert(Post).returning(Post.id), posts).all()
            rows = []
            for post_id, post in zip(ids, posts, strict=True):
                about = alike.about(post["title"], post["body"])
                titled = alike.About(about.title, ()).keys
                own = {**common, "post_id": post_id, "author_id": member.id}
                rows += [{**own, "stem": s, "in_title": s in titled} for s in {indexing.EVERY} | about.keys]
            session.execute(insert(QuestionStem), rows)
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE question_stem, post")


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_nobody_waits_among_fifty_thousand(app: Flask, cast: Cast) -> None:
    """Whole requests: of somebody in that cohort, and of somebody in a later one, all of whose memory it is."""
    writer, trainer = cast.ben, cast.tess
    askers = {"own cohort": cast.cleo, "memory": cast.otto}
    _fill(app, writer)
    with app.app_context(), transaction() as session:
        ben = writer.member(session)
        remembering.offer(session, ben.cohort, is_offered=True, is_read=True, by=trainer.member(session))
        remembering.agree(session, ben, remembering.Choice.TEXTS, by=ben.person)
        session.get_one(Cohort, askers["memory"].member(session).cohort_id).created_at = clock.now()
    for name, who in askers.items():
        times, worked, found = [], 0.0, 0
        for title in TYPED[:10] + TYPED:
            app.extensions["rate_limiter"].storage.reset()
            begun, started = time.process_time(), time.perf_counter()
            answer = who.post("/questions/alike", title=title, body=BODY)
            times.append(time.perf_counter() - started)
            worked += time.process_time() - begun
            assert answer.status_code == 200
            found += "questions/memory/" in answer.text if name == "memory" else "<li>" in answer.text
        middle, slow = statistics.median(times[10:]), statistics.quantiles(times[10:], n=20)[-1]
        sys.stdout.write(
            f"\n{name}, {QUESTIONS} questions: {1000 * middle:.1f} ms, p95 {1000 * slow:.1f} ms, "
            f"processor {1000 * worked / len(times):.1f} ms, found something for {found} of {len(times)}\n"
        )
        assert found > len(times) / 2
        assert slow < LIMIT
