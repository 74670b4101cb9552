"""Figures and verdicts, on samples whose figures are obvious."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.measure import Answer, Sample, complaints, figures, judge, milliseconds, percentile
from loadtests.traffic import Endpoint

GOOD = json.dumps({"recommendations": [{}], "degraded": []}).encode()


def samples(latencies: list[float], *, error: str = "", degraded: bool = False) -> list[Sample]:
    """One after the other, a tenth of a second apart."""
    return [
        Sample(Endpoint.PRODUCT, at / 10, at / 10, at / 10 + latency, error, degraded)
        for at, latency in enumerate(latencies)
    ]


@pytest.mark.parametrize(("percent", "value"), [(1, 1), (50, 50), (95, 95), (99, 99), (99.5, 100), (100, 100)], ids=str)
def test_percentiles_of_one_to_a_hundred(percent: float, value: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], percent) == value


def test_percentiles_of_few_samples_are_samples() -> None:
    assert percentile([7.0], 99) == 7.0
    assert percentile([1.0, 9.0], 50) == 1.0
    assert percentile([1.0, 9.0], 51) == 9.0
    assert math.isnan(percentile([], 50))


@given(st.lists(st.floats(0, 100), min_size=1), st.integers(1, 100))
def test_percentile_is_the_smallest_value_that_enough_do_not_exceed(values: list[float], percent: int) -> None:
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert 100 * sum(value <= found for value in ordered) >= percent * len(ordered)
    assert 100 * sum(value < found for value in ordered) < percent * len(ordered)


def test_milliseconds_need_no_order() -> None:
    assert milliseconds([0.003, 0.001, 0.002]) == {"p50": 2.0, "p95": 3.0, "p99": 3.0, "max": 3.0}
    assert milliseconds([]) == {"p50": None, "p95": None, "p99": None, "max": None}


@pytest.mark.parametrize(
    ("endpoint", "status", "body", "answer"),
    [
        (Endpoint.HOMEPAGE, 200, GOOD, Answer()),
        (Endpoint.HOMEPAGE, 200, GOOD.replace(b"[]", b'["rerank"]'), Answer(degraded=True)),
        (Endpoint.HOMEPAGE, 200, b'{"recommendations": []}', Answer("no products")),
        (Endpoint.HOMEPAGE, 200, b"<html>", Answer("not JSON")),
        (Endpoint.HOMEPAGE, 200, b"[]", Answer("no products")),
        (Endpoint.HOMEPAGE, 307, b"", Answer("HTTP 307")),
        (Endpoint.HOMEPAGE, 503, GOOD, Answer("HTTP 503")),
        (Endpoint.EVENT, 201, b"{}", Answer()),
        (Endpoint.EVENT, 200, b"{}", Answer("HTTP 200")),
        (Endpoint.EVENT, 0, b"", Answer("HTTP 0")),
    ],
    ids=str,
)
def test_judging_answers(endpoint: Endpoint, status: int, body: bytes, answer: Answer) -> None:
    assert judge(endpoint, status, body) == answer


def test_figures_of_a_good_run() -> None:
    report = figures(samples([0.010] * 98 + [0.020, 0.100]), 100)
    assert report["latency_ms"] == {"p50": 10.0, "p95": 10.0, "p99": 20.0, "max": 100.0}
    assert report["achieved_per_second"] == pytest.approx(10, abs=0.11)  # 100 in 9.9 s and the last answer
    assert report["degraded_share"] == 0.0
    assert complaints(report) == []


def test_errors_are_told_apart_and_fail_the_run() -> None:
    report = figures([*samples([0.01] * 7), *samples([0.01] * 2, error="HTTP 503"), *samples([9], error="late")], 10)
    assert report["error_count"] == 3
    assert report["errors"] == {"HTTP 503": 2, "late": 1}
    assert report["latency_ms"]["max"] == 9000.0, "a failed answer was waited for as well"
    assert complaints(report) == ["3 of 10 answers were wrong: 2 × HTTP 503, 1 × late"]


def test_missing_samples_fail_the_run() -> None:
    assert complaints(figures(samples([0.01] * 9), 10)) == ["1 of 10 samples are missing"]
    assert len(complaints(figures([], 10))) == 2


def test_degraded_share_is_of_good_recommendations() -> None:
    event = Sample(Endpoint.EVENT, 0, 0, 0.01)
    run = [*samples([0.01] * 3), *samples([0.01], degraded=True), *samples([0.01], error="HTTP 500"), event]
    assert figures(run, 6)["degraded_share"] == 0.25
    assert figures([event], 1)["degraded_share"] is None


def test_endpoints_are_reported_apart() -> None:
    report = figures([*samples([0.01]), Sample(Endpoint.CART, 0, 0, 0.5, "HTTP 500")], 2)
    assert report["endpoints"]["product"]["samples"] == 1
    assert report["endpoints"]["cart"]["error_count"] == 1
    assert report["endpoints"]["cart"]["latency_ms"]["p50"] == 500.0
    assert report["endpoints"]["event"]["samples"] == 0
