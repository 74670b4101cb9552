"""Package sizes as a shelf label writes them: ``6 PK/12 OZ`` is ``6 x 12 oz``, ``974246  PK`` is nothing."""

import re
from functools import cache
from math import gcd
from typing import Final, NamedTuple

LARGEST: Final = 9_999.0
"""A larger amount is an item code glued to the unit."""

LARGEST_PART: Final = {"oz": 24.0, "fl oz": 24.0, "L": 3.0, "ml": 1000.0}
"""The most of each unit that one part of a pack holds."""

UNITS: Final = {
    spelling: unit
    for unit, spellings in {
        "oz": ("OZ", "OZS", "Z"),
        "fl oz": ("FL OZ",),
        "lb": ("LB", "LBS"),
        "gal": ("GA", "GAL", "GALON"),
        "dozen": ("DZ", "DOZ"),
        "L": ("L", "LT", "LTR"),
        "g": ("G", "GM", "GS", "GR"),
        "pack": ("PK", "PKS", "PKGS", "P"),
        "loads": ("LD", "LDS", "LOAD", "LOADS"),
        "pieces": ("PC", "PCS"),
        "stems": ("STEM", "STEMS"),
        "rolls": ("ROLL", "ROLLS"),
        "doses": ("DOSE", "DOSES"),
        "uses": ("USE", "USES"),
        "bars": ("BAR", "BARS"),
        "cups": ("CUP", "CUPS"),
        "sheets": ("SHEET", "SHEETS"),
        "ft": ("FT", "FOOT"),
        "yd": ("YD", "YDS"),
        **{unit.lower(): (unit,) for unit in ("CT", "QT", "PT", "ML", "MM", "CM", "IN", "KIT", "PADS", "BAGS")},
        **{unit.lower(): (unit,) for unit in ("SQ FT", "CU FT", "CU IN")},
    }.items()
    for spelling in spellings
}
WORDS: Final = {
    "PT": "1 pt",
    "GAL": "1 gal",
    "HALF GAL": "1/2 gal",
    "QT": "1 qt",
    "DZ": "1 dozen",
    "LB": "1 lb",
    "SML": "small",
    "SMALL": "small",
    "MED": "medium",
    "MEDIUM": "medium",
    "SM/MED": "small to medium",
    "LRG": "large",
    "LARGE": "large",
    "XL": "extra large",
    "XLRG": "extra large",
    "X-LARGE": "extra large",
    "MINI": "mini",
    "KING": "king size",
    "QUEEN": "queen size",
    "CHILD": "child size",
    "INFANT": "infant size",
}
"""Sizes without a number."""

_NUMBER: Final = r"\d*\.?\d+\.?"
_UNIT: Final = "|".join(sorted((re.escape(spelling) for spelling in UNITS), key=len, reverse=True))
_MEASURE: Final = re.compile(
    rf"(?<![\d.])(?P<first>{_NUMBER})"
    rf"(?:(?P<joint>\s*[-/X]\s*|\s+)(?P<second>{_NUMBER}(?:/\d+)?))?"
    rf"(?:\s*X\s*(?P<third>{_NUMBER}))?"
    rf"[\s_-]*(?P<unit>{_UNIT})(?![A-Z])"
)
_DIAPER_SIZE: Final = re.compile(r"\b(?:SZ|SIZE)\s*(\d)")
_PARENTHESES: Final = re.compile(r"\([^)]*\)?")


class Measure(NamedTuple):
    """An amount as text, and its unit as a label writes it."""

    amount: str
    unit: str


@cache
def size_label(package_size: str) -> str:
    """The size in a shopper's words; empty where the source holds an item code or nothing measurable.

    >>> size_label("14.5 OZ"), size_label("1/2 GAL"), size_label("12 OZ/12 PK"), size_label("523290 CTN")
    ('14.5 oz', '1/2 gal', '12 x 12 oz', '')
    """
    text = " ".join(package_size.upper().split())
    if word := WORDS.get(text.strip(".")):
        return word
    text = _PARENTHESES.sub(" ", text)
    found = [measure for match in _MEASURE.finditer(text) if (measure := _measure(match))]
    return ", ".join([*_together(found), *(f"size {number}" for number in _DIAPER_SIZE.findall(text))])


def _measure(match: re.Match[str]) -> Measure | None:
    """The amount and unit of one match; none where the amount is an item code."""
    first, joint, second, third, spelling = match.group("first", "joint", "second", "third", "unit")
    if second and not joint.strip() and "/" not in second:  # two numbers side by side: an item code stands first
        first, second = second, None
    if not all(0 < float(number) <= LARGEST for number in re.findall(_NUMBER, f"{first} {second} {third}")):
        return None
    unit = UNITS[spelling]
    amount = _joined_amount(first, joint.strip(), second, third, unit) if second else _plain(first)
    return Measure(amount, unit.removesuffix("s") if amount == "1" else unit)


def _joined_amount(first: str, joint: str, second: str, third: str | None, unit: str) -> str:
    """``'8 1/2'``, ``'1/2'``, ``'48-54'`` or ``'6 x 12'``."""
    if "/" in second:
        return f"{first} {second}"
    if joint == "/" and _is_fraction(first, second):
        return f"{first}/{second}"
    if _is_range(float(first), joint, float(second), unit):
        return f"{_plain(first)}-{_plain(second)}"
    return " x ".join(_plain(number) for number in (first, second, third) if number)


def _is_fraction(first: str, second: str) -> bool:
    """Whether ``first/second`` is a part of one: ``3/4`` is, a pack ``2/7.5`` or ``6/8`` is not."""
    if not (first.isdigit() and second.isdigit()):
        return False
    return int(second) in (2, 3, 4, 8, 16) and int(first) < int(second) and gcd(int(first), int(second)) == 1


def _is_range(first: float, joint: str, second: float, unit: str) -> bool:
    """Whether the two numbers are the ends of a range: ``48-54 CT`` and ``56/64 CT`` are, ``6-12 OZ`` is a pack."""
    if joint == "-":
        return unit != "oz" and first < second
    return joint == "/" and unit == "ct" and first < second < 2 * first


def _plain(number: str) -> str:
    """``'7.10'`` as ``'7.1'``, ``'.5'`` as ``'0.5'``, ``'5.0'`` as ``'5'``."""
    return f"{float(number):g}"


def _together(measures: list[Measure]) -> list[str]:
    """A pack of drinks or small parts as ``'6 x 12 oz'``; other measures side by side.

    A large amount beside a pack is the weight of the whole pack: ``144 OZ/12 PK``.
    """
    packs = [measure for measure in measures if measure.unit == "pack"]
    others = list(dict.fromkeys(measure for measure in measures if measure.unit != "pack"))
    if packs and others and _is_part(others[0]):
        others[0] = Measure(f"{packs.pop().amount} x {others[0].amount}", others[0].unit)
    return [f"{amount} {unit}" for amount, unit in [*packs, *others]]


def _is_part(measure: Measure) -> bool:
    return measure.amount.replace(".", "").isdigit() and float(measure.amount) <= LARGEST_PART.get(measure.unit, 0)
