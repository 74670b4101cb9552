"""Whose pages are asked for: customers and products, from files, from the store, or from the running service."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from loadtests.target import Refused

MAX_USERS: Final = 10_000
MAX_PRODUCTS: Final = 500
DISCOVERY_REQUESTS: Final = 40
DISCOVERY_TIMEOUT_S: Final = 10.0

Ask = Callable[[str], Any]
"""GET of a path: the answer's JSON."""


@dataclass(frozen=True, slots=True)
class Ids:
    """Customers and products to ask for, and where they come from. Without customers, everyone is a stranger."""

    users: tuple[str, ...]
    products: tuple[str, ...]
    users_from: str
    products_from: str


def gather_ids(base: str, *, users: Path | None, database: str | None, products: Path | None) -> Ids:
    """From what the command line names; products that it does not name are discovered from the service."""
    found, users_from = _users(users, database)
    if products is not None:
        return Ids(found, read_ids(products), users_from, f"file {products}")
    return Ids(found, discover_products(_asking(base)), users_from, "discovered from the service")


def _users(file: Path | None, database: str | None) -> tuple[tuple[str, ...], str]:
    if file is not None:
        return read_ids(file), f"file {file}"
    if database is not None:
        return users_in_store(database), "user_interactions"
    return (), "nowhere: everyone is a stranger"


def read_ids(file: Path) -> tuple[str, ...]:
    """One id per line; empty lines are skipped."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error}") from error
    ids = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not ids:
        raise Refused(f"{file} holds no ids")
    return ids


def users_in_store(url: str) -> tuple[str, ...]:
    """Up to `MAX_USERS` distinct customers with events in the store."""
    # Here, because a run that needs no store then starts in half the time.
    from sqlalchemy import make_url, select
    from sqlalchemy.exc import ArgumentError

    from recommender.errors import ShelfwiseError
    from store.engine import open_engine, reading
    from store.tables import user_interactions

    column = user_interactions.c.user_id
    customers = select(column).where(column.is_not(None)).distinct().limit(MAX_USERS)
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
            raise Refused(f"--database {url!r}: there is no such file")  # opening it would create one
        engine = open_engine(url)
        with reading(engine) as connection:
            users = tuple(str(user) for user in connection.execute(customers).scalars())
        engine.dispose()
    except ArgumentError as error:
        raise Refused(f"--database {url!r} is not a database URL") from error
    except ShelfwiseError as error:
        raise Refused(f"--database: {error}") from error
    if not users:
        raise Refused("--database: the store has no events of customers")
    return users


def discover_products(ask: Ask, *, wanted: int = MAX_PRODUCTS) -> tuple[str, ...]:
    """Products that the service recommends, popular ones first: the homepage's, then those similar to them."""
    found = dict.fromkeys(_products(ask("/api/v1/recommendations/homepage?limit=100")))
    if not found:
        raise Refused("the service recommends no product to a stranger; name some with --products")
    for product in list(found)[: DISCOVERY_REQUESTS - 1]:
        if len(found) >= wanted:
            break
        found |= dict.fromkeys(_products(ask(f"/api/v1/recommendations/product/{quote(product, safe='')}?limit=100")))
    return tuple(found)[:wanted]


def _products(answer: Any) -> list[str]:  # noqa: ANN401 - JSON
    return [str(one["external_product_id"]) for one in answer["recommendations"]]


def _asking(base: str) -> Ask:
    """Plain GETs: no proxy and no redirect, so nothing leaves the host that was checked."""
    parts = urlsplit(base)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection

    def ask(path: str) -> Any:  # noqa: ANN401 - JSON
        connection = connect(parts.netloc, timeout=DISCOVERY_TIMEOUT_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            raise Refused(f"{base} does not answer: {type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise Refused(f"{base}{path} answers {answer.status}: {body[:200]!r}")
        return json.loads(body)

    return ask
