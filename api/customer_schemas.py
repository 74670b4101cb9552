"""What requests and answers about customers look like. Unknown fields in a request are errors."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Id


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Identify(_Request):
    """Which visit was this customer's."""

    session_id: Id


class Identified(BaseModel):
    """``identified``: from now on the session is theirs. ``known``: it was before, and nothing changed."""

    status: str
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
