"""The gate on planted numbers: it lets the better through, keeps the rest out, and each rule has a case of its own."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.metrics.gate import Comparison, Latency, Paired, Verdict, judge

RUNS = 200
CUSTOMERS = 1500
FAST = Latency(champion=0.010, candidate=0.012, budget=0.150)
SLICES = ("new customers", "tail products", "cold products", *(f"department {number}" for number in range(10)))


def drawn(rng: np.random.Generator, customers: int, *, gain: float) -> Paired:
    """NDCG-like values whose differences have a mean of ``gain`` and the spread of real recipes (about .06)."""
    champion = rng.beta(2.0, 4.0, customers)
    return Paired(champion, champion + rng.normal(gain, 0.06, customers))


def comparison(seed: int, *, gain: float) -> Comparison:
    rng = np.random.default_rng(seed)
    sizes = [150, 300, 300, *[600] * 10]
    slices = {name: drawn(rng, size, gain=gain) for name, size in zip(SLICES, sizes, strict=True)}
    return Comparison(overall=drawn(rng, CUSTOMERS, gain=gain), slices=slices, coverage=(0.30, 0.30), latency=FAST)


def exactly(customers: int, champion: float, candidate: float) -> Paired:
    return Paired(np.full(customers, champion), np.full(customers, candidate))


BETTER = Comparison(overall=exactly(CUSTOMERS, 0.30, 0.32), coverage=(0.30, 0.30), latency=FAST)


def failed(verdict: Verdict) -> list[str]:
    return [check.name for check in verdict.failed]


def accepted(*, gain: float, like_for_like: bool = False, runs: int = RUNS) -> int:
    return sum(judge(comparison(seed, gain=gain), like_for_like=like_for_like).accepted for seed in range(runs))


def test_a_truly_better_candidate_is_accepted() -> None:
    """By 2 % of the champion's mean."""
    assert accepted(gain=0.0067) >= 0.95 * RUNS


def test_a_candidate_that_is_no_better_is_kept_out() -> None:
    assert accepted(gain=0.0) <= 0.05 * RUNS


def test_a_worse_one_never_passes() -> None:
    assert accepted(gain=-0.01, runs=20) == 0


def test_a_better_candidate_passes_every_check() -> None:
    verdict = judge(BETTER, like_for_like=False)
    assert verdict.accepted
    assert [check.name for check in verdict.checks] == ["all customers", "coverage", "latency"]
    overall = verdict.checks[0]
    assert (overall.champion, overall.candidate, overall.customers) == pytest.approx((0.30, 0.32, CUSTOMERS))
    assert overall.difference is not None
    assert overall.difference.mean == pytest.approx(0.02)


@pytest.mark.parametrize("name", SLICES)
def test_each_slice_that_loses_for_certain_refuses_it(name: str) -> None:
    slices = {one: exactly(200, 0.20, 0.21) for one in SLICES} | {name: exactly(200, 0.20, 0.18)}
    verdict = judge(replace(BETTER, slices=slices), like_for_like=False)
    assert failed(verdict) == [name]
    assert "-10.0%" in verdict.failed[0].reason


def test_a_slice_may_lose_a_little_or_by_chance() -> None:
    rng = np.random.default_rng(5)
    values = rng.beta(2.0, 4.0, 300)
    by_chance = Paired(values, values * 0.9 + rng.normal(0.0, 2.0, 300))
    assert by_chance.difference.low < 0 < by_chance.difference.high
    slices = {"a little": exactly(300, 0.20, 0.191), "by chance": by_chance}
    assert judge(replace(BETTER, slices=slices), like_for_like=False).accepted


def test_a_slice_of_fewer_than_200_customers_is_only_reported() -> None:
    small = judge(replace(BETTER, slices={"cold products": exactly(199, 0.20, 0.0)}), like_for_like=False)
    assert small.accepted
    check = small.checks[1]
    assert (check.judged, check.customers, check.candidate) == (False, 199, 0.0)
    assert "fewer than 200" in check.reason


def test_a_slice_that_nobody_could_serve_before_loses_nothing() -> None:
    slices = {"cold products": exactly(300, 0.0, 0.0), "nobody": exactly(0, 0.0, 0.0)}
    assert judge(replace(BETTER, slices=slices), like_for_like=False).accepted


@pytest.mark.parametrize(("coverage", "refused"), [(0.27, []), (0.269, ["coverage"]), (0.5, [])])
def test_coverage_must_not_fall_by_more_than_a_tenth(coverage: float, refused: list[str]) -> None:
    assert failed(judge(replace(BETTER, coverage=(0.30, coverage)), like_for_like=False)) == refused


@pytest.mark.parametrize(("seconds", "refused"), [(0.150, []), (0.151, ["latency"])])
def test_the_latency_budget_must_hold(seconds: float, refused: list[str]) -> None:
    verdict = judge(replace(BETTER, latency=replace(FAST, candidate=seconds)), like_for_like=False)
    assert failed(verdict) == refused
    assert "times the champion's" in verdict.checks[-1].reason
    assert "150 ms" in verdict.checks[-1].reason


def test_a_refresh_of_the_same_recipe_need_not_be_better() -> None:
    same = replace(BETTER, overall=exactly(CUSTOMERS, 0.30, 0.30))
    assert judge(same, like_for_like=True).accepted
    assert failed(judge(same, like_for_like=False)) == ["all customers"]


@pytest.mark.parametrize(("candidate", "refused"), [(0.2986, []), (0.2984, ["all customers"])])
def test_a_refresh_may_lose_half_a_percent_at_worst(candidate: float, refused: list[str]) -> None:
    """Of .30, that is .0015."""
    verdict = judge(replace(BETTER, overall=exactly(CUSTOMERS, 0.30, candidate)), like_for_like=True)
    assert failed(verdict) == refused
    assert "-0.0015" in verdict.checks[0].reason


def test_a_refresh_that_is_worse_by_a_percent_is_kept_out() -> None:
    assert accepted(gain=-0.0033, like_for_like=True) <= 0.05 * RUNS


def test_without_customers_nothing_is_proven() -> None:
    nobody = replace(BETTER, overall=exactly(0, 0.0, 0.0))
    assert not judge(nobody, like_for_like=True).accepted
