"""From samples to figures, and to the verdict whether the run counts."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from loadtests.traffic import Endpoint

PERCENTILES: Final = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Sample:
    """One request that was due. Times are seconds of one clock."""

    endpoint: Endpoint
    due: float
    """When it should have been sent: the schedule of an open loop, the moment of sending in a closed one."""
    sent: float
    done: float
    error: str = ""
    """What was wrong with the answer; empty when nothing was."""
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer is worth."""

    error: str = ""
    degraded: bool = False


def judge(endpoint: Endpoint, status: int, body: bytes) -> Answer:
    """A good answer has the right status and, on a recommendation endpoint, at least one product."""
    if status != (201 if endpoint is Endpoint.EVENT else 200):
        return Answer(f"HTTP {status}")
    try:
        answer = json.loads(body)
    except ValueError:
        return Answer("not JSON")
    if endpoint is Endpoint.EVENT:
        return Answer()
    if not isinstance(answer, dict) or not answer.get("recommendations"):
        return Answer("no products")
    return Answer(degraded=bool(answer.get("degraded")))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Nearest rank: the smallest value that at least ``percent`` % of the values do not exceed. NaN for none."""
    if not ordered:
        return math.nan
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def milliseconds(seconds: Sequence[float]) -> dict[str, float | None]:
    """p50, p95, p99 and the longest; None where there is no sample (JSON has no NaN)."""
    ordered = sorted(seconds)
    if not ordered:
        return dict.fromkeys([*(f"p{percent}" for percent in PERCENTILES), "max"])
    figures = {f"p{percent}": percentile(ordered, percent) for percent in PERCENTILES} | {"max": ordered[-1]}
    return {name: round(value * 1000, 3) for name, value in figures.items()}


def figures(samples: Sequence[Sample], requested: int) -> dict[str, Any]:
    """What both loops report. Latencies include failed answers: leaving time-outs out would flatter."""
    errors = Counter(sample.error for sample in samples if sample.error)
    recommended = [sample for sample in samples if sample.endpoint is not Endpoint.EVENT and not sample.error]
    seconds = max((sample.done for sample in samples), default=0.0) - min((s.due for s in samples), default=0.0)
    good = len(samples) - errors.total()
    return {
        "requested": requested,
        "samples": len(samples),
        "missing": requested - len(samples),
        "error_count": errors.total(),
        "errors": dict(errors.most_common()),
        "degraded_share": round(sum(s.degraded for s in recommended) / len(recommended), 6) if recommended else None,
        "seconds": round(seconds, 3),
        "achieved_per_second": round(good / seconds, 2) if seconds else 0.0,
        "latency_ms": milliseconds([sample.done - sample.due for sample in samples]),
        "endpoints": {str(endpoint): _endpoint_figures(samples, endpoint) for endpoint in Endpoint},
    }


def _endpoint_figures(samples: Sequence[Sample], endpoint: Endpoint) -> dict[str, Any]:
    own = [sample for sample in samples if sample.endpoint is endpoint]
    return {
        "samples": len(own),
        "error_count": sum(bool(sample.error) for sample in own),
        "degraded_count": sum(sample.degraded for sample in own),
        "latency_ms": milliseconds([sample.done - sample.due for sample in own]),
    }


def complaints(report: dict[str, Any]) -> list[str]:
    """Why a run does not count; empty when it does."""
    found = []
    if report["error_count"]:
        kinds = ", ".join(f"{count} × {kind}" for kind, count in report["errors"].items())
        found.append(f"{report['error_count']} of {report['samples']} answers were wrong: {kinds}")
    if report["missing"]:
        found.append(f"{report['missing']} of {report['requested']} samples are missing")
    if not report["samples"]:
        found.append("there are no samples")
    return found
