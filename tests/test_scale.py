"""Pages stay as quick with a million posts as with a thousand."""

import sys
from pathlib import Path
from statistics import median

import pytest

from benchmarks.stage import Stage, side_by_side
from tests import databases

FEW, MANY, MOST = 1_000, 1_000_000, 1.25


@pytest.mark.prove
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("database", databases.NAMES)
def test_a_million_posts_cost_no_more_than_a_thousand(database: str, tmp_path: Path) -> None:
    made = [
        (databases.sqlite_url(tmp_path), "") if database == "sqlite" else databases.postgres_url() for _ in range(2)
    ]
    small, large = (Stage(tmp_path / str(n), url) for n, (url, _name) in enumerate(made))
    try:
        small.fill(FEW)
        large.fill(MANY)
        for page in small.pages:
            assert small.statements(small.pages[page]) == large.statements(large.pages[page]), page
            times = side_by_side({"small": small.pages[page], "large": large.pages[page]})
            ratio = median(b / a for a, b in zip(times["small"], times["large"], strict=True))
            sys.stdout.write(f"\n{database}, {page}: {median(times['small']):.2f}, {median(times['large']):.2f} ms\n")
            assert ratio <= MOST, page
    finally:
        small.close()
        large.close()
        for _url, name in made:
            if name:
                databases.drop(name)
