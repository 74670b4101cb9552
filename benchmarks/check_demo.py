"""Asks a running server for real customers and products of its store, and checks every list as a shopper would.

Run after `make demo`:  make check-demo
"""

import json
import statistics
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import click
import numpy as np
from sqlalchemy import Engine

from settings import read_settings
from store.catalog import read_catalog, set_stock
from store.engine import open_engine, reading, writing
from store.purchases import Purchases, read_purchases

SAMPLED: Final = 200
LENGTHS: Final = {"homepage": 12, "product": 8, "cart": 8, "frequently-bought-together": 4}
MAX_PER_CATEGORY: Final = 3
VISIBLE_SECONDS: Final = 2.0


@dataclass
class Checks:
    """What held and what did not."""

    base: str
    failures: list[str] = field(default_factory=list)

    def get(self, path: str) -> dict[str, Any]:
        """A list from the server; anything but 200 raises."""
        with urllib.request.urlopen(f"{self.base}/api/v1/recommendations/{path}", timeout=10) as answer:
            return json.load(answer)  # type: ignore[no-any-return]

    def post(self, event: dict[str, Any]) -> None:
        """One event; anything but 2xx raises."""
        request = urllib.request.Request(
            f"{self.base}/api/v1/interactions", json.dumps(event).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=10).close()

    def expect(self, holds: bool, what: str) -> None:
        """Remember what does not hold."""
        if not holds:
            self.failures.append(what)


@click.command()
@click.option("--base", default="http://127.0.0.1:3000", show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(base: str, seed: int) -> None:
    """Check the running server at BASE against the store of the settings; exit status 1 if anything fails."""
    engine = open_engine(read_settings().database_url)
    with reading(engine) as connection:
        purchases = read_purchases(connection)
    rng, checks = np.random.default_rng(seed), Checks(base)
    customers = [purchases.user_ids[code] for code in rng.permutation(len(purchases.user_ids))[:SAMPLED]]
    products = _sold_products(purchases, rng)
    homepages = _check_lists(checks, customers, products)
    _check_taste(checks, homepages)
    _check_purchase_counts(checks, customers[0])
    _check_stock(checks, engine, customers, products, purchases)
    for failure in checks.failures[:20]:
        click.echo(f"FAILED  {failure}")
    click.echo(f"{len(checks.failures)} failures")
    sys.exit(1 if checks.failures else 0)


def _sold_products(purchases: Purchases, rng: np.random.Generator) -> list[str]:
    """Products drawn by how often they are bought, each once."""
    drawn = dict.fromkeys(purchases.item_ids[code] for code in rng.choice(purchases.item, 4 * SAMPLED))
    return list(drawn)[:SAMPLED]


def _check_lists(checks: Checks, customers: list[str], products: list[str]) -> list[set[str]]:
    """Full lists without duplicates, caps where they apply, and nothing that the page is about."""
    homepages = []
    carts = [*pairwise(products), (products[-1], products[0])]
    for customer, product, cart in zip(customers, products, carts, strict=True):
        answers = {
            "homepage": checks.get(f"homepage?user_id={customer}"),
            "product": checks.get(f"product/{product}?user_id={customer}"),
            "cart": checks.get(f"cart?product_ids={','.join(cart)}&user_id={customer}"),
            "frequently-bought-together": checks.get(f"frequently-bought-together/{product}"),
        }
        shown = {name: [p["external_product_id"] for p in a["recommendations"]] for name, a in answers.items()}
        for name, ids in shown.items():
            checks.expect(len(ids) == LENGTHS[name], f"{name} {customer} {product}: {len(ids)} products")
            checks.expect(len(set(ids)) == len(ids), f"{name} {customer} {product}: duplicates")
        for name in ("homepage", "cart"):
            categories = Counter(p["category"] for p in answers[name]["recommendations"])
            checks.expect(max(categories.values()) <= MAX_PER_CATEGORY, f"{name} {customer}: {categories}")
        checks.expect(product not in shown["product"], f"product {product} recommends itself")
        checks.expect(not set(cart) & set(shown["cart"]), f"cart {cart} recommends its own")
        homepages.append(set(shown["homepage"]))
    click.echo(f"{len(customers)} customers and products: lists of {list(LENGTHS.values())} checked")
    return homepages


def _check_taste(checks: Checks, homepages: list[set[str]]) -> None:
    shared = statistics.median(len(one & other) for one, other in pairwise(homepages))
    click.echo(f"two customers share {shared:.0f} of 12 products on the median")
    checks.expect(shared < 6, f"homepages share {shared} of 12 products")


def _check_purchase_counts(checks: Checks, customer: str) -> None:
    """A purchase of baby food changes the very next homepage."""
    path = f"homepage?user_id={customer}"
    before = [p["external_product_id"] for p in checks.get(path)["recommendations"]]
    baby_food = _product_of_category("baby food")
    checks.post({"user_id": customer, "product_id": baby_food, "interaction_type": "PURCHASE", "quantity": 1})
    after = [p["external_product_id"] for p in checks.get(path)["recommendations"]]
    click.echo(f"after a purchase of baby food, {len(set(after) - set(before))} of 12 products are others")
    checks.expect(before != after, f"customer {customer}: the homepage did not change after a purchase")


def _product_of_category(words: str) -> str:
    with reading(open_engine(read_settings().database_url)) as connection:
        catalog = read_catalog(connection)
    for row in range(len(catalog)):
        if words in catalog.category_name(row).lower() and catalog.active[row]:
            return str(catalog.external_id[row])
    raise click.ClickException(f"no product of a category like {words!r}")


def _check_stock(
    checks: Checks, engine: Engine, customers: list[str], products: list[str], purchases: Purchases
) -> None:
    """200 popular products sell out; none of them is shown anywhere; afterwards their stock is unknown again."""
    popular = np.argsort(-np.bincount(purchases.item, minlength=len(purchases.item_ids)))[:SAMPLED]
    sold_out = {purchases.item_ids[code] for code in popular}
    _set_stock(engine, dict.fromkeys(sold_out, 0))
    try:
        time.sleep(VISIBLE_SECONDS)
        paths = [f"homepage?user_id={customer}" for customer in customers] + ["homepage"]
        paths += [f"product/{one}" for one in products] + [f"frequently-bought-together/{one}" for one in products]
        paths += [f"cart?product_ids={one}" for one in products]
        shown = [p["external_product_id"] for path in paths for p in checks.get(path)["recommendations"]]
        click.echo(f"{SAMPLED} products at stock 0: {len(sold_out & set(shown))} of them in {len(shown):,} shown")
        checks.expect(not sold_out & set(shown), f"sold out and shown: {sorted(sold_out & set(shown))[:5]}")
    finally:
        _set_stock(engine, dict.fromkeys(sold_out, None))


def _set_stock(engine: Engine, stock: dict[str, int | None]) -> None:
    with writing(engine) as connection:
        set_stock(connection, stock)


if __name__ == "__main__":
    try:
        main()
    except urllib.error.URLError as error:
        sys.exit(f"the server does not answer: {error}; start it with `make serve`")
