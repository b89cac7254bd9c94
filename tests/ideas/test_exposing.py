"""Does every idea get its chance? Sixty people, a hundred and twenty ideas that come over five days; many times."""

import statistics
from collections import Counter
from dataclasses import dataclass, field
from math import sqrt
from random import Random

import pytest

from sociallearn.ideas import exposing, weighing

PEOPLE, IDEAS, DAYS, CLIQUE = 60, 120, 5, 5
A_DAY_LATER = 3  # days on which people still rate after the last idea
AN_IDEA = 20  # ratings


@dataclass
class World:
    """One cohort: ideas of different worth, in the order in which they come, and who wrote each."""

    chance: Random
    worth: list[float] = field(default_factory=list)
    author: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.worth = [self.chance.gauss(3.2, 0.6) for _ in range(IDEAS)]
        self.author = [self.chance.randrange(PEOPLE) for _ in range(IDEAS)]

    def rates(self, idea: int) -> int:
        """What somebody thinks of an idea."""
        return max(1, min(5, round(self.chance.gauss(self.worth[idea], 1.0))))

    def days(self) -> list[tuple[int, list[int]]]:
        """For each sitting of somebody: how many ideas there are by then, and who comes, in a random order."""
        found = []
        for day in range(DAYS + A_DAY_LATER):
            there = min(IDEAS, (day + 1) * IDEAS // DAYS)
            found.append((there, self.chance.sample(range(PEOPLE), PEOPLE)))
        return found


def served(world: World) -> tuple[list[list[int]], int]:
    """The ratings of each idea when the scheduler chooses, and the largest difference in exposure at the end of a full
    round: each time the least seen idea was seen once more, from when the last ones that came have caught up."""
    seen, ratings = [0] * IDEAS, [[] for _ in range(IDEAS)]  # type: ignore[var-annotated]
    known: list[set[int]] = [set() for _ in range(PEOPLE)]
    widest, least = 0, 0
    caught_up = 0
    for there, people in world.days():
        caught_up = caught_up if seen[there - 1] else max(seen)
        for person in people:
            possible = [
                (idea, seen[idea])
                for idea in range(there)
                if idea not in known[person] and world.author[idea] != person
            ]
            for idea in exposing.choose(possible, world.chance):
                seen[idea] += 1
                known[person].add(idea)
                ratings[idea].append(world.rates(idea))
                if there == IDEAS and min(seen) > max(least, caught_up - 1):
                    least = min(seen)
                    widest = max(widest, max(seen) - least)
    return ratings, widest


def upvoted(world: World) -> list[int]:
    """As many looks in a list with the most liked on top, where a like is a like: who is seen is liked, who is liked is
    seen. What people look at follows the place in the list."""
    likes = [0] * IDEAS
    looks = [1 / place for place in range(1, IDEAS + 1)]
    for there, people in world.days():
        for _person in people:
            order = sorted(range(there), key=lambda idea: (-likes[idea], idea))
            for idea in set(world.chance.choices(order, weights=looks[:there], k=exposing.A_SITTING)):
                likes[idea] += world.rates(idea) >= 4
    return likes


def lifted(world: World, ratings: list[list[int]]) -> bool:
    """Whether five friends who all give the median idea a 5 bring it into the first ten."""
    target = sorted(range(IDEAS), key=lambda idea: sum(ratings[idea]) / len(ratings[idea]))[IDEAS // 2]
    given = {idea: [*values, *([5] * CLIQUE if idea == target else [])] for idea, values in enumerate(ratings)}
    scores = {idea: weighing.score(len(values), sum(values)) for idea, values in given.items()}
    best = sorted(scores, key=lambda idea: -(one.low if (one := scores[idea]) else 0))
    return target in best[:10]


def mean_and_interval(values: list[float]) -> tuple[float, float, float]:
    """The mean of many runs, and between what it stands 95 times in 100."""
    mean, error = statistics.fmean(values), statistics.stdev(values) / sqrt(len(values))
    return mean, mean - 1.96 * error, mean + 1.96 * error


def simulate(seeds: int) -> None:
    """Run, print and judge."""
    ours, theirs, lifts, widths, counts = [], [], 0, Counter[int](), Counter[int]()
    arrival = list(range(IDEAS))
    for seed in range(seeds):
        world = World(Random(seed))
        ratings, widest = served(world)
        widths[widest] += 1
        counts.update(len(values) for values in ratings)
        ours.append(correlation(arrival, [len(values) for values in ratings]))
        lifts += lifted(world, ratings)
        theirs.append(correlation(arrival, upvoted(World(Random(seed)))))
    mean, low, high = mean_and_interval(ours)
    said = [
        f"Arrival and number of ratings, served: {mean:+.3f} ({low:+.3f} … {high:+.3f})",
        "the same with up-votes: {:+.3f} ({:+.3f} … {:+.3f})".format(*mean_and_interval(theirs)),
        f"exposure at the end of full rounds differs by at most {max(widths)}",
        f"ratings an idea: {sorted(counts.items())}",
        f"a clique of {CLIQUE} lifted a median idea into the first ten in {100 * lifts / seeds:.1f} % of runs",
    ]
    print(f"\n{seeds} runs. " + "; ".join(said))  # noqa: T201 - what the run found
    assert max(widths) <= 1
    assert low <= 0 <= high
    assert mean_and_interval(theirs)[2] < 0  # who comes late is liked less, whatever it is worth
    assert lifts / seeds <= 0.05
    assert abs(statistics.fmean(counts.elements()) - AN_IDEA) < 0.01


def correlation(arrival: list[int], ratings: list[int]) -> float:
    """Pearson's; none where all have the same number."""
    return 0.0 if len(set(ratings)) == 1 else statistics.correlation(arrival, ratings)


def test_every_idea_gets_its_chance() -> None:
    simulate(20)


@pytest.mark.prove
def test_every_idea_gets_its_chance_two_hundred_times() -> None:
    simulate(200)


def test_the_least_seen_come_first_and_chance_decides_among_equals() -> None:
    possible = [(1, 3), (2, 0), (3, 1), (4, 0), (5, 9), (6, 1), (7, 1)]
    found = {tuple(exposing.choose(possible, Random(seed))) for seed in range(60)}
    assert all(set(one[:2]) == {2, 4} and set(one[2:]) == {3, 6, 7} for one in found)
    assert len(found) == 12  # every order there is
    assert exposing.choose([], Random(1)) == []
