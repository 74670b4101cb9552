import pytest

from loadtests.kept import kept_share, lookups_in

SCRAPE = """# HELP shelfwise_cache_requests_total Lookups
shelfwise_cache_requests_total{result="hit"} 30.0
shelfwise_cache_requests_total{result="miss"} 1.0e+01
shelfwise_decisions_total{result="written"} 5.0
"""


def test_lookups_are_read_from_a_scrape() -> None:
    assert lookups_in(SCRAPE) == {"hit": 30.0, "miss": 10.0}


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ({}, {"hit": 3.0, "miss": 1.0}, 0.75),
        ({"hit": 3.0}, {"hit": 4.0, "shared": 1.0, "stale": 1.0, "miss": 1.0}, 0.5),
        ({}, {}, 0.0),
        (None, {"hit": 1.0}, None),
    ],
)
def test_the_share_is_of_what_was_asked_in_between(
    before: dict[str, float] | None, after: dict[str, float], share: float | None
) -> None:
    assert kept_share(before, after) == share
