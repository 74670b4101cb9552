"""A shop whose right answers are obvious: six clusters of taste that never mix, and a few staples for everyone.

Imported by the real import, trained by the real training, promoted by the real promotion; once per test run.
Product ids start with their cluster (``coffee-03``), customer ids too (``coffee-customer-07``).
"""

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from sqlalchemy import Engine

from models.release import MANIFEST, Manifest, file_entries, read_manifest
from models.release_store import ReleaseStore
from recommender.policy import Policy
from runners.shelf import release_store
from settings import PREFIX, Settings
from store.catalog import Product
from store.deployments import record_deployment
from store.engine import migrate, open_engine, writing
from store.imports import import_file
from store.sync_status import ImportKind
from tests.shared import made_once

if TYPE_CHECKING:
    from training.fitting import Options
    from training.recipe import Recipe

# Eight kinds and five categories a cluster: 40 products, and 15 of them fit under a cap of 3 per category.
CLUSTERS: Final[dict[str, tuple[tuple[str, ...], dict[str, str]]]] = {
    "coffee": (
        ("Ethiopian", "Colombian", "Kenyan", "Brazilian", "Guatemalan", "Sumatran", "Decaf", "Arabica"),
        {
            "Coffee beans": "whole coffee beans",
            "Ground coffee": "ground filter coffee",
            "Coffee capsules": "espresso coffee capsules",
            "Instant coffee": "instant coffee",
            "Cold brew": "cold brew coffee",
        },
    ),
    "baby": (
        ("Newborn", "Infant", "Crawler", "Toddler", "Sensitive", "Organic cotton", "Overnight", "Travel"),
        {
            "Diapers": "baby diapers",
            "Baby wipes": "baby wipes",
            "Baby formula": "baby milk formula",
            "Baby bottles": "baby feeding bottle",
            "Baby clothing": "baby bodysuit",
        },
    ),
    "garden": (
        ("Tomato", "Rose", "Lawn", "Herb", "Orchard", "Vegetable", "Balcony", "Greenhouse"),
        {
            "Seeds": "garden seeds",
            "Fertiliser": "plant fertiliser",
            "Garden tools": "garden trowel",
            "Potting soil": "potting soil",
            "Watering": "garden watering can",
        },
    ),
    "wine": (
        ("Bordeaux", "Rioja", "Chianti", "Napa", "Mosel", "Barossa", "Douro", "Mendoza"),
        {
            "Red wine": "red wine",
            "White wine": "white wine",
            "Rosé": "rosé wine",
            "Sparkling wine": "sparkling wine",
            "Dessert wine": "dessert wine",
        },
    ),
    "pets": (
        ("Puppy", "Kitten", "Senior dog", "Indoor cat", "Grain-free", "Salmon", "Chicken", "Small breed"),
        {
            "Dry pet food": "dry pet food",
            "Wet pet food": "canned pet food",
            "Pet treats": "pet treats",
            "Pet toys": "pet chew toy",
            "Pet care": "pet shampoo",
        },
    ),
    "bakery": (
        ("Wholegrain", "Sourdough", "Rye", "Spelt", "Butter", "Walnut", "Sesame", "Poppy seed"),
        {
            "Bread flour": "baking flour",
            "Yeast": "baking yeast",
            "Baking tins": "bread baking tin",
            "Bread mixes": "bread baking mix",
            "Pastry": "pastry dough",
        },
    ),
}
STAPLES: Final = ("Whole milk", "Free-range eggs", "Bananas", "Table salt", "Kitchen paper", "Still mineral water")

CUSTOMERS_PER_CLUSTER: Final = 18
DAYS: Final = 120
DAY: Final = 86_400.0
FAVOURITES: Final = 10
STAPLE_SHARE: Final = 0.15


def cluster_of(product_id: str) -> str:
    """``coffee`` for ``coffee-03``."""
    return product_id.split("-")[0]


def planted_products() -> list[Product]:
    """The catalog: 6 × 40 products and the staples, of known prices, nobody's stock counted."""
    products = []
    for cluster, (kinds, categories) in CLUSTERS.items():
        pairs = [(kind, category) for category in categories for kind in kinds]
        for number, (kind, category) in enumerate(pairs):
            name, price = f"{kind} {categories[category]}", 3.0 + number / 4
            external_id = f"{cluster}-{number:02}"
            products.append(Product(external_id=external_id, name=name, category=category, price=price))
    staples = [
        Product(external_id=f"staple-{n}", name=name, category="Staples", price=1.5) for n, name in enumerate(STAPLES)
    ]
    return products + staples


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line of a basket."""

    user_id: str
    product_id: str
    at: float
    order_id: str


def planted_purchases(now: float, *, seed: int = 7) -> list[Purchase]:
    """About weekly, each customer buys three of ten favourites, two more of the same cluster, rarely a staple."""
    rng = np.random.default_rng(seed)
    lines: list[Purchase] = []
    for cluster in CLUSTERS:
        for number in range(CUSTOMERS_PER_CLUSTER):
            user_id = f"{cluster}-customer-{number:02}"
            favourites = rng.permutation(40)[:FAVOURITES]
            for day in np.arange(rng.uniform(0, 8), DAYS, 8.0):
                at = now - DAYS * DAY + (day + rng.uniform(0, 0.9)) * DAY
                if at < now - 60:
                    lines += _basket(user_id, cluster, favourites, round(at), rng)
    return sorted(lines, key=lambda line: line.at)


def _basket(
    user_id: str, cluster: str, favourites: np.ndarray, at: float, rng: np.random.Generator
) -> Iterator[Purchase]:
    numbers = [*rng.permutation(favourites)[:3], *rng.integers(40, size=2)]
    chosen = [f"{cluster}-{number:02}" for number in numbers]
    chosen += [f"staple-{rng.integers(len(STAPLES))}"] if rng.random() < STAPLE_SHARE else []
    for product_id in dict.fromkeys(chosen):
        yield Purchase(user_id, product_id, at, f"{user_id}-{int(at)}")


@dataclass(frozen=True, slots=True)
class Shop:
    """A folder with everything that Shelfwise keeps of one shop."""

    home: Path
    release: str = ""
    """The release promoted first."""
    database_url: str = ""
    """Where the store is, unless it is a file in ``home``."""

    @property
    def settings(self) -> Settings:
        """Every path below ``home``."""
        tracking = f"sqlite:///{self.home / 'mlflow.db'}"
        return Settings(home=str(self.home), database_url=self.database_url, mlflow_tracking_uri=tracking).resolved()

    def variables(self, **further: str) -> dict[str, str]:
        """Every SHELFWISE_ variable, pointing into the shop's folder unless ``further`` says otherwise."""
        settings = self.settings
        named = {
            "HOME": settings.home,
            "DATABASE_URL": settings.database_url,
            "RELEASES_URL": settings.releases_url,
            "MLFLOW_TRACKING_URI": settings.mlflow_tracking_uri,
            "RULES_FILE": settings.rules_file,
        }
        return {PREFIX + name: value for name, value in (named | further).items()}

    def open(self) -> Engine:
        """An engine on the shop's store; the caller disposes of it."""
        return open_engine(self.settings.database_url)

    def copy(self, home: Path) -> "Shop":
        """The same shop in a folder of its own, to change at will. Release files are hard links: replace, not edit."""
        home.mkdir(parents=True)
        for name in ("shelfwise.db", "mlflow.db"):
            shutil.copy(self.home / name, home / name)
        shutil.copytree(self.home / "releases", home / "releases", copy_function=os.link)
        return replace(self, home=home)

    def on(self, database_url: str, home: Path) -> "Shop":
        """The same shop over another, empty database, in a folder of its own."""
        moved = replace(self.copy(home), database_url=database_url)
        engine = moved.open()
        migrate(engine)
        _import(moved, engine)
        engine.dispose()
        moved.deploy(self.release)
        return moved

    def deploy(self, release_id: str) -> None:
        """What the last step of `shelfwise promote` does."""
        engine = self.open()
        with writing(engine) as connection:
            record_deployment(connection, release_id, action="promote", who="test", why="")
        engine.dispose()


def published_variant(shop: Shop, release_id: str, changed: dict[str, bytes]) -> Path:
    """Publish the shop's release again under another id with some files replaced, its manifest true to them."""
    store: ReleaseStore = release_store(shop.settings)
    folder = shop.home / "variants" / release_id
    shutil.copytree(store.fetch(shop.release), folder, copy_function=os.link)
    for name, content in changed.items():
        (folder / name).unlink()
        (folder / name).write_bytes(content)
    manifest = read_manifest(folder)
    renamed = manifest.model_copy(update={"release_id": release_id, "files": file_entries(folder, run_of={})})
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).write_text(renamed.model_dump_json())
    store.publish(folder)
    return store.fetch(release_id)


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which no SHELFWISE_ variable of the caller is left."""
    return {name: value for name, value in environment.items() if not name.startswith(PREFIX)}


def quick_options(shop: Shop, encoder: Path | None = None) -> "Options":
    """Training that takes half a minute; its workspace is below the shop's home.

    ``encoder`` is the exported text encoder, that of the shop's release where left out: exporting it again would take
    as long as all the rest.
    """
    from training.cross_encoder import Effort
    from training.fitting import Options

    class QuickOptions(Options):
        @property
        def effort(self) -> Effort:
            return Effort(customers=60, steps=5, batch=8)  # shows that it trains; what it learns is tested elsewhere

    options = QuickOptions(workspace=shop.home / "training", policy=Policy())
    lay_out_encoder(encoder or release_store(shop.settings).fetch(shop.release) / "embedding", options.workspace)
    return options


def lay_out_encoder(exported: Path, workspace: Path) -> None:
    """As if the default encoder had been exported in this workspace before."""
    folder = workspace / "encoders" / Settings().embedding_model.replace("/", "--")
    folder.mkdir(parents=True)
    for name in ("model.onnx", "tokenizer.json", "config.json"):
        os.link(exported / name, folder / name)


def train_quickly(
    shop: Shop, engine: Engine, *, encoder: Path | None = None, champion: "Recipe | None" = None
) -> Manifest:
    """The real training with `quick_options`; nothing but what it registers is left."""
    from training.tracking import Tracking
    from training.train import train

    tracking = Tracking(shop.settings.mlflow_tracking_uri, shop.home / "mlartifacts")
    options = quick_options(shop, encoder)
    manifest = train(engine, tracking, options, lambda step, done, total: None, champion)
    shutil.rmtree(options.workspace)  # 180 MB that the registered release holds too
    return manifest


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default text encoder, exported."""

    def export(folder: Path) -> None:
        from training.embedding import export_encoder
        from training.encoder_source import DEFAULT_ENCODER

        export_encoder(DEFAULT_ENCODER, folder)

    return made_once(tmp_path_factory, "encoder", export)


@pytest.fixture(scope="session")
def planted_shop(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Shop:
    """Imported, trained, promoted. Shared by the whole run: copy it before changing anything."""
    shop = Shop(made_once(tmp_path_factory, "planted-shop", lambda home: _plant(Shop(home), encoder_folder)))
    (release,) = release_store(shop.settings).ids()
    return replace(shop, release=release)


def _plant(shop: Shop, encoder: Path) -> None:
    from training.promote import promote
    from training.tracking import Tracking

    engine = shop.open()
    migrate(engine)
    _import(shop, engine)
    manifest = train_quickly(shop, engine, encoder=encoder)
    tracking = Tracking(shop.settings.mlflow_tracking_uri, shop.home / "mlartifacts")
    promote(engine, tracking, release_store(shop.settings), manifest.release_id, who="test", why="planted")
    engine.dispose()


def _import(shop: Shop, engine: Engine) -> None:
    now = time.time()
    files: list[tuple[ImportKind, Path]] = [("products", _write_products(shop.home)), *_write_events(shop.home, now)]
    for kind, path in files:
        report = import_file(
            engine, kind, path, now=now, rejects_dir=shop.home / "rejects", progress=lambda done, total: None
        )
        assert report.rows_written == report.rows_read > 0


def _write_products(folder: Path) -> Path:
    path = folder / "products.ndjson"
    rows = (
        {"product_id": one.external_id, "name": one.name, "category": one.category, "price": one.price}
        for one in planted_products()
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _write_events(folder: Path, now: float) -> Iterator[tuple[ImportKind, Path]]:
    """The older half as Parquet, the newer half as CSV."""
    import pandas as pd

    lines = planted_purchases(now)
    frame = pd.DataFrame(
        {
            "user_id": [line.user_id for line in lines],
            "product_id": [line.product_id for line in lines],
            "type": "PURCHASE",
            "occurred_at": pd.to_datetime([line.at for line in lines], unit="s", utc=True),
            "order_id": [line.order_id for line in lines],
        }
    )
    frame[: len(frame) // 2].to_parquet(folder / "older.parquet")
    frame[len(frame) // 2 :].to_csv(folder / "newer.csv", index=False)
    yield "events", folder / "older.parquet"
    yield "events", folder / "newer.csv"
