"""Seed 003's customer profile, as it is sent and stored: camelCase, every field optional, unknown fields are errors.

Its dietary restrictions are health data and have an address of their own.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Texts = Annotated[list[Text], Field(max_length=100)]
Amount = Annotated[float, Field(strict=True, ge=0, le=1e9, description="In the shop's currency")]


class Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", allow_inf_nan=False, alias_generator=to_camel, serialize_by_alias=True, validate_by_name=False
    )


class Demographics(Part):
    """Who they are."""

    age: Annotated[int | None, Field(strict=True, ge=0, le=150, description="Years")] = None
    gender: Text | None = None
    location: Text | None = None
    family_size: Annotated[int | None, Field(strict=True, ge=1, le=100, description="People")] = None


class BudgetRange(Part):
    """What they mean to spend on a product; min is at most max."""

    min: Amount | None = None
    max: Amount | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is more than max")
        return self


class Preferences(Part):
    """What they like."""

    favorite_categories: Texts = []
    budget_range: BudgetRange | None = None
    brand_preferences: Texts = []


class ShoppingPatterns(Part):
    """How they say that they shop; what events say of it is computed, and kept apart."""

    preferred_shopping_times: Texts = []
    average_order_value: Amount | None = None
    shopping_frequency: Text | None = None
    seasonal_patterns: Annotated[dict[Text, Text], Field(max_length=100)] = {}


class Profile(Part):
    """All that is stated; sending it again replaces it."""

    demographics: Demographics | None = None
    preferences: Preferences | None = None
    shopping_patterns: ShoppingPatterns | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "demographics": {"age": 34, "familySize": 3},
                    "preferences": {"favoriteCategories": ["Coffee beans"], "budgetRange": {"min": 2, "max": 30}},
                }
            ]
        }
    )
