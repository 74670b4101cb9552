"""Settings that every stage service shares, each with its reason."""

from typing import Any, Final

STAGE: Final[dict[str, Any]] = {
    "workers": 1,  # state is per process: scale by replicas
    # The gateway's client retires connections by request count and drops requests doing so (BentoML issue 5540).
    "runner_connection": {"max_requests": 10**9, "max_age": 1e9},
    "runner_probe": {"enabled": False},
    "metrics": {"enabled": False},  # built-in metrics label by raw path; batch sizes travel with the replies
    "logging": {"access": {"enabled": False}},
    "traffic": {"timeout": 30},
}

GATEWAY: Final[dict[str, Any]] = {
    "workers": 1,
    "metrics": {"enabled": False},  # our own, by route template
    "runner_probe": {"enabled": False},  # a stage that is down degrades answers; it must not take the gateway out
    "tracing": {"excluded_urls": ".*"},
    "logging": {"access": {"enabled": False}},
    "traffic": {"timeout": 30},
}

BATCHING: Final[dict[str, Any]] = {
    "batchable": True,
    "max_batch_size": 64,  # counts calls, and one request of the gateway is one call
    "max_latency_ms": 1000,  # not a waiting time: the deadline after which BentoML answers 503
}
