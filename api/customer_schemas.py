"""What requests and answers about customers look like. Unknown fields in a request are errors."""

from pydantic import BaseModel, ConfigDict

from api.schemas import Id


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, json_schema_extra={})


class Identify(_Request):
    """Which visit was this customer's."""

    session_id: Id


class Identified(BaseModel):
    """``identified``: from now on the session is theirs. ``known``: it was before, and nothing changed."""

    status: str
    request_id: str
