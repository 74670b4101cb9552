"""The text that the encoder reads tells a product apart, says nothing twice and is one line of lower case."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import product_text as module
from recommender.product_text import PRICE_BANDS, price_band, product_text

words = st.text(st.characters(categories=["L", "N", "P", "Z"]), max_size=20)


def bare(text: str) -> set[str]:
    return {word.strip(".,;:&") for word in text.lower().split()} - {""}


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted >= 2
    assert outcome.failed == 0


def test_name_category_brand_description_attributes_and_price_follow_in_that_order() -> None:
    text = product_text(
        name="Aviator",
        category="Sunglasses",
        brand="Acme",
        description="Light frame",
        attributes={"colour": "Gold", "size": "Small"},
        price=120.0,
    )
    assert text == "aviator. sunglasses. acme. light frame. gold. small. price 100 to 200"


def test_a_part_that_says_nothing_new_is_left_out() -> None:
    assert product_text(name="Whole milk", category="Milk", brand="whole", description="Milk, whole!") == (
        "whole milk. milk, whole!"
    )
    assert product_text(name="Whole milk", category="Milk", brand="Whole, milk:") == "whole milk"


@pytest.mark.parametrize(
    ("price", "band"),
    [
        (0.0, "under 2"),
        (1.99, "under 2"),
        (2.0, "2 to 5"),
        (5.0, "5 to 10"),
        (999.0, "500 to 1000"),
        (1e9, "over 1000"),
    ],
)
def test_a_price_falls_into_the_band_whose_lower_border_it_reaches(price: float, band: str) -> None:
    assert price_band(price) == band


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_an_unknown_price_is_not_mentioned(unknown: float | None) -> None:
    assert price_band(unknown) == ""
    assert product_text(name="Milk", price=unknown) == "milk"


@given(st.floats(0, 5000))
def test_every_known_price_lies_within_its_band(price: float) -> None:
    below = [border for border in PRICE_BANDS if border <= price]
    above = [border for border in PRICE_BANDS if border > price]
    band = price_band(price)
    assert (str(below[-1]) in band.split()) if below else band.startswith("under")
    assert (str(above[0]) in band.split()) if above else band.startswith("over")


@given(name=words, category=words, brand=words, description=words, price=st.none() | st.floats(0, 2000))
def test_one_line_in_lower_case_that_holds_every_word(
    name: str, category: str, brand: str, description: str, price: float | None
) -> None:
    text = product_text(name=name, category=category, brand=brand, description=description, price=price)
    assert bare(text) >= bare(f"{name} {category} {brand} {description}")
    assert text == text.lower()
    assert "\n" not in text
    assert text == text.strip()


@given(name=words, brand=words, category=words)
def test_saying_a_part_again_changes_nothing(name: str, brand: str, category: str) -> None:
    once = product_text(name=name, brand=brand, category=category)
    assert product_text(name=name, brand=brand, category=category, description=f"{brand} {name}") == once
