"""Texts of one meaning are one kind."""

import numpy as np

from training.kinds import TEXTS_PER_KIND, text_kinds


def directions(count: int, each: int) -> np.ndarray:
    """(count · each, 12) unit vectors around ``count`` well separated directions, one direction after the other."""
    rng = np.random.default_rng(0)
    vectors = np.eye(12)[np.repeat(np.arange(count), each)] + rng.normal(0, 0.02, (count * each, 12))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_no_direction_is_torn_where_there_is_one_kind_for_each() -> None:
    """Whatever the start, a kind holds whole directions or a part of one, never parts of several."""
    vectors, truth = directions(10, TEXTS_PER_KIND), np.repeat(np.arange(10), TEXTS_PER_KIND)
    for seed in range(5):
        kinds = text_kinds(vectors, seed=seed)
        for kind in set(kinds.tolist()):
            inside = set(truth[kinds == kind].tolist())
            assert len(inside) == 1 or all((kinds[truth == one] == kind).all() for one in inside)


def test_texts_that_are_equal_are_of_one_kind() -> None:
    vectors = np.repeat(directions(6, 5), 4, axis=0)
    kinds = text_kinds(vectors).reshape(-1, 4)
    assert (kinds == kinds[:, :1]).all()


def test_the_same_seed_gives_the_same_kinds_and_every_text_has_one() -> None:
    vectors = np.random.default_rng(1).normal(size=(100, 4)).astype(np.float32)
    kinds = text_kinds(vectors, seed=3)
    np.testing.assert_array_equal(kinds, text_kinds(vectors, seed=3))
    assert kinds.shape == (100,)
    assert 0 <= kinds.min() <= kinds.max() < 100 // TEXTS_PER_KIND


def test_a_shop_of_one_text_or_none_has_one_kind_or_none() -> None:
    assert text_kinds(np.array([[1, 0]], np.float32)).tolist() == [0]
    assert text_kinds(np.zeros((0, 2), np.float32)).tolist() == []
