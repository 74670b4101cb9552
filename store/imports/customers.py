"""Customers as a shop's files state them: the profile of seed 003, without what is health data."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from recommender.errors import InvalidInput
from store.imports.columns import as_series, as_text
from store.imports.rejects import Reject
from store.imports.rows import Checked
from store.imports.source_files import RawChunk
from store.instants import now_ms
from store.tables import customers
from store.values import check_text

CUSTOMER_COLUMNS: Final = (
    "user_id",
    "age",
    "gender",
    "location",
    "family_size",
    "favorite_categories",
    "brand_preferences",
    "budget_min",
    "budget_max",
    "preferred_shopping_times",
    "average_order_value",
    "shopping_frequency",
)
HEALTH_COLUMNS: Final = ("dietary_restrictions", "allergens", "prescription", "face_measurements")
"""Refused: a file is no place for health data, which is kept encrypted."""

_TEXT_LENGTH: Final = 200
_LIST_LENGTH: Final = 100
_MAX_AMOUNT: Final = 1e9


@dataclass(frozen=True, slots=True)
class StatedCustomer:
    """A customer and what is stated of them, in the words of seed 003."""

    user_id: str
    stated: dict[str, Any]


def check_customers(chunk: RawChunk) -> Checked[StatedCustomer]:
    """The chunk's customers. Lists are lists, JSON, or texts with ``|`` between them."""
    names = (*CUSTOMER_COLUMNS, *HEALTH_COLUMNS)
    columns = {name: as_text(as_series(chunk.columns.get(name), len(chunk.lines))).values.tolist() for name in names}
    accepted: list[StatedCustomer] = []
    lines: list[int] = []
    rejects = list(chunk.unreadable)
    for line, values in zip(chunk.lines, zip(*columns.values(), strict=True), strict=True):
        try:
            accepted.append(_customer(dict(zip(names, values, strict=True))))
            lines.append(line)
        except InvalidInput as error:
            rejects.append(Reject(line, error.field, error.value, error.reason))
    return Checked(accepted, lines, sorted(rejects, key=lambda reject: reject.line))


def _customer(row: Mapping[str, str | None]) -> StatedCustomer:
    for name in HEALTH_COLUMNS:
        if row[name] not in (None, "[]", "{}"):  # the value itself must not be in a file of rejects
            raise InvalidInput(name, "…", "is health data, which is not taken from files or databases")
    check_text("user_id", row["user_id"], required=True)
    budget = {"min": _amount(row, "budget_min"), "max": _amount(row, "budget_max")}
    if None not in budget.values() and budget["min"] > budget["max"]:  # type: ignore[operator]
        raise InvalidInput("budget_min", row["budget_min"], "is more than budget_max")
    stated: dict[str, dict[str, Any]] = {
        "demographics": {
            "age": _count(row, "age", 0, 150),
            "gender": _text(row, "gender"),
            "location": _text(row, "location"),
            "familySize": _count(row, "family_size", 1, 100),
        },
        "preferences": {
            "favoriteCategories": _texts(row, "favorite_categories"),
            "budgetRange": _said(budget),
            "brandPreferences": _texts(row, "brand_preferences"),
        },
        "shoppingPatterns": {
            "preferredShoppingTimes": _texts(row, "preferred_shopping_times"),
            "averageOrderValue": _amount(row, "average_order_value"),
            "shoppingFrequency": _text(row, "shopping_frequency"),
        },
    }
    return StatedCustomer(str(row["user_id"]), _said({name: _said(part) for name, part in stated.items()}))


def _said(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if value is not None and value not in ([], {})}


def _text(row: Mapping[str, str | None], name: str) -> str | None:
    value = row[name]
    check_text(name, value)
    if value is not None and len(value) > _TEXT_LENGTH:
        raise InvalidInput(name, value, f"must be at most {_TEXT_LENGTH} characters")
    return value


def _texts(row: Mapping[str, str | None], name: str) -> list[str]:
    value = row[name]
    if value is None:
        return []
    check_text(name, value)
    listed: Any = _json_list(name, value) if value.startswith("[") else [one.strip() for one in value.split("|")]
    if len(listed) > _LIST_LENGTH or not all(isinstance(one, str) and 0 < len(one) <= _TEXT_LENGTH for one in listed):
        raise InvalidInput(name, value, f"must be up to {_LIST_LENGTH} texts of 1 to {_TEXT_LENGTH} characters")
    return list(listed)


def _json_list(name: str, value: str) -> Any:  # noqa: ANN401 - a list of any JSON values
    try:
        return json.loads(value)
    except ValueError as error:
        raise InvalidInput(name, value, "is not a list in JSON") from error


def _amount(row: Mapping[str, str | None], name: str) -> float | None:
    return _number(row, name, 0.0, _MAX_AMOUNT)


def _count(row: Mapping[str, str | None], name: str, least: int, most: int) -> int | None:
    number = _number(row, name, least, most)
    if number is not None and not number.is_integer():
        raise InvalidInput(name, row[name], f"must be a whole number from {least} to {most}")
    return None if number is None else int(number)


def _number(row: Mapping[str, str | None], name: str, least: float, most: float) -> float | None:
    value = row[name]
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise InvalidInput(name, value, f"must be a number from {least:.0f} to {most:.0f}")
    return number


@dataclass(frozen=True, slots=True)
class WrittenCustomers:
    """``changed`` were written; ``refused`` want no personal answers, so no profile of them is kept."""

    changed: Sequence[str]
    refused: frozenset[str]


def write_customers(connection: Connection, sent: Iterable[StatedCustomer]) -> WrittenCustomers:
    """Replace what is stated of customers; the later of two counts. Announces nothing."""
    latest = {customer.user_id: customer.stated for customer in sent}
    stored = _stored(connection, list(latest))
    refused = frozenset(user_id for user_id, (_, personal) in stored.items() if personal is False)
    now = now_ms()
    fresh = [user_id for user_id in latest if user_id not in stored]
    changed = [user_id for user_id in stored if user_id not in refused and stored[user_id][0] != latest[user_id]]
    if fresh:
        times = {"computed": {}, "created_at": now, "updated_at": now}
        connection.execute(insert(customers), [{"user_id": one, "stated": latest[one], **times} for one in fresh])
    if changed:
        one = update(customers).where(customers.c.user_id == bindparam("of"))
        values = one.values(stated=bindparam("new"), updated_at=now)
        connection.execute(values, [{"of": user_id, "new": latest[user_id]} for user_id in changed])
    return WrittenCustomers([*fresh, *changed], refused)


def _stored(connection: Connection, user_ids: Sequence[str]) -> dict[str, tuple[dict[str, Any], bool | None]]:
    columns = (customers.c.user_id, customers.c.stated, customers.c.personalization)
    found: dict[str, tuple[dict[str, Any], bool | None]] = {}
    for start in range(0, len(user_ids), 1_000):
        query = select(*columns).where(customers.c.user_id.in_(user_ids[start : start + 1_000]))
        found |= {row.user_id: (row.stated, row.personalization) for row in connection.execute(query)}
    return found
