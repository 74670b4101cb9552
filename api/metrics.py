"""Prometheus metrics. Labels are bounded: route templates, stage and rule names, never paths or ids."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)

REQUESTS = Histogram(
    "shelfwise_request_duration_seconds",
    "Time to answer an HTTP request",
    ["route", "status"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
STAGES = Histogram(
    "shelfwise_stage_duration_seconds",
    "Time spent in a stage of the pipeline",
    ["stage"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
CANDIDATES = Histogram(
    "shelfwise_candidates",
    "Candidates that a source brought to one request",
    ["source"],
    buckets=(0, 1, 5, 10, 25, 50, 75, 100, 150, 200, 300),
    registry=REGISTRY,
)
REMOVED = Counter(
    "shelfwise_removed_total", "Products that a source wanted and a rule removed", ["rule"], registry=REGISTRY
)
DEGRADED = Counter(
    "shelfwise_degraded_total", "Answers given without a stage, or failures survived", ["reason"], registry=REGISTRY
)
EVENTS = Counter("shelfwise_events_total", "Events received", ["type", "result"], registry=REGISTRY)
DECISIONS = Counter(
    "shelfwise_decisions_total", "Answers recorded, or not for lack of room or database", ["result"], registry=REGISTRY
)
CACHE = Counter(
    "shelfwise_cache_requests_total",
    "Lookups of kept answers: hit, miss, stale, shared with an equal request; error: lookups or writes that failed",
    ["result"],
    registry=REGISTRY,
)
BATCH_SIZE = Histogram(
    "shelfwise_batch_size",
    "Calls that a stage answered together, seen once per call",
    ["stage"],
    buckets=(1, 2, 4, 8, 16, 32, 64),
    registry=REGISTRY,
)
TRIALS = Counter(
    "shelfwise_release_trials_total",
    "Releases that answered recent requests again before going live: passed, failed, or slow",
    ["result"],
    registry=REGISTRY,
)
RELEASE = Gauge(
    "shelfwise_release_info", "1 for the release that answers come from", ["release", "stage"], registry=REGISTRY
)
CHANGE_LAG = Gauge(
    "shelfwise_change_lag_seconds", "Seconds since this process last caught up with the store", registry=REGISTRY
)


_SHOWN: set[str] = set()


def show_release(release: str) -> None:
    """Say which release serves now: 1; earlier ones of this process stay in the scrape at 0."""
    _SHOWN.add(release)
    for known in _SHOWN:  # prometheus_client cannot forget a label in the multi-process mode that BentoML sets
        for stage in ("embedding", "collaborative", "rerank", "blender"):
            RELEASE.labels(known, stage).set(known == release)


def scrape() -> bytes:
    """Everything in Prometheus' text format."""
    return generate_latest(REGISTRY)
