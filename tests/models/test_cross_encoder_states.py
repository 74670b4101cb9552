"""Product states: ragged, quantised, and for some of the items only."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.cross_encoder import ProductStates, load_product_states, quantise

LENGTHS = (2, 1, 3)


@pytest.fixture(scope="module")
def hidden() -> list[np.ndarray]:
    """States of three texts of 2, 1 and 3 tokens."""
    rng = np.random.default_rng(5)
    return [rng.normal(size=(length, 4)).astype(np.float32) for length in LENGTHS]


@pytest.fixture(scope="module")
def states(hidden: list[np.ndarray]) -> ProductStates:
    """Five items: two share text 2, one has no states."""
    tokens, scale = quantise(np.concatenate(hidden))
    offset = np.concatenate([[0], np.cumsum(LENGTHS)])
    return ProductStates(tokens, scale, offset, np.array([2, 0, -1, 2, 1], dtype=np.int32))


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.just(6)), elements=st.floats(-50, 50, width=32)))
def test_quantising_errs_by_half_a_step_at_most(states: np.ndarray) -> None:
    tokens, scale = quantise(states)
    assert tokens.dtype == np.int8
    step = np.maximum(np.abs(states).max(axis=1, keepdims=True), 1e-9) / 127
    assert (np.abs(tokens * scale[:, None] - states) <= step * 0.5001).all()


def test_zeros_survive_quantising() -> None:
    tokens, scale = quantise(np.zeros((2, 3), dtype=np.float32))
    assert not tokens.any()
    assert np.isfinite(scale).all()


@pytest.mark.parametrize("items", [[1], [0, 1], [4, 3, 0, 1], [0, 0]])
def test_states_of_items_are_padded_to_the_longest_and_masked(
    states: ProductStates, hidden: list[np.ndarray], items: list[int]
) -> None:
    found, mask = states.of(np.array(items))
    texts = [int(states.row[item]) for item in items]
    assert found.shape == (len(items), max(LENGTHS[text] for text in texts), 4)
    assert mask.dtype == found.dtype == np.float32
    for place, text in enumerate(texts):
        assert mask[place].sum() == LENGTHS[text]
        np.testing.assert_allclose(found[place, : LENGTHS[text]], hidden[text], atol=0.05)


def test_items_without_states_and_items_newer_than_the_release_are_not_known(states: ProductStates) -> None:
    assert states.knows(np.array([0, 2, 4, 5, 99])).tolist() == [True, False, True, False, False]
    assert states.knows(np.array([], dtype=np.int64)).tolist() == []


def test_arranged_moves_the_items_and_not_the_texts(states: ProductStates) -> None:
    order = np.array([4, 2, 0, 1, 3])
    moved = states.arranged(order)
    for new, old in enumerate(order.tolist()):
        assert moved.knows(np.array([new])) == states.knows(np.array([old]))
        if moved.knows(np.array([new])).all():
            np.testing.assert_array_equal(moved.of(np.array([new]))[0], states.of(np.array([old]))[0])


def test_what_is_loaded_is_what_was_saved(states: ProductStates, tmp_path: Path) -> None:
    states.save(tmp_path)
    loaded = load_product_states(tmp_path)
    for name in ("tokens", "scale", "offset", "row"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(states, name))
        assert getattr(loaded, name).dtype == getattr(states, name).dtype


def test_a_shop_without_any_states_can_be_saved_and_loaded(tmp_path: Path) -> None:
    nothing = ProductStates(
        np.zeros((0, 1), np.int8), np.zeros(0, np.float32), np.zeros(1, np.int64), np.full(3, -1, np.int32)
    )
    nothing.save(tmp_path)
    assert load_product_states(tmp_path).knows(np.arange(3)).tolist() == [False] * 3
