"""One answer: computed, or kept from an earlier one that nothing has changed since."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from api.asked import SHARE_OF_TIME, asked_texts
from api.customers import Customer
from api.live import Live
from recommender.decision_record import Versions
from recommender.errors import StageUnavailable
from recommender.pipeline import recommend
from recommender.trace import Trace
from recommender.types import Context, Query, Slate


class Origin(StrEnum):
    """Where a slate comes from."""

    COMPUTED = "computed"
    KEPT = "kept"
    SHARED = "shared"
    """Computed for another request that asked the same at the same time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A slate with all that it was made from. Its rows are those of ``live``."""

    live: Live
    versions: Versions
    query: Query
    slate: Slate
    trace: Trace
    origin: Origin = Origin.COMPUTED


Compute = Callable[[], Awaitable[Answer]]


def new_trace(live: Live) -> Trace:
    """Of a request that begins now."""
    return Trace(time.perf_counter, live.snapshot.policy.deadline_seconds)


async def computed(
    live: Live, versions: Versions, query: Query, trace: Trace, *, degraded: tuple[str, ...] = ()
) -> Answer:
    """The pipeline's answer; ``degraded`` is what was lost before it began."""
    slate = await recommend(query, live.snapshot, live.stages, trace)
    return Answer(live, versions, query, replace(slate, degraded=degraded + slate.degraded), trace)


async def with_what_was_asked(
    query: Query, customer: Customer, live: Live, trace: Trace
) -> tuple[Query, tuple[str, ...]]:
    """Searches count on the homepage; an embedding stage that cannot read them in time costs them, not the answer."""
    policy = live.snapshot.policy
    texts = asked_texts(customer, now=query.at, hours=policy.session_hours)
    if query.context is not Context.HOMEPAGE or not texts or not policy.session_weight:
        return query, ()
    with trace.stage("asked"):
        try:
            mean, timeout = live.release.item_vectors.mean, SHARE_OF_TIME * trace.remaining()
            asked = await live.asked.of(texts, live.stages, mean, timeout=timeout)
        except StageUnavailable as unavailable:
            return query, (unavailable.stage,)
    return replace(query, asked=asked), ()
