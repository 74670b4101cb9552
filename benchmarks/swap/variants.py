"""Releases that are clearly not the champion, without training one: its files, some of them turned round."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.blender import load_blender
from models.release import MANIFEST, file_entries, read_manifest
from models.release_store import ReleaseStore
from recommender.policy import Weights


def publish_variants(published: ReleaseStore, champion: str, count: int) -> list[str]:
    """Make ``count`` releases beside the champion, in a release store that is a folder, and return their ids.

    Each blends otherwise than the champion, and each would give nonsense if a stage answered for another one: its
    item factors are rotated at random, and its cross-encoder reads other products' texts.
    """
    return [_publish(published.fetch(champion), number) for number in range(1, count + 1)]


def _publish(champion: Path, number: int) -> str:
    """What stays the same is a hard link: copying 50 releases takes longer than swapping them."""
    release_id = f"swap-{number:02}"
    folder = champion.with_name(release_id)
    shutil.copytree(champion, folder, copy_function=os.link)
    _turn(folder / "collaborative" / "factors.npy", folder / "cross_encoder" / "state_row.npy", number)
    _weigh(folder / "blender")
    renamed = {"release_id": release_id, "files": file_entries(folder, run_of={})}
    manifest = read_manifest(folder).model_copy(update=renamed)
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).write_text(manifest.model_dump_json())
    return release_id


def _turn(factors: Path, texts: Path, number: int) -> None:
    loaded, rows = np.load(factors), np.load(texts)
    rotation, _ = np.linalg.qr(np.random.default_rng(number).normal(size=(loaded.shape[1], loaded.shape[1])))
    for file, content in ((factors, (loaded @ rotation).astype(np.float32)), (texts, np.roll(rows, number))):
        file.unlink()  # it is a hard link
        np.save(file, content)


def _weigh(folder: Path) -> None:
    blender = load_blender(folder)
    (folder / "weights.json").unlink()
    replace(blender, fitted=Weights(collaborative=0.7, popularity=0.3), rerank_weight=0.5).save(folder)
