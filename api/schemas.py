"""What requests and answers look like. Unknown fields in a request are errors."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from recommender.event_names import known_type
from recommender.events import EventType

ID_PATTERN = r"^[^\s\x00-\x1f\x7f]+$"
ID_LENGTH = 128
BATCH_SIZE: Final = 1_000
"""Events of one call at most: as many as one commit holds."""

Id = Annotated[
    str,
    Field(
        min_length=1,
        max_length=ID_LENGTH,
        pattern=ID_PATTERN,
        description="1 to 128 characters without spaces or control characters",
    ),
]


def _native(name: Any) -> Any:  # noqa: ANN401 - whatever the caller sent
    """The type that a name means; an unknown one stays as it is, to be refused with the names that are known."""
    return (known_type(name) or name) if isinstance(name, str) else name


NamedType = Annotated[
    EventType,
    BeforeValidator(_native),
    Field(description="Or a name that Google Analytics 4 or Segment has for it, in any case; see docs/events.md"),
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Shopper(_Request):
    """Who is asking. Both may be left out: the answer is then a good list for anyone."""

    user_id: Annotated[Id | None, Field(description="The shop's own customer id")] = None
    session_id: Annotated[Id | None, Field(description="A visit; its events count as a customer's do")] = None
    explain: Annotated[bool, Field(description="Add scores by source, and what was removed by which rule")] = False


class HomepageQuery(Shopper):
    """Query of the homepage."""

    limit: Annotated[int, Field(ge=1, le=100)] = 12


class ProductQuery(Shopper):
    """Query of a product page."""

    limit: Annotated[int, Field(ge=1, le=100)] = 8


class TogetherQuery(Shopper):
    """Query of "frequently bought together"."""

    limit: Annotated[int, Field(ge=1, le=100)] = 4


class CartQuery(Shopper):
    """Query of a cart."""

    product_ids: Annotated[
        str, Field(min_length=1, max_length=8192, description="Products in the cart, separated by commas")
    ]
    limit: Annotated[int, Field(ge=1, le=100)] = 8


class RecommendedProduct(BaseModel):
    """One product of the list."""

    product_id: str
    external_product_id: str
    name: str
    category: str
    price: float | None
    image_url: str | None
    score: float
    position: int


class ExplainedProduct(BaseModel):
    """Why a product is where it is: scaled evidence per source, the blender's score, and what reranking added.

    ``contributions`` are evidence × weight and sum up to ``blend``; empty where the learned blender scored, which
    looks at the evidence together with the customer's own purchases of the product and cannot be taken apart so.
    """

    product_id: str
    evidence: dict[str, float]
    contributions: dict[str, float]
    blend: float
    rerank: float


class ExplainedRemoval(BaseModel):
    """A product that a source wanted and a rule did not allow."""

    product_id: str
    external_product_id: str
    rule: str
    detail: str


class Explanation(BaseModel):
    """Present with ``explain=true``. ``blender`` is ``learned`` or ``weights``; only then there are weights."""

    blender: str
    weights: dict[str, float]
    candidates: dict[str, int]
    products: list[ExplainedProduct]
    removals: list[ExplainedRemoval]
    milliseconds: dict[str, float]


class Recommendations(BaseModel):
    """The answer of every recommendation endpoint (seed 004, extended)."""

    recommendations: list[RecommendedProduct]
    request_id: str
    context: str
    user_id: str | None
    generated_at: datetime
    release: str
    strategy: str
    degraded: list[str]
    explanation: Explanation | None = None


class Decision(BaseModel):
    """What is kept of one answer; docs/decisions.md says what the records hold."""

    request_id: str
    pseudonym: Annotated[str | None, Field(description="Of the customer; null for a stranger")]
    context: str
    algorithm: Annotated[str, Field(description="The answer's strategy")]
    confidence: Annotated[float, Field(ge=0, le=1, description="Share of the scores that popularity does not explain")]
    release_id: str
    status: Annotated[str, Field(description="active, dismissed, clicked or purchased")]
    generated_at: datetime
    expires_at: datetime
    record: dict[str, Any]
    full_record: Annotated[dict[str, Any] | None, Field(description="Kept for a share of answers, and with explain")]


class Decisions(BaseModel):
    """The answers under one request id, newest first."""

    decisions: list[Decision]
    request_id: str


class Interaction(_Request):
    """One event. Unknown products and customers are kept, not refused."""

    product_id: Annotated[
        Id | None, Field(description="Either id of the product; CANCEL may leave it out, and SEARCH has none")
    ] = None
    interaction_type: NamedType
    user_id: Id | None = None
    session_id: Id | None = None
    occurred_at: Annotated[datetime | None, Field(description="ISO 8601, UTC without offset; now if left out")] = None
    quantity: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    price: Annotated[float | None, Field(ge=0, le=1e9)] = None
    order_id: Annotated[Id | None, Field(description="CANCEL needs it; of a REFUND, the order it is of")] = None
    event_id: Annotated[Id | None, Field(description="Makes sending the same event again harmless")] = None
    query: Annotated[str | None, Field(min_length=1, max_length=500, description="What a SEARCH was for")] = None
    request_id: Annotated[Id | None, Field(description="Of the recommendation that led here")] = None
    position: Annotated[int | None, Field(ge=1, le=1000)] = None
    metadata: dict[str, Any] | None = None

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={
            "examples": [{"user_id": "1053", "product_id": "1082185", "interaction_type": "PURCHASE", "quantity": 1}]
        },
    )


class Batch(_Request):
    """Events of one call, each judged by itself: a bad one does not sink the others."""

    events: Annotated[
        list[Annotated[Any, WithJsonSchema({"$ref": "#/components/schemas/Interaction"})]],
        Field(min_length=1, max_length=BATCH_SIZE, description="1 to 1,000 events, as they are sent one at a time"),
    ]


ONE_EVENT: Final = "one-event"
MANY_EVENTS: Final = "many-events"


def _shape(body: Any) -> str:  # noqa: ANN401 - whatever the caller sent
    return MANY_EVENTS if isinstance(body, dict) and "events" in body else ONE_EVENT


SentEvents = Annotated[
    Annotated[Interaction, Tag(ONE_EVENT)] | Annotated[Batch, Tag(MANY_EVENTS)], Discriminator(_shape)
]
"""The body decides by its field ``events``, so that what is wrong is named as a field of the one shape or the other."""


class EventOutcome(BaseModel):
    """What became of one event of a batch; field, value and detail where it was not stored."""

    status: Annotated[str, Field(description="accepted, duplicate, conflict or invalid")]
    event_id: str | None = None
    field: str | None = None
    value: Any = None
    detail: str | None = None


class BatchAccepted(BaseModel):
    """One result per event, in the order in which they were sent; what is accepted is on disk."""

    results: list[EventOutcome]
    counts: Annotated[dict[str, int], Field(description="Events by status")]
    request_id: str


class Accepted(BaseModel):
    """The event is on disk and counts in the next answer."""

    status: str
    event_id: str | None
    request_id: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    field: str | None = None
    value: Any = None
