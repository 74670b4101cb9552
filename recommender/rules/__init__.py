"""Hard rules: what may never be shown, compiled to one boolean mask over the catalog.

A rule is one file in this folder with a name, a mask and the value it saw; it becomes active by its line in the
rules file. The mask is applied before the top-k of every source and once more to the finished slate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import Catalog
from recommender.rules.active import Active
from recommender.rules.in_stock import InStock


class HardRule(Protocol):
    """A constraint that every shown product satisfies."""

    name: str

    def allows(self, catalog: Catalog) -> NDArray[np.bool_]:
        """True for each product that may be shown, (n,)."""

    def seen(self, catalog: Catalog, item: int) -> str:
        """The value that decided about this product, for people to read, e.g. ``stock=0``."""


HARD_RULES: Final[dict[str, HardRule]] = {rule.name: rule for rule in (Active(), InStock())}
"""Every hard rule a rules file can name."""

DELETED: Final = "deleted"
"""What a product that the shop deleted is refused by, whichever rules its file names."""


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """Hard rules over one state of the catalog."""

    catalog: Catalog
    rules: tuple[HardRule, ...]
    masks: tuple[NDArray[np.bool_], ...]
    """One mask per rule."""
    allowed: NDArray[np.bool_]
    """(n,) products that every rule allows and the shop has not deleted."""

    def violation(self, item: int) -> tuple[str, str] | None:
        """Name of the first rule that forbids this product and the value it saw; None where all allow it."""
        if self.catalog.deleted[item]:
            return DELETED, "the shop deleted this product"
        for rule, mask in zip(self.rules, self.masks, strict=True):
            if not mask[item]:
                return rule.name, rule.seen(self.catalog, item)
        return None


def compile_rules(rules: Sequence[HardRule], catalog: Catalog) -> CompiledRules:
    """Evaluate every rule on every product once."""
    masks = tuple(rule.allows(catalog) for rule in rules)
    allowed = np.logical_and.reduce([~catalog.deleted, *masks])
    return CompiledRules(catalog, tuple(rules), masks, allowed)
