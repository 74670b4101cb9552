"""What requests and answers about customers look like. Unknown fields in a request are errors."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Id
from store.customers import SOURCE_LENGTH


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Identify(_Request):
    """Which visit was this customer's."""

    session_id: Id


class Identified(BaseModel):
    """``identified``: from now on the session is theirs. ``known``: it was before, and nothing changed."""

    status: str
    request_id: str


class Consent(_Request):
    """Whether answers may be personal, as the customer decided."""

    personalization: Annotated[
        Literal["on", "off", "unset"], Field(description="unset: they have not decided, and the shop's default counts")
    ]
    source: Annotated[
        str,
        Field(min_length=1, max_length=SOURCE_LENGTH, pattern=r"^[^\x00]+$", description="Where they decided so"),
    ]


class RecordedConsent(BaseModel):
    """The last decision, and what follows from it now."""

    personalization: str
    source: str | None
    recorded_at: datetime | None
    effective: Annotated[str, Field(description="on or off: the decision, or the shop's default where it is unset")]


class CustomerProfile(BaseModel):
    """What is stated, what was computed from events, and the consent."""

    user_id: str
    stated: dict[str, Any]
    computed: dict[str, Any]
    consent: RecordedConsent
    created_at: datetime
    updated_at: datetime
    request_id: str


class Export(BaseModel):
    """Everything that is kept of a customer, by table."""

    user_id: str
    exported_at: datetime
    data: dict[str, list[dict[str, Any]]]
    request_id: str


class ErasureCertificate(BaseModel):
    """What was removed, without saying of whom."""

    certificate_id: Annotated[str, Field(description="A salted hash; keep it to ask again which release is the first")]
    erased_at: datetime
    removed: Annotated[dict[str, int], Field(description="Rows by table, and lines of files of rejected rows")]
    first_release_without: Annotated[
        str | None, Field(description="The first release that learnt nothing of them; null until the next training")
    ]
    request_id: str


class Erasure(ErasureCertificate):
    """What an erasure just did."""

    file_rewritten: Annotated[
        bool, Field(description="SQLite: nothing is left in free pages. PostgreSQL: false; its next vacuum sees to it")
    ]
