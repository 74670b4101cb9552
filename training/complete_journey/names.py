"""Shop names from a retailer's catalogue keys: ``FRZN PIE SHELLS PASTRY SHELL`` is not a thing a shopper reads.

The keys are upper case, abbreviated, cut at 30 characters, and were stripped of commas and apostrophes. Everything
here is a pure function of its arguments. A key is looked up among the phrases written by hand, else read word by word
with the tables of ``words``.
"""

import re
from functools import cache
from typing import Final

from training.complete_journey.categories import CATEGORY_NOUNS, CATEGORY_PHRASES, CATEGORY_PREFIXES
from training.complete_journey.deli import DELI_PHRASES
from training.complete_journey.drinks import DRINKS_PHRASES
from training.complete_journey.fresh import FRESH_PHRASES
from training.complete_journey.household import HOUSEHOLD_PHRASES
from training.complete_journey.pantry import PANTRY_PHRASES
from training.complete_journey.personal import PERSONAL_PHRASES
from training.complete_journey.words import (
    ABBREVIATIONS,
    CASED_WORDS,
    FRONT_WORDS,
    FULL_WORDS,
    HEAD_TEMPLATES,
    LEADING_NOUNS,
    MASS_PLURALS,
    NOISE,
    QUALIFIERS,
    REWRITES,
    SELF_EVIDENT,
    TRAILING_SCRAPS,
)

TYPE_PHRASES: Final = {
    **DRINKS_PHRASES,
    **PANTRY_PHRASES,
    **FRESH_PHRASES,
    **DELI_PHRASES,
    **HOUSEHOLD_PHRASES,
    **PERSONAL_PHRASES,
}

CUT_LENGTH: Final = 28
"""Keys this long may have lost their end: the source keeps 30 characters and took out punctuation afterwards."""

_PATTERNS: Final = tuple((re.compile(pattern), replacement) for pattern, replacement in REWRITES)
_PARENTHESES: Final = re.compile(r"\(([^()]*)(?:\)|$)")
_HEAD_MARK: Final = re.compile(r"\s*:\s*|\s+-\s*|\s*-\s+")


def sentence_case(phrase: str) -> str:
    """First letter upper case, the rest untouched.

    >>> sentence_case("white milk"), sentence_case("")
    ('White milk', '')
    """
    return phrase[:1].upper() + phrase[1:]


def product_name(*, brand: str, phrase: str, size: str) -> str:
    """``'Brand 317 white milk, 1/2 gal'``; brand and size may be empty.

    >>> product_name(brand="Brand 317", phrase="white milk", size="1/2 gal")
    'Brand 317 white milk, 1/2 gal'
    """
    name = sentence_case(f"{brand} {phrase}".strip())
    return f"{name}, {size}" if size else name


@cache
def category_phrase(category: str) -> str:
    """A category key as a shopper reads it, first letter upper case; different for every known key.

    >>> category_phrase("FLUID MILK PRODUCTS"), category_phrase("ICE CREAM/MILK/SHERBTS")
    ('Fluid milk products', 'Ice cream, milk & sherbets')
    """
    key = " ".join(category.split())
    return sentence_case(CATEGORY_PHRASES.get(key) or _category_in_words(key))


@cache
def type_phrase(product_type: str, category: str = "") -> str:
    """A type key as a phrase in lower case, proper names aside; the category says what a bare adjective describes.

    Empty where neither says anything.

    >>> type_phrase("FLUID MILK WHITE ONLY"), type_phrase("PREMIUM", "ICE CREAM/MILK/SHERBTS")
    ('white milk', 'premium ice cream')
    """
    key = " ".join(product_type.split())
    return _with_category(TYPE_PHRASES.get(key) or _in_words(key), " ".join(category.split()))


def _with_category(phrase: str, category: str) -> str:
    """``'lean'`` in BEEF becomes ``'lean beef'``, ``'patties'`` becomes ``'beef patties'``."""
    prefix = CATEGORY_PREFIXES.get(category, "")
    noun = CATEGORY_NOUNS.get(category) or prefix or _lower_first(category_phrase(category))
    words = set(re.findall(r"[a-z']+", phrase.lower()))
    if "{}" in phrase:
        return phrase.format(noun)
    if words <= QUALIFIERS:
        return " ".join([phrase, noun] if noun.lower() not in words else [phrase]).strip()
    said = words & (SELF_EVIDENT | set(prefix.lower().split()))
    return phrase if said else f"{prefix} {phrase}".strip()


def _lower_first(phrase: str) -> str:
    word = phrase.split(" ", 1)[0].lower()
    return phrase if word in CASED_WORDS else phrase[:1].lower() + phrase[1:]


def _category_in_words(key: str) -> str:
    options = [_spelled_out(part, cut=False) for part in re.split(r"[/&]| and ", key.lower())]
    return _listed([option for option in options if option], "&")


def _in_words(key: str) -> str:
    text, asides = _without_asides(key.lower())
    cut = len(key) >= CUT_LENGTH and "(" not in key
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    parts = [_spelled_out(part, cut=cut) for part in _HEAD_MARK.split(text)]
    options = (" ".join(option.split()) for option in _joined([part for part in parts if part]).split("/"))
    return " ".join([*asides, _listed([option for option in options if option], "or")]).strip()


def _without_asides(text: str) -> tuple[str, list[str]]:
    """The text without its parentheses, closed or cut, and the words in them that belong in front."""
    asides = [word for aside in _PARENTHESES.findall(text) for word in aside.split() if word in FRONT_WORDS]
    return _PARENTHESES.sub(" ", text), asides


def _spelled_out(text: str, *, cut: bool) -> str:
    words = re.findall(r"[^\s/]+|/", text)
    if cut and words:
        words[-1:] = _repaired(words[-1])
    spelled = [ABBREVIATIONS.get(word, word) for word in words if word not in NOISE]
    while spelled and spelled[-1] in TRAILING_SCRAPS:
        spelled.pop()
    return " ".join(CASED_WORDS.get(word, word) for word in " ".join(spelled).split())


def _repaired(word: str) -> list[str]:
    """The word itself, or the known word it is the beginning of; none where it may be several.

    A wrong word is worse than a lost one.

    >>> _repaired("supplemen"), _repaired("bre"), _repaired("creamers")
    (['supplement'], [], ['creamers'])
    """
    if word in FULL_WORDS or word in ABBREVIATIONS:
        return [word]
    candidates = sorted(full for full in FULL_WORDS if full.startswith(word))
    if not candidates:
        return [word] if len(word) > 2 else []
    shortest = candidates[0]
    return [shortest] if all(full.startswith(shortest) for full in candidates) else []


def _joined(parts: list[str]) -> str:
    if len(parts) < 2:
        return _noun_last(parts[0]) if parts else ""
    head, detail = parts[0], " ".join(parts[1:])
    said = detail.removesuffix("s").endswith(head.removesuffix("s"))
    return detail if said else _singular(HEAD_TEMPLATES.get(head, "{} " + head).format(detail))


def _noun_last(phrase: str) -> str:
    """``'peppers green bell'`` becomes ``'green bell peppers'``."""
    noun, _, rest = phrase.partition(" ")
    return _singular(f"{rest} {noun}" if rest and noun in LEADING_NOUNS else phrase)


def _singular(phrase: str) -> str:
    start, _, last = phrase.rpartition(" ")
    return f"{start} {MASS_PLURALS.get(last, last)}".strip()


def _listed(options: list[str], joiner: str) -> str:
    """``'a, b or c'``."""
    return f" {joiner} ".join([", ".join(options[:-1]), options[-1]] if len(options) > 1 else options)
