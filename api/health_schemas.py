"""Health data as it is sent. It is stored encrypted, and what is wrong with it is never repeated to the caller."""

from typing import Annotated

from pydantic import BaseModel, Field

from api.profile_schemas import Part, Texts

Dioptres = Annotated[float, Field(strict=True, ge=-40, le=40, description="Dioptres")]
Millimetres = Annotated[float, Field(strict=True, gt=0, le=400, description="Millimetres")]


class Eye(Part):
    """One eye of a prescription."""

    sphere: Dioptres | None = None
    cylinder: Dioptres | None = None
    axis: Annotated[int | None, Field(strict=True, ge=0, le=180, description="Degrees")] = None
    addition: Dioptres | None = None


class Prescription(Part):
    """Of glasses."""

    right: Eye | None = None
    left: Eye | None = None
    pupillary_distance: Millimetres | None = None


class FaceMeasurements(Part):
    """What frames must fit."""

    face_width: Millimetres | None = None
    bridge_width: Millimetres | None = None
    temple_length: Millimetres | None = None
    pupillary_distance: Millimetres | None = None


class Health(Part):
    """All of it; sending it again replaces it, and an empty object removes it."""

    prescription: Prescription | None = None
    face_measurements: FaceMeasurements | None = None
    dietary_restrictions: Texts = Field(default_factory=list)
    allergens: Texts = Field(default_factory=list)


class HealthAnswer(BaseModel):
    """What is kept."""

    user_id: str
    health: Health
    request_id: str
