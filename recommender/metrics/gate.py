"""The promotion gate: may a candidate recipe take the champion's place? Numbers in, a verdict with its reasons out.

Both recipes were fitted before the same cut and answered the same customers after it. The candidate must be better
over the full catalog, must not fail any group of customers or products that is large enough to judge, must not narrow
what is shown, and must answer within the budget. One check that fails is enough to refuse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.metrics.bootstrap import Interval, bootstrap_interval

METRIC: Final = "NDCG@10"
SLICE_CUSTOMERS: Final = 200
"""Smaller slices are reported and not judged: their intervals are too wide to mean anything."""
SLICE_LOSS: Final = 0.05
"""A slice may lose so much of the champion's mean, even where the loss is certain."""
COVERAGE_LOSS: Final = 0.10
REFRESH_MARGIN: Final = 0.005
"""How much of the champion's mean a like-for-like refresh may lose at worst: it need not be better, only not worse."""


@dataclass(frozen=True, slots=True)
class Paired:
    """A metric of both recipes, one value per customer, the same customers in the same order."""

    champion: NDArray[np.float64]
    candidate: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.champion)

    @property
    def difference(self) -> Interval:
        """Candidate minus champion."""
        return bootstrap_interval(self.candidate - self.champion)


@dataclass(frozen=True, slots=True)
class Latency:
    """95th percentiles of whole answers in seconds, both recipes measured in turns in one process."""

    champion: float
    candidate: float
    budget: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the gate looks at."""

    overall: Paired
    slices: Mapping[str, Paired] = field(default_factory=dict)
    coverage: tuple[float, float]
    """Share of the catalog that is shown to anyone: by the champion, by the candidate."""
    latency: Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question that was asked, its numbers, and why it was answered so."""

    name: str
    passed: bool
    judged: bool = True
    """False where it is only reported."""
    champion: float
    candidate: float
    difference: Interval | None = None
    """Paired, over ``customers``; None where there is one number for each recipe only."""
    customers: int | None = None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the candidate may replace the champion, and every check behind it."""

    like_for_like: bool
    checks: tuple[Check, ...]

    @property
    def accepted(self) -> bool:
        """Whether nothing that is judged failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that refuse it."""
        return tuple(check for check in self.checks if check.judged and not check.passed)


def judge(comparison: Comparison, *, like_for_like: bool) -> Verdict:
    """Every check of the gate. ``like_for_like``: the same kind of recipe, fitted anew; it need only not be worse."""
    checks = [_overall(comparison.overall, like_for_like)]
    checks += [_slice(name, values) for name, values in comparison.slices.items()]
    checks += [_coverage(*comparison.coverage), _latency(comparison.latency)]
    return Verdict(like_for_like=like_for_like, checks=tuple(checks))


def _overall(values: Paired, like_for_like: bool) -> Check:
    champion, difference = _mean(values.champion), values.difference
    floor = -REFRESH_MARGIN * champion if like_for_like else 0.0
    passed = len(values) > 0 and difference.low > floor
    rule = f"above {floor:+.4f}, for it is the same kind of recipe" if like_for_like else "above 0"
    reason = f"its interval {'lies' if passed else 'does not lie'} {rule}"
    return _paired("all customers", values, difference, passed, reason)


def _slice(name: str, values: Paired) -> Check:
    difference, champion = values.difference, _mean(values.champion)
    if len(values) < SLICE_CUSTOMERS:
        reason = f"only reported: fewer than {SLICE_CUSTOMERS} customers"
        return _paired(name, values, difference, True, reason, judged=False)
    lost = -difference.mean / champion if champion > 0 else 0.0
    passed = not (lost > SLICE_LOSS and difference.below_zero())
    rule = f"it must not lose more than {SLICE_LOSS:.0%} with its interval wholly below 0"
    reason = f"changes by {0.0 - lost:+.1%}; {rule}"
    return _paired(name, values, difference, passed, reason)


def _coverage(champion: float, candidate: float) -> Check:
    lost = 1.0 - candidate / champion if champion > 0 else 0.0
    reason = f"changes by {0.0 - lost:+.1%}; it must not fall by more than {COVERAGE_LOSS:.0%}"
    passed = lost <= COVERAGE_LOSS + 1e-9  # exactly a tenth less is not more than a tenth
    return Check(name="coverage", passed=passed, champion=champion, candidate=candidate, reason=reason)


def _latency(latency: Latency) -> Check:
    times = latency.candidate / latency.champion if latency.champion > 0 else 1.0
    reason = f"{times:.2f} times the champion's; p95 must stay within {latency.budget * 1000:.0f} ms"
    return Check(
        name="latency",
        passed=latency.candidate <= latency.budget,
        champion=latency.champion,
        candidate=latency.candidate,
        reason=reason,
    )


def _paired(
    name: str, values: Paired, difference: Interval, passed: bool, reason: str, *, judged: bool = True
) -> Check:
    return Check(
        name=name,
        passed=passed,
        judged=judged,
        champion=_mean(values.champion),
        candidate=_mean(values.candidate),
        difference=difference,
        customers=len(values),
        reason=reason,
    )


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
