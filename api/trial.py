"""A release on trial: before it goes live, it answers recent requests again, without an error and in time."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from api.answers import with_what_was_asked
from api.customers import STRANGER, customer_of
from api.live import Live
from api.metrics import TRIALS
from api.store_view import Remembered
from recommender.errors import InvalidRelease
from recommender.pipeline import allowed_rows, recommend
from recommender.trace import Trace
from recommender.types import Context, Query, Slate
from store.recent import PastRequest

REQUESTS: Final = 50
"""Asked again at most."""
TOGETHER: Final = 2
"""Asked at a time: shoppers wait for the same processors."""
INVENTED: Final = 5
"""Of each context, about popular products, where less was ever asked than `REQUESTS`."""
ANSWER_SECONDS: Final = 60.0
"""For one answer: long, for what is late is measured here and not cut off."""
TRIAL_SECONDS: Final = 30.0
"""For all of them; what was not asked by then is not."""
SLOWER: Final = 1.5
"""Where the machine is too busy for the deadline, a release may take so many times what the one that serves takes."""
COMPARED: Final = 20
"""Requests that two releases are asked in turns."""
COMPARISONS: Final = 3
"""A release is too slow when it is so each time: one bad moment of a machine refuses nothing."""

log = logging.getLogger("shelfwise.trial")


class TrialFailed(InvalidRelease):
    """The release could be loaded, and must not go live."""


@dataclass(slots=True)
class _Times:
    seconds: list[float] = field(default_factory=list)

    @property
    def p95(self) -> float:
        """Of at least one answer."""
        return float(np.percentile(self.seconds, 95))

    @property
    def mean(self) -> float:
        """Of at least one answer."""
        return float(np.mean(self.seconds))


async def hold_trial(live: Live, remembered: Sequence[Remembered], serving: Live | None) -> str:
    """Let ``live`` answer what was asked before, as it was asked. `TrialFailed` says which answer it failed at.

    The 95th percentile must lie within the deadline of the rules. Where it does not, the release that is ``serving``
    is asked the same in turns: a busy machine is no fault of a release. Where nothing serves, there is nothing to
    compare with: then this returns what is to be said of a slow release. It is empty of any other.
    """
    requests = [one for one in [*remembered, *_invented(live)] if _can_be_asked(one, live)][:REQUESTS]
    await _warm_up(live, requests)
    (times,) = await _ask([live], requests)
    deadline = live.snapshot.policy.deadline_seconds
    said = f"p95 {_ms(times.p95)} over {len(times.seconds)} answers, the deadline is {_ms(deadline)}"
    if times.p95 > deadline and serving is None:
        TRIALS.labels("slow").inc()
        log.warning("release %s is slow, and nothing serves to compare it with: %s", live.snapshot.release, said)
        return said
    if times.p95 > deadline and serving is not None:
        said = await _compare(live, serving, requests, deadline)
    TRIALS.labels("passed").inc()
    log.info("release %s answered recent requests: %s", live.snapshot.release, said)
    return ""


async def _compare(live: Live, serving: Live, requests: Sequence[Remembered], deadline: float) -> str:
    """`TrialFailed` where ``live`` is late and the other one is not, or is so much faster."""
    said = ""
    for _ in range(COMPARISONS):
        times, others = await _ask([live, serving], requests[:COMPARED])
        beside = f"p95 {_ms(others.p95)} of {serving.snapshot.release} at the same time"
        said = f"p95 {_ms(times.p95)} beside {beside}, the deadline is {_ms(deadline)}"
        if times.p95 <= deadline or (others.p95 > deadline and times.mean <= SLOWER * others.mean):
            return said
    TRIALS.labels("slow").inc()
    raise TrialFailed(f"release {live.snapshot.release} is too slow: {said}")


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def _invented(live: Live) -> list[Remembered]:
    """Requests about popular products, and a stranger's homepage: for a shop in which nobody asked yet."""
    snapshot = live.snapshot
    popular = snapshot.popular_first[~snapshot.catalog.deleted[snapshot.popular_first]][: INVENTED + 1]
    names = [str(external_id) for external_id in snapshot.catalog.external_id[popular]]
    asked = [PastRequest(context=Context.HOMEPAGE)]
    for one in names[:INVENTED]:
        asked += [PastRequest(context=each, anchors=(one,)) for each in (Context.PRODUCT_PAGE, Context.BOUGHT_TOGETHER)]
    asked += [PastRequest(context=Context.CART, anchors=pair) for pair in pairwise(names)]
    return [Remembered(one, None) for one in asked]


def _can_be_asked(remembered: Remembered, live: Live) -> bool:
    """Not where its page is of another version of this program, or about products that are gone."""
    context = remembered.request.context
    return context in set(Context) and (context == Context.HOMEPAGE or bool(len(_anchors(remembered, live))))


def _anchors(remembered: Remembered, live: Live) -> NDArray[np.int64]:
    catalog = live.snapshot.catalog
    rows = [catalog.row_of[one] for one in remembered.request.anchors if one in catalog.row_of]
    return np.array([row for row in rows if not catalog.deleted[row]], dtype=np.int64)


async def _warm_up(live: Live, requests: Sequence[Remembered]) -> None:
    """The first answers pay for what is made once; they are given all the time they need, and are not measured."""
    firsts = {one.request.context: one for one in reversed([*_invented(live), *requests])}
    await _ask([live], list(firsts.values()))


async def _ask(lives: Sequence[Live], requests: Sequence[Remembered]) -> list[_Times]:
    """Every request to each of these states in turns, `TOGETHER` at a time; errors of the first are `TrialFailed`.

    The other one serves already: whatever it does with a request, it is only compared with.
    """
    ends = time.monotonic() + TRIAL_SECONDS
    times = [_Times() for _ in lives]
    left, problems = iter(requests), list[str]()

    async def some() -> None:
        for one in left:
            for place, live in enumerate(lives):
                seconds, problem = await _answer(live, one)
                if problem:  # once more: a stage that was too busy for a moment is no fault of the release
                    seconds, problem = await _answer(live, one)
                times[place].seconds.append(seconds)
                if problem and not place:
                    problems.append(f"{one.request.context}: {problem}")
            if problems or time.monotonic() > ends:
                return

    await asyncio.gather(*(some() for _ in range(TOGETHER)))
    if problems:
        TRIALS.labels("failed").inc()
        raise TrialFailed(f"release {lives[0].snapshot.release} failed at a recent request: {problems[0]}")
    return times


async def _answer(live: Live, remembered: Remembered) -> tuple[float, str]:
    """Seconds of the answer, and what is wrong with it; no names in it, for it is logged and shown."""
    trace = Trace(time.perf_counter, ANSWER_SECONDS)
    began = time.perf_counter()
    try:
        query, degraded = await _query(live, remembered, trace)
        slate = await recommend(query, live.snapshot, live.stages, trace)
    except Exception as error:  # a boundary: whatever a release does wrong, this is where it may
        log.exception("release %s failed in its trial", live.snapshot.release)
        return time.perf_counter() - began, type(error).__name__
    return time.perf_counter() - began, _wrong_with(query, slate, degraded + slate.degraded, live)


async def _query(live: Live, remembered: Remembered, trace: Trace) -> tuple[Query, tuple[str, ...]]:
    request = remembered.request
    customer = customer_of(remembered.known, live.snapshot.catalog) if request.customer_key else STRANGER
    query = Query(
        context=Context(request.context),
        limit=request.limit,
        at=time.time(),
        history=customer.history,
        anchors=_anchors(remembered, live),
    )
    return await with_what_was_asked(query, customer, live, trace)


def _wrong_with(query: Query, slate: Slate, degraded: tuple[str, ...], live: Live) -> str:
    if degraded:
        return f"an answer without {', '.join(degraded)}"
    if not np.isfinite(slate.score).all():
        return "a score that is no number"
    return "" if len(slate) or not allowed_rows(query, live.snapshot).any() else "an empty list"
