"""Vectors of product texts: centred to unit length, and the same after a round trip."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.embedding import ItemVectors, centred, load_item_vectors

raw_vectors = arrays(np.float32, (5, 3), elements=st.integers(-40, 40).map(lambda eighths: eighths / 8))


@given(raw_vectors)
def test_centred_vectors_have_length_1_or_0(raw: np.ndarray) -> None:
    mean = raw.mean(axis=0)
    vectors = centred(raw, mean)
    lengths = np.linalg.norm(vectors, axis=1)
    at_mean = np.linalg.norm(raw - mean, axis=1) <= 1e-6
    np.testing.assert_allclose(lengths, np.where(at_mean, 0.0, 1.0), atol=1e-5)
    assert np.isfinite(vectors).all()


@given(raw_vectors)
def test_centring_one_text_equals_centring_all(raw: np.ndarray) -> None:
    mean = raw.mean(axis=0)
    alone = np.concatenate([centred(raw[[row]], mean) for row in range(len(raw))])
    np.testing.assert_array_equal(centred(raw, mean), alone)


def test_what_all_products_share_does_not_count_as_likeness() -> None:
    raw = np.array([[10, 1], [10, -1]], dtype=np.float32)  # a cosine of .98 before
    vectors = centred(raw, raw.mean(axis=0))
    assert float(vectors[0] @ vectors[1]) == -1.0


def test_what_is_loaded_is_what_was_saved(item_vectors: ItemVectors, tmp_path: Path) -> None:
    item_vectors.save(tmp_path)
    loaded = load_item_vectors(tmp_path)
    for name in ("vectors", "row", "mean"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(item_vectors, name))
        assert getattr(loaded, name).dtype == getattr(item_vectors, name).dtype
