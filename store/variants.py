"""Variants of a product: its sizes or colours, each with its own stock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from recommender.errors import InvalidInput
from store.values import MAX_COUNT, check_count, check_text

MOST_VARIANTS: Final = 200
"""Of one product."""

_FIELDS: Final = ("id", "attributes", "stock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One variant. A ``stock`` of None is unknown, and sellable."""

    id: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    stock: int | None = None


def stock_of(variants: Sequence[Variant]) -> int | None:
    """How many there are of all variants: 0 only when every one is sold out; None where one is unknown."""
    counts = [variant.stock for variant in variants]
    return None if None in counts else min(MAX_COUNT, sum(count for count in counts if count is not None))


def check_variants(variants: Sequence[Variant]) -> None:
    """Raises InvalidInput for too many, two of one id, or a value that cannot be stored."""
    if len(variants) > MOST_VARIANTS:
        raise InvalidInput("variants", len(variants), f"must be at most {MOST_VARIANTS}")
    ids = [variant.id for variant in variants]
    for place, variant in enumerate(variants):
        where = f"variants.{place}"
        check_text(f"{where}.id", variant.id, required=True)
        if variant.id in ids[:place]:
            raise InvalidInput(f"{where}.id", variant.id, "is the id of two variants")
        check_count(f"{where}.stock", variant.stock, least=0)
        for name, value in variant.attributes.items():
            check_text(f"{where}.attributes", name, required=True)
            check_text(f"{where}.attributes.{name}", value)


def stored_variants(variants: Sequence[Variant]) -> list[dict[str, Any]] | None:
    """As they are kept; None where there are none."""
    return [{"id": one.id, "attributes": dict(one.attributes), "stock": one.stock} for one in variants] or None


def read_variants(stored: Sequence[Mapping[str, Any]] | None) -> tuple[Variant, ...]:
    """What `stored_variants` wrote."""
    return tuple(Variant(**one) for one in stored or ())


def sent_variants(value: object) -> tuple[Variant, ...]:
    """Variants from what JSON says. Raises InvalidInput where that is no list of objects with these fields."""
    if not isinstance(value, list):
        raise InvalidInput("variants", value, "must be a list of objects")
    return tuple(_sent(f"variants.{place}", one) for place, one in enumerate(value))


def _sent(where: str, one: object) -> Variant:
    if not isinstance(one, dict) or not isinstance(one.get("id"), str | int):
        raise InvalidInput(where, one, "must be an object with an id")
    unknown = [name for name in one if name not in _FIELDS]
    if unknown:
        raise InvalidInput(f"{where}.{unknown[0]}", one[unknown[0]], f"is unknown; the fields are {', '.join(_FIELDS)}")
    attributes, stock = one.get("attributes") or {}, one.get("stock")
    if not isinstance(attributes, dict):
        raise InvalidInput(f"{where}.attributes", attributes, "must be an object of texts")
    if stock is not None and type(stock) is not int:
        raise InvalidInput(f"{where}.stock", stock, f"must be a whole number from 0 to {MAX_COUNT}")
    texts = {str(name): str(value) for name, value in attributes.items() if value is not None}
    return Variant(id=str(one["id"]), attributes=texts, stock=stock)
