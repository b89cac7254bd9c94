"""More people than the cast has, as few ratings tell nobody anything."""

from flask import Flask

from tests.conftest import GRADED, HERE, Actor, person
from tests.lms import MEMBERSHIP


def people(app: Flask, count: int) -> list[Actor]:
    """That many more learners."""
    names = [f"learner{number}" for number in range(count)]
    return [Actor(app, HERE, sub=name, roles=[MEMBERSHIP + "Learner"], **person(name), **GRADED) for name in names]
