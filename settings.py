"""Settings from the environment (prefix SHELFWISE_), read in one place at start and frozen from then on."""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from recommender.errors import InvalidInput
from recommender.rules.file import DEFAULT_RULES_FILE

PREFIX: Final = "SHELFWISE_"
ROOT: Final = Path(__file__).resolve().parent
REDIS_SCHEMES: Final = ("redis", "rediss", "valkey", "valkeys", "unix")

_CURRENCY: Final = re.compile("[A-Z]{3}")
_DAYS: Final = re.compile("[1-9][0-9]{0,4}")

KEY_BYTES: Final = 32
"""Of a key for health data: AES-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field per variable: ``database_url`` is SHELFWISE_DATABASE_URL. Relative paths start at the checkout."""

    home: str = str(ROOT / "var")
    """Everything that Shelfwise writes on this machine, unless another variable says otherwise."""
    database_url: str = ""
    releases_url: str = ""
    """The release store: a folder, or a URL that fsspec understands."""
    mlflow_tracking_uri: str = ""
    rules_file: str = str(DEFAULT_RULES_FILE)
    embedding_model: str = "sentence-transformers/all-MiniLM-L6-v2"
    bench_data: str = str(ROOT.parent / "shared" / "data")
    """Where `make bench-quality` finds data sets that no package brings along."""
    log_level: str = "INFO"
    stage_secret: str = ""
    """Shared by gateway and stages where stages listen on a network; required there, for their wire is pickle."""
    redis_url: str = ""
    """Where replicas share kept answers; empty: each process keeps its own."""
    result_cache_seconds: str = "300"
    """How long an answer is kept at most; 0: not at all."""
    full_record_share: str = "0.01"
    """Share of answers of which everything is kept that they were chosen from."""
    time_zone: str = "UTC"
    """The shop's, by its IANA name (Europe/Berlin): where its days begin and end."""
    currency: str = "USD"
    """Of every price, by its ISO 4217 code."""
    event_retention_days: str = ""
    """How long single events are kept; empty is for ever."""
    decision_retention_days: str = "14"
    personalization_default: str = "on"
    """``on`` or ``off``, for customers who have not decided: ``off`` is opt-in."""
    health_keys: str = field(default="", repr=False)
    """For customers' health data: base64 of 32 bytes each, separated by commas. The first encrypts, all decrypt."""
    health_token: str = field(default="", repr=False)
    """What a caller presents to read or write health data; nobody may while it is empty."""

    @property
    def cache_seconds(self) -> float:
        """``result_cache_seconds`` as a number: 0 to 3,600, seed 003's hour."""
        return _number("RESULT_CACHE_SECONDS", self.result_cache_seconds, most=3_600)

    @property
    def record_share(self) -> float:
        """``full_record_share`` as a number in [0, 1]."""
        return _number("FULL_RECORD_SHARE", self.full_record_share, most=1)

    @property
    def zone(self) -> ZoneInfo:
        """``time_zone`` as one."""
        return ZoneInfo(self.time_zone)

    @property
    def keep_events_days(self) -> int | None:
        """``event_retention_days`` as a number; None is for ever."""
        return int(self.event_retention_days) if self.event_retention_days else None

    @property
    def keep_decisions_days(self) -> int:
        """``decision_retention_days`` as a number."""
        return int(self.decision_retention_days)

    @property
    def personal_by_default(self) -> bool:
        """``personalization_default`` as a flag."""
        return self.personalization_default == "on"

    @property
    def health_key_bytes(self) -> tuple[bytes, ...]:
        """``health_keys`` as they are used; none where none is set. Raises InvalidInput without showing a key."""
        return tuple(_key(one.strip()) for one in self.health_keys.split(",") if one.strip())

    @property
    def home_folder(self) -> Path:
        """``home`` as a path; created when first asked for."""
        folder = Path(self.home).expanduser().resolve()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(PREFIX + "HOME", self.home, f"cannot be made: {error.strerror}") from error
        return folder

    @property
    def rejects_folder(self) -> Path:
        """Where imports list the rows that they could not load."""
        return self.home_folder / "rejects"

    def resolved(self) -> "Settings":
        """The same settings with every default that depends on ``home`` filled in."""
        home = self.home_folder
        return replace(
            self,
            home=str(home),
            database_url=self.database_url or f"sqlite:///{home / 'shelfwise.db'}",
            releases_url=self.releases_url or str(home / "releases"),
            mlflow_tracking_uri=self.mlflow_tracking_uri or f"sqlite:///{home / 'mlflow.db'}",
        )


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings of this process. A variable with the prefix that is not known is an error: it is a typing mistake."""
    known = {PREFIX + one.name.upper(): one.name for one in fields(Settings)}
    given = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    for name, value in given.items():
        if name not in known:
            raise InvalidInput(name, value, f"is not a setting; known: {', '.join(sorted(known))}")
    settings = Settings(**{known[name]: value for name, value in given.items()})
    _check_shop(settings)
    _check_answers(settings)
    _check_customers(settings)
    return settings.resolved()


def _check_answers(settings: Settings) -> None:
    """Raises InvalidInput for what could only fail later, where nobody looks at the settings any more."""
    _ = settings.cache_seconds, settings.record_share
    if settings.redis_url and not _is_redis(settings.redis_url):
        shown = settings.redis_url.rpartition("@")[2]  # what stands before it may be a password
        reason = f"must be {', '.join(f'{scheme}://' for scheme in REDIS_SCHEMES)} and a host and port, or a path"
        raise InvalidInput(PREFIX + "REDIS_URL", shown, reason)


def _is_redis(url: str) -> bool:
    try:
        address = urlsplit(url)
        _ = address.port  # raises for what is none
    except ValueError:
        return False
    return address.scheme in REDIS_SCHEMES


def _number(name: str, text: str, *, most: float) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise InvalidInput(PREFIX + name, text, "is not a number") from error
    if not 0 <= value <= most:  # NaN is neither
        raise InvalidInput(PREFIX + name, text, f"must lie between 0 and {most:g}")
    return value


def _check_customers(settings: Settings) -> None:
    if settings.personalization_default not in ("on", "off"):
        name = PREFIX + "PERSONALIZATION_DEFAULT"
        raise InvalidInput(name, settings.personalization_default, "must be on or off")
    _ = settings.health_key_bytes


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        reason = f"holds something that is not base64 of {KEY_BYTES} bytes; make one with: openssl rand -base64 32"
        raise InvalidInput(PREFIX + "HEALTH_KEYS", "(not shown)", reason)
    return key


def _check_shop(settings: Settings) -> None:
    """Raises InvalidInput for a value that could only fail later, where nobody looks at the settings any more."""
    try:
        ZoneInfo(settings.time_zone)
    except (KeyError, ValueError, OSError) as error:  # unknown, not a name at all, and the name of a folder
        raise InvalidInput(PREFIX + "TIME_ZONE", settings.time_zone, "is not an IANA time zone") from error
    if not _CURRENCY.fullmatch(settings.currency):
        raise InvalidInput(PREFIX + "CURRENCY", settings.currency, "is not an ISO 4217 code: three capital letters")
    _check_days("EVENT_RETENTION_DAYS", settings.event_retention_days or "1")
    _check_days("DECISION_RETENTION_DAYS", settings.decision_retention_days)


def _check_days(name: str, value: str) -> None:
    if not _DAYS.fullmatch(value):
        raise InvalidInput(PREFIX + name, value, "must be a whole number of days, from 1 to 99999")
