"""From an answer to what is kept of it."""

import random

from api.answers import Answer, Origin
from recommender.confidence import confidence
from recommender.decision_record import full_record, short_record
from store.decisions import Decision


def decision_of(answer: Answer, *, request_id: str, customer_key: str, generated_at: float, share: float) -> Decision:
    """What is kept of an answer, wholly for a ``share`` of those that were computed, drawn by chance.

    ``generated_at`` is in epoch seconds; ``customer_key`` is that of `store.sessions.history_key`.
    """
    slate, snapshot, query = answer.slate, answer.live.snapshot, answer.query
    whole = slate.scored is not None and random.random() < share
    return Decision(
        request_id=request_id,
        customer_key=customer_key,
        context=query.context,
        algorithm=slate.strategy,
        confidence=round(confidence(slate, snapshot.weights(query.context)), 4),
        release_id=answer.versions.release,
        generated_at=generated_at,
        record=short_record(
            query,
            slate,
            snapshot.catalog,
            answer.versions,
            cached=answer.origin is not Origin.COMPUTED,
            milliseconds={stage: seconds * 1000 for stage, seconds in answer.trace.seconds.items()},
        ),
        full_record=full_record(query, slate, slate.scored, snapshot, answer.versions)
        if whole and slate.scored is not None
        else None,
    )
