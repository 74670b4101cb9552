"""The sync file: where a shop's own database is, and which of its tables or queries hold what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from recommender.errors import InvalidInput
from store.sync_status import ImportKind

Name = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Feed(_Strict):
    """Rows of one kind: a ``table`` or a ``query``, of which ``columns`` says how ours are called there.

    ``key`` is unique and never null there. Without ``updated_at`` every run reads everything.
    """

    table: Name | None = None
    query: Name | None = None
    key: Name | None = None
    updated_at: Name | None = None
    columns: dict[Name, Name] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("needs either table or query")
        return self


class ProductFeed(Feed):
    """``deactivate_missing``: a full run marks products as deleted that are not there any more."""

    deactivate_missing: bool = False


class _Database(_Strict):
    url: Name | None = None
    url_env: Name | None = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("needs either url or url_env, the name of an environment variable that holds it")
        return self


class _SyncFile(_Strict):
    database: _Database
    products: ProductFeed | None = None
    customers: Feed | None = None
    orders: Feed | None = None
    events: Feed | None = None

    def feeds(self) -> Iterator[tuple[ImportKind, Feed]]:
        """In the order in which they are read: what the others name comes first."""
        if self.products:
            yield "products", self.products
        if self.customers:
            yield "customers", self.customers
        if self.orders:
            yield "orders", self.orders
        if self.events:
            yield "events", self.events


@dataclass(frozen=True, slots=True)
class SyncConfig:
    """What a sync file says, its URL looked up. ``url`` may hold a password: it is never shown."""

    name: str
    url: str
    feeds: Mapping[ImportKind, Feed]


def read_sync_config(path: Path, environment: Mapping[str, str]) -> SyncConfig:
    """Raises InvalidInput, naming key and value, for a file that cannot be read or has a key that is not known."""
    try:
        parsed = yaml.safe_load(path.read_text(encoding="utf-8"))
        file = _SyncFile.model_validate({} if parsed is None else parsed)
    except OSError as error:
        raise InvalidInput("sync file", str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InvalidInput("sync file", str(path), f"is not UTF-8: {error}") from error
    except yaml.YAMLError as error:
        raise InvalidInput("sync file", str(path), f"is not YAML: {error}") from error
    except ValidationError as error:
        raise _mistake(error, path) from error
    feeds = dict(file.feeds())
    if not feeds:
        raise InvalidInput("sync file", str(path), "names none of products, customers, orders, events")
    return SyncConfig(path.stem, _url(file.database, environment), feeds)


def _mistake(error: ValidationError, path: Path) -> InvalidInput:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "sync file"
    secret = field.startswith("database")  # its value may be a URL with a password
    return InvalidInput(field, "…" if secret else first["input"], f"{first['msg']} (in {path})")


def _url(database: _Database, environment: Mapping[str, str]) -> str:
    if database.url is not None:
        return database.url
    assert database.url_env is not None
    url = environment.get(database.url_env)
    if not url:
        raise InvalidInput("database.url_env", database.url_env, "this environment variable is not set")
    return url
