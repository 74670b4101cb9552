"""What requests and answers about products look like. Unknown fields in a request are errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from api.problems import field_of, value_of
from api.schemas import Id
from store.values import MAX_COUNT
from store.variants import MOST_VARIANTS

BATCH_LIMIT = 1_000
"""Products of one request: as many as are announced one by one, see `store.catalog.SINGLE_CHANGES`."""
ATTRIBUTES_LIMIT = 100

ShortText = Annotated[str, Field(max_length=1_000)]
LongText = Annotated[str, Field(max_length=20_000)]
# Strict, for JSON has types: a stock of "7" or true is a mistake of the sender.
Stock = Annotated[int, Field(strict=True, ge=0, le=MAX_COUNT)]
Price = Annotated[float, Field(strict=True, ge=0, le=1e9)]
Flag = Annotated[bool, Field(strict=True)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class SentVariant(_Request):
    """A size or a colour of a product, with its own stock."""

    id: Annotated[ShortText, Field(min_length=1)]
    attributes: Annotated[dict[ShortText, ShortText], Field(max_length=ATTRIBUTES_LIMIT)] = {}
    stock: Annotated[Stock | None, Field(description="How many there are; null is unknown, and sellable")] = None


class SentProduct(_Request):
    """A product with everything the shop says of it. What is left out is unknown, also where it was known before."""

    product_id: Annotated[Id, Field(description="The shop's own id, or either id of a product that is there")]
    name: Annotated[ShortText, Field(min_length=1)]
    category: ShortText = ""
    brand: ShortText = ""
    description: LongText = ""
    price: Annotated[Price | None, Field(description="In the shop's currency; null is unknown")] = None
    image_url: Annotated[str | None, Field(max_length=2_048)] = None
    stock: Annotated[Stock | None, Field(description="How many there are; null is unknown, and sellable")] = None
    active: Annotated[Flag, Field(description="false: never recommended")] = True
    created_at: Annotated[datetime | None, Field(description="ISO 8601, UTC without offset; null is unknown")] = None
    attributes: Annotated[
        dict[ShortText, ShortText],
        Field(max_length=ATTRIBUTES_LIMIT, description="Anything else that tells it apart, e.g. size or colour"),
    ] = {}
    variants: Annotated[
        list[SentVariant],
        Field(max_length=MOST_VARIANTS, description="Sizes or colours; the product's stock is then the sum of theirs"),
    ] = []


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a product of a batch cannot be stored: the first field that is wrong, what was sent there, and why."""

    product_id: str | None
    field: str
    value: Any
    detail: str


def _or_refusal(sent: Any, validate: ValidatorFunctionWrapHandler) -> Any:  # noqa: ANN401 - any JSON value
    """One bad product is a result of its own; it must not fail the batch."""
    try:
        return validate(sent)
    except ValidationError as error:
        first = dict(error.errors()[0])
        field, value = field_of(first), value_of(first)
        product_id = sent.get("product_id") if isinstance(sent, Mapping) else None
        known = product_id if isinstance(product_id, str) else None
        return Refusal(known, field, value, f"{field}={value!r}: {first['msg']}")


class ProductBatch(_Request):
    """Products to add or replace."""

    products: Annotated[
        list[Annotated[SentProduct, WrapValidator(_or_refusal)]], Field(min_length=1, max_length=BATCH_LIMIT)
    ]

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={
            "examples": [
                {
                    "products": [
                        {
                            "product_id": "oat-1l",
                            "name": "Oat drink, 1 l",
                            "category": "Plant milk",
                            "brand": "Farm 7",
                            "price": 1.99,
                            "stock": 40,
                            "attributes": {"size": "1 l"},
                        }
                    ]
                }
            ]
        },
    )


class ProductResult(BaseModel):
    """What became of one product of a batch. ``field``, ``value`` and ``detail`` say why it is invalid."""

    product_id: str | None
    external_product_id: str | None
    status: Literal["stored", "invalid"]
    field: str | None = None
    value: Any = None
    detail: str | None = None


class BatchResult(BaseModel):
    """One result per product, in the order sent. What is stored is on disk and counts in the next answer."""

    results: list[ProductResult]
    stored: int
    invalid: int
    request_id: str


class ProductChange(_Request):
    """What changes of a product: at least one field; the others stay as they are."""

    stock: Annotated[Stock | None, Field(description="null is unknown, and sellable")] = None
    price: Annotated[Price | None, Field(description="null is unknown")] = None
    # A factory is no default in the description: nothing is set that was not sent.
    active: Annotated[Flag, Field(default_factory=lambda: True)]

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"minProperties": 1, "examples": [{"stock": 0}, {"price": 2.49, "stock": None}]},
    )


class ProductPage(_Request):
    """Query of a list of products."""

    limit: Annotated[int, Field(ge=1, le=BATCH_LIMIT)] = 100
    after: Annotated[str, Field(max_length=1_000, description="External id that the page before ended with")] = ""


class Popularity(BaseModel):
    """Decayed purchases in the release's data, and the place among all products, from 1; null where never bought."""

    model_config = ConfigDict(frozen=True)

    score: float
    rank: int | None


class RefusedBy(BaseModel):
    """The rule that keeps a product out of every list, and the value it saw."""

    rule: str
    detail: str


class ProductAnswer(BaseModel):
    """What is stored of a product, and what recommendations know of it."""

    product_id: str
    external_product_id: str
    name: str
    category: str
    brand: str
    description: str
    price: float | None
    image_url: str | None
    stock: int | None
    active: bool
    created_at: datetime | None
    updated_at: datetime
    attributes: dict[str, str]
    variants: list[SentVariant]
    embedded: Annotated[bool, Field(description="Whether its present text has a vector, so that likeness counts")]
    release: Annotated[str | None, Field(description="The release that learnt of it; null if it is newer than that")]
    popularity: Popularity
    recommendable: bool
    refused_by: RefusedBy | None


class ProductList(BaseModel):
    """A page of products, ordered by external id."""

    products: list[ProductAnswer]
    next: Annotated[str | None, Field(description="``after`` of the next page; null on the last one")]
    request_id: str
