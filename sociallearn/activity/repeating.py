"""Which texts repeat which: found when a text is written, by the runs of five words it shares with earlier ones."""

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from sociallearn.activity.models import Overlap, Shingle
from sociallearn.text.copies import NEAR_COPY, shingles


def compare(session: Session, *, cohort_id: int, post_id: int, words: list[str]) -> frozenset[int]:
    """Remember the text's shingles, and each other text of the cohort that holds 80 % or more of them.

    For an edited text what was known of the old one is replaced; texts that repeated the old one stay its copies.
    The answer are the ids of those it itself repeated until now.
    """
    before = frozenset(session.scalars(select(Overlap.original_id).where(Overlap.copy_id == post_id)))
    session.execute(delete(Shingle).where(Shingle.post_id == post_id))
    session.execute(delete(Overlap).where(Overlap.copy_id == post_id))
    mine = shingles(words)
    if not mine:
        return before
    rows = [{"cohort_id": cohort_id, "hash": value, "post_id": post_id} for value in mine]
    session.execute(insert(Shingle), rows)
    own = select(Shingle.hash).where(Shingle.post_id == post_id)
    shared = func.count()
    found = session.execute(
        select(Shingle.post_id, shared)
        .where(Shingle.cohort_id == cohort_id, Shingle.hash.in_(own), Shingle.post_id != post_id)
        .group_by(Shingle.post_id)
        .having(shared >= NEAR_COPY * len(mine))
    ).all()
    for original_id, count in found:
        session.add(Overlap(copy_id=post_id, original_id=original_id, share=count / len(mine)))
    return before
