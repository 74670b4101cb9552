"""Settings from the environment (prefix SHELFWISE_), read in one place at start and frozen from then on."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from recommender.errors import InvalidInput
from recommender.rules.file import DEFAULT_RULES_FILE

PREFIX: Final = "SHELFWISE_"
ROOT: Final = Path(__file__).resolve().parent

_CURRENCY: Final = re.compile("[A-Z]{3}")
_DAYS: Final = re.compile("[1-9][0-9]{0,4}")


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
    log_level: str = "INFO"
    stage_secret: str = ""
    """Shared by gateway and stages where stages listen on a network; required there, for their wire is pickle."""
    time_zone: str = "UTC"
    """The shop's, by its IANA name (Europe/Berlin): where its days begin and end."""
    currency: str = "USD"
    """Of every price, by its ISO 4217 code."""
    personalization_default: str = "on"
    """``on`` or ``off``, for customers who have not decided: ``off`` is opt-in."""
    event_retention_days: str = ""
    """How long single events are kept; empty is for ever."""
    decision_retention_days: str = "14"

    @property
    def zone(self) -> ZoneInfo:
        """``time_zone`` as one."""
        return ZoneInfo(self.time_zone)

    @property
    def personal_by_default(self) -> bool:
        """``personalization_default`` as a flag."""
        return self.personalization_default == "on"

    @property
    def keep_events_days(self) -> int | None:
        """``event_retention_days`` as a number; None is for ever."""
        return int(self.event_retention_days) if self.event_retention_days else None

    @property
    def keep_decisions_days(self) -> int:
        """``decision_retention_days`` as a number."""
        return int(self.decision_retention_days)

    @property
    def home_folder(self) -> Path:
        """``home`` as a path; created when first asked for."""
        folder = Path(self.home).expanduser().resolve()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(PREFIX + "HOME", self.home, f"cannot be made: {error.strerror}") from error
        return folder

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
    known = {PREFIX + field.name.upper(): field.name for field in fields(Settings)}
    given = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    for name, value in given.items():
        if name not in known:
            raise InvalidInput(name, value, f"is not a setting; known: {', '.join(sorted(known))}")
    settings = Settings(**{known[name]: value for name, value in given.items()})
    _check(settings)
    return settings.resolved()


def _check(settings: Settings) -> None:
    """Raises InvalidInput for a value that could only fail later, where nobody looks at the settings any more."""
    try:
        ZoneInfo(settings.time_zone)
    except (KeyError, ValueError, OSError) as error:  # unknown, not a name at all, and the name of a folder
        raise InvalidInput(PREFIX + "TIME_ZONE", settings.time_zone, "is not an IANA time zone") from error
    if not _CURRENCY.fullmatch(settings.currency):
        raise InvalidInput(PREFIX + "CURRENCY", settings.currency, "is not an ISO 4217 code: three capital letters")
    if settings.personalization_default not in ("on", "off"):
        name = PREFIX + "PERSONALIZATION_DEFAULT"
        raise InvalidInput(name, settings.personalization_default, "must be on or off")
    _check_days("EVENT_RETENTION_DAYS", settings.event_retention_days or "1")
    _check_days("DECISION_RETENTION_DAYS", settings.decision_retention_days)


def _check_days(name: str, value: str) -> None:
    if not _DAYS.fullmatch(value):
        raise InvalidInput(PREFIX + name, value, "must be a whole number of days, from 1 to 99999")
