"""A shop with two tastes that never mix, and the artifacts that take long to make, once per test session."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from models.embedding import EncoderConfig, ItemVectors
from recommender.catalog import ProductRow, build_catalog
from recommender.history import DAY
from tests.store.conftest import engine, migrated_file, sqlite_url, url  # noqa: F401 - fixtures
from training.dataset import Dataset, build_dataset

if TYPE_CHECKING:  # torch takes ten seconds to import: only the tests that need it wait for it
    from training.cross_encoder import TrainingReport
    from training.split_attention import SplitCrossEncoder

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")  # a busy neighbour must not fail a property

KINDS = ("Dark", "Light", "Mild", "Strong", "Organic", "Classic", "Premium", "Family", "Mini", "Royal", "Farm", "City")
CUSTOMERS, DAYS = 60, 100
START = 1_600_000_000.0
CUT = START + 86 * DAY
RARE, SWITCHED_OFF = 24, 25


@pytest.fixture(scope="session")
def cut() -> float:
    """Two weeks before the end of the planted shop's data."""
    return CUT


@pytest.fixture(scope="session")
def shop() -> Dataset:
    """Even customers buy coffee (even rows), odd ones dog food (odd rows), every five days for 100 days.

    Each customer has three favourites that are in most baskets. Row 24 is bought three times only; row 25 is bought
    often but switched off.
    """
    products = [
        ProductRow(external_id=f"{name.split()[1]}-{row:02}", name=name, category=name.split()[1])
        for row, name in enumerate(f"{kind} {goods}" for kind in KINDS for goods in ("coffee beans", "dog food"))
    ]
    products += [
        ProductRow(external_id="rare", name="Saffron threads", category="spice"),
        ProductRow(external_id="off", name="Old kettle", category="kitchen", active=False),
    ]
    rng = np.random.default_rng(11)
    lines: list[tuple[int, int, float]] = []
    for user in range(CUSTOMERS):
        cluster = np.arange(user % 2, 24, 2)
        favourites = rng.permutation(cluster)[:3]
        for day in range(int(rng.integers(0, 5)), DAYS, 5):
            at = START + day * DAY + int(rng.integers(0, 3600))
            basket = {*favourites[rng.random(3) < 0.7].tolist(), int(rng.choice(cluster)), SWITCHED_OFF}
            lines += [(user, item, at) for item in basket]
    lines += [(user, RARE, START + 10 * DAY) for user in (0, 1, 2)]
    user, item, at = (np.array(column) for column in zip(*rng.permutation(lines).tolist(), strict=True))
    return build_dataset(
        build_catalog(products), user.astype(np.int32), item.astype(np.int32), at, n_users=CUSTOMERS + 2
    )


@pytest.fixture(scope="session")
def vectors(shop: Dataset) -> ItemVectors:
    """Coffee and dog food point in two directions; all other products have none."""
    row = np.where(np.arange(len(shop.catalog)) < 24, np.arange(len(shop.catalog)) % 2, 2)
    return ItemVectors(np.array([[1, 0], [0, 1], [0, 0]], np.float32), row.astype(np.int32), np.zeros(2, np.float32))


@pytest.fixture(scope="session")
def shuffled() -> Callable[..., Dataset]:
    """``shuffled(data, chosen, seed=1)``: products and customers of the chosen purchases dealt out anew."""

    def deal(data: Dataset, chosen: np.ndarray, *, seed: int) -> Dataset:
        rng = np.random.default_rng(seed)
        order = np.flatnonzero(chosen)
        user, item = data.user.copy(), data.item.copy()
        user[order], item[order] = data.user[rng.permutation(order)], data.item[rng.permutation(order)]
        return build_dataset(data.catalog, user, item, data.at, n_users=data.n_users)

    return deal


@dataclass(frozen=True)
class TinyEncoder:
    """A random two-layer encoder of dimension 32: its source folder, its export, and what was said about it."""

    source: Path
    folder: Path
    config: EncoderConfig


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> TinyEncoder:
    import torch
    from transformers import BertConfig, BertModel

    from training.embedding import export_encoder
    from training.encoder_source import DEFAULT_ENCODER, open_sentence_encoder

    source, folder = (tmp_path_factory.mktemp(name) for name in ("tiny", "tiny-exported"))
    tokenizer = open_sentence_encoder(DEFAULT_ENCODER).tokenizer
    torch.manual_seed(0)
    shape = BertConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        vocab_size=len(tokenizer),
        max_position_embeddings=48,
    )
    BertModel(shape).save_pretrained(source)
    tokenizer.save_pretrained(source)
    return TinyEncoder(source, folder, export_encoder(str(source), folder))


@dataclass(frozen=True)
class Trained:
    """A cross-encoder after a few steps on the planted shop: its files, and the torch model they were made from."""

    folder: Path
    model: "SplitCrossEncoder"
    report: "TrainingReport"


@pytest.fixture(scope="session")
def trained(shop: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """``train_cross_encoder`` as it is; the exporter is only listened to, for it alone sees the torch model."""
    import training.cross_encoder as job
    from training.split_attention import SplitCrossEncoder

    folder = tmp_path_factory.mktemp("cross_encoder")
    seen: list[SplitCrossEncoder] = []
    exporter = job.export

    def listen(model: SplitCrossEncoder, target: Path) -> None:
        seen.append(model)
        exporter(model, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "export", listen)
        effort = job.Effort(customers=CUSTOMERS, steps=40, batch=8)
        report = job.train_cross_encoder(shop, folder, cut=CUT, effort=effort, seed=1)
    yield Trained(folder, seen[0], report)
    shutil.rmtree(folder)
