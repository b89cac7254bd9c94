"""Schemes: the presets of the product, and what a stored version may say."""

import json
import math

import pytest

from sociallearn.grades.schemes import INTENSIVE, LIGHT, PRESETS, STANDARD, Rule, Scheme, from_json, to_json

LIGHT_JSON = to_json(LIGHT)


@pytest.mark.parametrize(
    ("scheme", "target", "post", "reply", "idea", "rating"),
    [(LIGHT, 10, 1, (4, 2), 1, 1), (STANDARD, 20, 2, (7, 4), 1, 1), (INTENSIVE, 30, 3, (10, 6), 2, 2)],
)
def test_the_presets(scheme, target, post, reply, idea, rating):
    assert scheme.rules == (
        Rule("post", 4, post, least_words=40),
        Rule("reply", 3, reply[0], least_words=20, most_unless_two_people=reply[1]),
        Rule("idea", 4, idea),
        Rule("rating", 2, rating, per=5),
    )
    assert (scheme.target, scheme.drops_after) == (target, 4)
    assert PRESETS[scheme.name] is scheme


@pytest.mark.parametrize("scheme", PRESETS.values(), ids=PRESETS)
def test_full_marks_are_reachable_by_replies_alone(scheme):
    rule = scheme.rule("reply")
    assert rule.points * rule.most >= scheme.target


@pytest.mark.parametrize("scheme", [*PRESETS.values(), Scheme("own", 2.5, (Rule("reply", 0.25, 10),), 3)])
def test_json_and_back(scheme):
    assert from_json(json.loads(json.dumps(to_json(scheme)))) == scheme


def test_what_is_not_said_has_its_usual_value():
    data = {"name": "own", "target": 4, "rules": [{"event": "idea", "points": 4, "most": 1}]}
    assert from_json(data) == Scheme("own", 4, (Rule("idea", 4, 1),))


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": 3},
        {"target": 0},
        {"target": -10},
        {"target": "10"},
        {"target": True},
        {"target": 0.1},
        {"target": math.nan},
        {"target": math.inf},
        {"rules": []},
        {"rules": "post"},
        {"rules": None},
        {"rules": [3]},
        {"rules": LIGHT_JSON["rules"] * 2},
        {"drops_after": 1},
        {"drops_after": 4.0},
        {"drops_after": None},
        {"colour": "red"},
    ],
)
def test_a_scheme_that_makes_no_sense_is_refused_in_a_sentence(change):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        from_json(LIGHT_JSON | change)


@pytest.mark.parametrize(
    "change",
    [
        {"event": "like"},
        {"event": ["reply"]},
        {"points": 0},
        {"points": 1 / 3},
        {"points": "3"},
        {"points": None},
        {"points": 1e9},
        {"most": 0},
        {"most": 2.5},
        {"most": True},
        {"most": 10**9},
        {"least_words": -1},
        {"least_words": None},
        {"per": 0},
        {"per": 5},
        {"most_unless_two_people": 5},
        {"most_unless_two_people": -1},
        {"event": "post", "most_unless_two_people": 1},
        {"colour": "red"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_a_sentence(change):
    reply = to_json(LIGHT)["rules"][1]
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        from_json(LIGHT_JSON | {"rules": [reply | change]})


@pytest.mark.parametrize("stored", [None, [], "light", {}, {"name": "x"}, {"name": "x", "target": 1, "rules": [{}]}])
def test_anything_else_is_refused_in_a_sentence(stored):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        from_json(stored)
