"""The rules file: what it leaves out keeps its default, and every mistake is named with key and value."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import InvalidInput
from recommender.policy import ContextPolicy, Policy, RerankMode, WeightChoice, Weights
from recommender.rules import HARD_RULES
from recommender.rules.file import DEFAULT_RULES_FILE, Rules, read_rules
from recommender.types import Context, Source

Read = Callable[[str], Rules]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads rules from a text."""

    def from_text(text: str) -> Rules:
        path = tmp_path / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return read_rules(path)

    return from_text


def test_the_default_file_says_what_the_dataclasses_say() -> None:
    assert read_rules() == read_rules(DEFAULT_RULES_FILE)
    assert read_rules().policy == Policy()
    assert read_rules().hard == tuple(HARD_RULES.values())


def test_the_default_file_spells_out_every_context_and_source() -> None:
    text = yaml.safe_load(DEFAULT_RULES_FILE.read_text())
    assert set(text["contexts"]) == set(Context)
    assert set(text["candidates"]) == set(Source)


def test_an_empty_file_means_the_defaults(read: Read) -> None:
    assert read("") == read("# nothing here\n") == read_rules()


def test_every_setting_arrives(read: Read) -> None:
    rules = read(
        """
        hard: [in_stock]
        contexts:
          homepage: {weights: seed, max_per_category: 2}
          cart: {weights: {content: 0.25, co_purchase: 0.75}}
        candidates: {content: 80}
        rerank: {mode: "on", depth: 10}
        session: {weight: 0.25, hours: 3}
        new_arrivals: {boost: 0.5, days: 7}
        deadline_ms: 90
        """
    )
    policy = rules.policy
    assert rules.hard == (HARD_RULES["in_stock"],)
    assert policy.contexts[Context.HOMEPAGE] == ContextPolicy(weights=WeightChoice.SEED, max_per_category=2)
    assert policy.contexts[Context.CART] == ContextPolicy(weights=Weights(content=0.25, co_purchase=0.75))
    assert policy.contexts[Context.PRODUCT_PAGE] == Policy().contexts[Context.PRODUCT_PAGE]
    assert policy.candidates == {**Policy().candidates, Source.CONTENT: 80}
    assert (policy.rerank, policy.rerank_depth) == (RerankMode.ON, 10)
    assert (policy.session_weight, policy.session_hours) == (0.25, 3)
    assert (policy.new_arrival_boost, policy.new_arrival_days) == (0.5, 7)
    assert policy.deadline_seconds == pytest.approx(0.09)


@pytest.mark.parametrize("mode", ["auto", "on", "off"])
def test_the_modes_of_reranking_can_be_written_as_the_default_file_writes_them(read: Read, mode: str) -> None:
    assert read(f"rerank:\n  mode: {mode}\n").policy.rerank == RerankMode(mode)


def test_a_context_that_sets_only_its_cap_keeps_its_weights(read: Read) -> None:
    homepage = read("contexts: {homepage: {max_per_category: 5}}").policy.contexts[Context.HOMEPAGE]
    assert homepage == ContextPolicy(weights=WeightChoice.FITTED, max_per_category=5)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("colour: blue", "colour", "blue"),
        ("rerank: {deptj: 3}", "rerank.deptj", 3),
        ("contexts: {homepage: {weights: seed, cap: 3}}", "contexts.homepage.cap", 3),
        ("contexts: {frontpage: {weights: seed}}", "frontpage", "frontpage"),
        ("candidates: {contnt: 50}", "contnt", "contnt"),
        ("hard: [active, in_stok]", "hard", "in_stok"),
        ("hard: active", "hard", "active"),
        ("rerank: {mode: sometimes}", "rerank.mode", "sometimes"),
        ("rerank: {depth: 0}", "rerank.depth", 0),
        ("contexts: {homepage: {weights: seed, max_per_category: 0}}", "max_per_category", 0),
        ("candidates: {content: many}", "candidates.content", "many"),
        ("session: {hours: 0}", "session.hours", 0),
        ("new_arrivals: {boost: -1}", "new_arrivals.boost", -1),
        ("deadline_ms: 0", "deadline_ms", 0),
        ("deadline_ms: .inf", "deadline_ms", float("inf")),
    ],
)
def test_a_mistake_is_refused_with_its_key_and_value(read: Read, text: str, key: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    assert key in caught.value.field
    assert caught.value.value == value
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "key", "value"),
    [
        ("{content: -0.5}", "content", -0.5),
        ("{contnt: 0.5}", "contnt", 0.5),
        ("{repeat: much}", "repeat", "much"),
    ],
)
def test_a_mistake_in_weights_is_refused_with_the_key_and_value_inside(
    read: Read, weights: str, key: str, value: object
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(f"contexts: {{homepage: {{weights: {weights}}}}}")
    assert caught.value.field.endswith(key)
    assert caught.value.value == value


def test_a_negative_number_of_candidates_is_refused(read: Read) -> None:
    with pytest.raises(InvalidInput, match="-5"):
        read("candidates: {content: -5}")


@pytest.mark.parametrize(
    "text", ["hard: [active", "a: b: c", "\tx: 1", "? [1]\n: 2", "x: !!python/object:os.system {}"]
)
def test_what_is_not_yaml_is_refused_with_the_file(read: Read, text: str) -> None:
    with pytest.raises(InvalidInput, match=r"rules\.yaml.*not YAML"):
        read(text)


@pytest.mark.parametrize("text", ["[1, 2]", "just words", "false"])
def test_a_file_that_is_no_mapping_is_refused(read: Read, text: str) -> None:
    with pytest.raises(InvalidInput):
        read(text)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.yaml"):
        read_rules(tmp_path / "nowhere.yaml")


def test_a_file_in_another_encoding_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("hard: [active]  # für den Café-Laden".encode("latin-1"))
    with pytest.raises(InvalidInput, match=r"latin\.yaml"):
        read_rules(path)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
keys = st.sampled_from(
    ["hard", "contexts", "homepage", "cart", "weights", "content", "candidates", "rerank", "mode", "depth", "days", "x"]
)
trees = st.recursive(plain, lambda inner: st.dictionaries(keys, inner, max_size=3) | st.lists(inner, max_size=3))


@given(st.dictionaries(keys, trees, max_size=4))
def test_any_mapping_gives_rules_or_is_refused(tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "generated-rules.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    with contextlib.suppress(InvalidInput):
        assert isinstance(read_rules(path), Rules)
