"""The gate, applied to recipes on the planted shop: who wins, what is a refresh, and what promotion does with it.

A whole training beside a champion is in tests/system/test_erasure.py.
"""

import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from sqlalchemy import Engine, delete

from cli.lineage import traced
from cli.retrain import WHO, retrain, settle
from models.blender import Blender
from models.embedding import ItemVectors
from models.release import MANIFEST, Gate, HeldModel, Stage, read_manifest
from models.release_store import ReleaseStore
from recommender.errors import InvalidInput
from recommender.metrics.gate import Verdict
from recommender.policy import Policy, Weights
from runners.shelf import release_store
from store.deployments import current_deployment
from store.engine import reading, writing
from store.tables import user_interactions
from tests.planted_shop import Shop, published_variant, quick_options
from training.against import judge_against, unfair
from training.continuity import find_gaps
from training.dataset import Dataset
from training.evaluate import CHAMPION, compare
from training.gate import gate_against, log_gate, verdict
from training.promote import promote, serving_release
from training.recipe import Recipe, Recipes, read_recipe, unreleased_recipe
from training.replay import Arena, build_arena
from training.report import verdict_markdown
from training.scores import Scores
from training.source import Source, baskets, read_source
from training.tracking import Tracking, job, register
from training.train import train

GOOD, POPULAR = (
    Blender(Weights(repeat=0.8, collaborative=0.2), 0.0),
    Blender(Weights(popularity=1.0), 0.0),
)


def recipe(blender: Blender, release_id: str = "r1") -> Recipe:
    return replace(unreleased_recipe(blender, reranks=False, encoder="e"), release_id=release_id)


@pytest.fixture(scope="module")
def arena(shop: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    return build_arena(shop, vectors, cut=cut)


def judged(arena: Arena, champion: Recipe, candidate: Recipe) -> Verdict:
    recipes = Recipes(champion=champion, candidate=candidate)
    return verdict(arena, compare(arena, recipes, cross_encoder=None), recipes, Policy(), None)


def another_kind(recipe: Recipe) -> Recipe:
    return replace(recipe, files=recipe.files | {"trees.onnx"})


def test_carts_are_counted_by_the_customers_behind_them(arena: Arena) -> None:
    recipes = Recipes(champion=recipe(GOOD), candidate=another_kind(recipe(POPULAR)))
    evaluation = compare(arena, recipes, cross_encoder=None)
    lists = evaluation.all_products  # as if three customers had had all these carts
    carts = Scores(lists.lists, lists.relevance, np.sort(np.arange(lists.customers) % 3))
    found = verdict(arena, replace(evaluation, carts=carts), recipes, Policy(), None)
    (check,) = [check for check in found.checks if check.name == "carts"]
    assert (check.customers, check.judged) == (3, False)
    assert check.champion == pytest.approx(carts.values("champion", 10).mean())


def test_what_was_fitted_on_the_window_is_not_judged_by_it(shop: Dataset, cut: float) -> None:
    source = Source(shop, data_hash="", shift=0.0, erasures_until=None)
    champion = replace(recipe(GOOD), evaluated_cut=cut)
    assert unfair((), champion, source, cut) == ""
    assert "was fitted on what came until" in unfair((), champion, source, cut - 1.0)


def test_taste_beats_popularity_and_not_the_other_way_round(arena: Arena) -> None:
    taste, popular = recipe(GOOD), another_kind(recipe(POPULAR))
    assert judged(arena, popular, taste).accepted
    refused = judged(arena, taste, popular)
    assert [check.name for check in refused.failed] == ["all customers", "coverage"]
    overall = refused.checks[0]
    assert overall.customers == 60
    assert overall.candidate < overall.champion


def test_the_same_recipe_is_a_refresh_and_another_kind_must_be_better(arena: Arena) -> None:
    assert judged(arena, recipe(GOOD), recipe(GOOD)).accepted
    same = judged(arena, recipe(GOOD), another_kind(recipe(GOOD)))
    assert not same.like_for_like
    assert [check.name for check in same.failed] == ["all customers"]


@pytest.mark.parametrize("change", [{"encoder": "other"}, {"reranks": True}, {"files": frozenset({"trees.onnx"})}])
def test_what_makes_a_recipe_another_one(change: dict[str, object]) -> None:
    assert recipe(GOOD).like(recipe(POPULAR))
    assert not replace(recipe(GOOD), **change).like(recipe(GOOD))  # type: ignore[arg-type]


def test_every_check_names_its_numbers(arena: Arena) -> None:
    said = judged(arena, recipe(POPULAR), recipe(GOOD))
    names = [check.name for check in said.checks]
    assert names[:3] == ["all customers", "cold products", "new customers"]
    assert names[-2:] == ["coverage", "latency"]
    latency = said.checks[-1]
    assert 0 < latency.champion < 60
    assert 0 < latency.candidate < 60
    text = verdict_markdown(said, "r2", "r1")
    assert text.startswith("## gate: r2 against r1\n\n**Accepted**")
    assert all(f"\n| {name} |" in text for name in names)


def test_the_champions_lists_are_those_of_its_own_weights(arena: Arena) -> None:
    both = compare(arena, Recipes(champion=recipe(POPULAR), candidate=recipe(POPULAR)), cross_encoder=None)
    lists = both.all_products.lists
    np.testing.assert_array_equal(lists[CHAMPION], lists[both.candidate])


@pytest.fixture
def promoted(planted_shop: Shop, tmp_path: Path) -> Shop:
    return planted_shop.copy(tmp_path / "shop")


@pytest.fixture
def engine(promoted: Shop) -> Iterator[Engine]:
    engine = promoted.open()
    yield engine
    engine.dispose()


@pytest.fixture
def tracking(promoted: Shop) -> Tracking:
    tracking = Tracking(promoted.settings.mlflow_tracking_uri, promoted.home / "mlartifacts")
    tracking.open()
    return tracking


def registered(shop: Shop, release_id: str, *gates: Gate) -> str:
    """A release with a run that holds these verdicts."""
    folder = published_variant(shop, release_id, {})
    with job("train", params={}, data_hash="d") as run:
        run.folder(folder, under="release")
        for gate in gates:
            log_gate(run, release_id, gate)
    register(release_id, run.run_id, artifact_path="release", description="")
    return release_id


def verdict_of(arena: Arena, *, accepted: bool) -> Verdict:
    taste, popular = another_kind(recipe(GOOD)), recipe(POPULAR)
    return judged(arena, *((popular, taste) if accepted else (taste, popular)))


def test_a_release_that_won_goes_live(promoted: Shop, engine: Engine, tracking: Tracking, arena: Arena) -> None:
    gate = Gate(against=promoted.release, verdict=verdict_of(arena, accepted=True))
    registered(promoted, "winner", gate)
    assert gate_against("winner", promoted.release) == gate
    promote(engine, tracking, release_store(promoted.settings), "winner", who="ann", why="better")
    with reading(engine) as connection:
        current = current_deployment(connection)
    assert current is not None
    assert (current.release_id, current.action, current.why) == ("winner", "promote", "better")


def test_a_release_that_lost_is_refused_with_the_numbers(
    promoted: Shop, engine: Engine, tracking: Tracking, arena: Arena
) -> None:
    registered(promoted, "loser", Gate(against=promoted.release, verdict=verdict_of(arena, accepted=False)))
    releases = release_store(promoted.settings)
    with pytest.raises(
        InvalidInput, match=r"refuses it against .*all customers: NDCG@10 0\.\d+ → 0\.\d+, -0\.\d+"
    ) as said:
        promote(engine, tracking, releases, "loser", who="ann", why="")
    assert "on 60 customers" in str(said.value)
    promote(engine, tracking, releases, "loser", who="ann", why="", force="the old one shows recalled goods")
    with reading(engine) as connection:
        current = current_deployment(connection)
    assert current is not None
    assert (current.release_id, current.action) == ("loser", "force")
    assert current.why == "the old one shows recalled goods"


def test_a_verdict_against_another_champion_does_not_count(
    promoted: Shop, engine: Engine, tracking: Tracking, arena: Arena
) -> None:
    registered(promoted, "stale", Gate(against="the-one-before", verdict=verdict_of(arena, accepted=True)))
    with pytest.raises(
        InvalidInput, match=r"never compared with the champion .*shelfwise evaluate stale --against champion"
    ):
        promote(engine, tracking, release_store(promoted.settings), "stale", who="ann", why="")


def test_against_a_champion_that_cannot_be_gated_every_message_names_the_way_on(
    promoted: Shop, engine: Engine, tracking: Tracking
) -> None:
    """It was forced: its encoder declares no training cut. A release with models of our own comes after it."""
    model = HeldModel(stage=Stage.EMBEDDING, name="mine", version=1, sha256="ab" * 32, trained_until=None, run_id="r")
    folder = published_variant(promoted, "forced", {})
    manifest = read_manifest(folder).model_copy(update={"models": (model,)})
    (folder / MANIFEST).write_text(manifest.model_dump_json())
    promoted.deploy("forced")
    registered(promoted, "plain")
    reason = r"the embedding model mine \(version 1\) declares no training cut"
    with pytest.raises(InvalidInput, match=rf"no verdict against the champion forced: {reason} \(--force WHY"):
        promote(engine, tracking, release_store(promoted.settings), "plain", who="ann", why="")
    champion, options = read_recipe(folder), quick_options(promoted)
    with pytest.raises(InvalidInput, match=rf"no verdict: {reason} \(`shelfwise promote plain --force WHY`"):
        judge_against(engine, tracking, "plain", champion, options, lambda step, done, total: None)
    assert ("gate", "not compared") in traced(read_manifest(promoted.home / "variants" / "plain"))


class Meanwhile(ReleaseStore):
    """Somebody else promotes another release while the files of this one are published."""

    promote_first: Callable[[], None]

    def ids(self) -> list[str]:
        self.promote_first()
        return super().ids()


def test_a_verdict_does_not_count_when_another_release_serves_by_the_end(
    promoted: Shop, engine: Engine, tracking: Tracking, arena: Arena
) -> None:
    registered(promoted, "winner", Gate(against=promoted.release, verdict=verdict_of(arena, accepted=True)))
    releases = Meanwhile(promoted.settings.releases_url, cache=promoted.home / "cache")
    releases.promote_first = lambda: promoted.deploy("by-somebody-else")
    with pytest.raises(InvalidInput, match=r"served when the gate was asked, and by-somebody-else does by now"):
        promote(engine, tracking, releases, "winner", who="ann", why="better")
    assert serving_release(engine) == "by-somebody-else"
    promote(engine, tracking, releases, "winner", who="ann", why="", force="whatever serves")
    assert serving_release(engine) == "winner"


def test_what_mlflow_fails_at_after_the_decision_is_told_and_undoes_nothing(
    promoted: Shop, engine: Engine, tracking: Tracking, arena: Arena
) -> None:
    registered(promoted, "winner", Gate(against=promoted.release, verdict=verdict_of(arena, accepted=True)))
    releases = Meanwhile(promoted.settings.releases_url, cache=promoted.home / "cache")
    releases.promote_first = lambda: lose_aliases(promoted)
    unmoved = promote(engine, tracking, releases, "winner", who="ann", why="better")
    assert "registered_model_aliases" in unmoved
    assert serving_release(engine) == "winner"


def lose_aliases(shop: Shop) -> None:
    with closing(sqlite3.connect(shop.home / "mlflow.db")) as connection:
        connection.execute("DROP TABLE registered_model_aliases")


@pytest.mark.parametrize("accepted", [True, False])
def test_the_job_promotes_what_the_gate_accepts_and_keeps_the_champion_otherwise(
    promoted: Shop, engine: Engine, tracking: Tracking, arena: Arena, accepted: bool
) -> None:
    registered(promoted, "retrained", Gate(against=promoted.release, verdict=verdict_of(arena, accepted=accepted)))
    manifest = read_manifest(promoted.home / "variants" / "retrained")
    summary = settle(engine, promoted.settings, manifest, promoted.release)
    assert (summary["release"], summary["outcome"]) == ("retrained", "promoted" if accepted else "kept")
    assert ("all customers: NDCG@10" in str(summary["why"])) is not accepted
    with reading(engine) as connection:
        current = current_deployment(connection)
    assert current is not None
    assert current.release_id == ("retrained" if accepted else promoted.release)
    assert (current.who == WHO) is accepted


def test_the_champion_may_be_promoted_again(promoted: Shop, engine: Engine, tracking: Tracking) -> None:
    promote(engine, tracking, release_store(promoted.settings), promoted.release, who="ann", why="again")


def test_retraining_judges_the_new_release_against_the_champion_and_promotes_it(
    promoted: Shop, engine: Engine, tracking: Tracking
) -> None:
    """The same data and the same code: a refresh that is not worse. Its verdict is in the manifest and lets it live."""
    options = quick_options(promoted)
    summary = retrain(engine, promoted.settings, options, lambda step, done, total: None, Console())
    assert (summary["outcome"], summary["before"]) == ("promoted", promoted.release)
    manifest = read_manifest(release_store(promoted.settings).fetch(str(summary["release"])))
    assert manifest.gate is not None
    assert manifest.gate.against == promoted.release
    assert manifest.gate.verdict.like_for_like
    assert manifest.gate.verdict.accepted
    assert manifest.gate == gate_against(manifest.release_id, promoted.release)
    assert "champion" in manifest.evaluation["groups"]["all"]
    with reading(engine) as connection:
        current = current_deployment(connection)
    assert current is not None
    assert (current.release_id, current.who) == (manifest.release_id, WHO)
    assert current.why == f"the gate accepts it against {promoted.release}"


def test_training_refuses_a_shop_that_lost_a_day(promoted: Shop, engine: Engine, tracking: Tracking) -> None:
    lost = time.time() - 30 * 86_400
    day = int(lost // 86_400 * 86_400_000)
    table = user_interactions.c
    with writing(engine) as connection:
        connection.execute(
            delete(user_interactions).where(table.occurred_at >= day, table.occurred_at < day + 86_400_000)
        )
    options = quick_options(promoted)
    with pytest.raises(InvalidInput, match=rf"{date.fromtimestamp(lost)}: 0 baskets, about 1\d expected"):
        train(engine, tracking, options, lambda step, done, total: None)
    with pytest.raises(InvalidInput, match="0 baskets"):
        retrain(engine, promoted.settings, options, lambda step, done, total: None, Console())
    source = read_source(engine, lambda step, done, total: None)
    (gap,) = find_gaps(baskets(source))
    champion = replace(recipe(GOOD), gaps=frozenset({(gap.first, gap.last)}))
    with pytest.raises(_Began):  # the champion was trained over it
        train(engine, tracking, options, _begun, champion)


class _Began(Exception):
    """Training went on to its first model."""


def _begun(step: str, done: int, total: int) -> None:
    if step != "reading the store":
        raise _Began


def test_a_recipe_is_read_from_its_release(promoted: Shop, tmp_path: Path) -> None:
    released = release_store(promoted.settings).fetch(promoted.release)
    known = shutil.copytree(released, tmp_path / "known", ignore=shutil.ignore_patterns("*.onnx", "*.npy"))
    manifest = json.loads((known / MANIFEST).read_text())
    (known / MANIFEST).write_text(json.dumps(manifest | {"evaluation": {"gaps": [[17_000, 17_001]]}}))
    assert read_recipe(known).gaps == {(17_000, 17_001)}
    found = read_recipe(released)
    assert found.gaps == frozenset()
    assert found.release_id == promoted.release
    assert found.encoder == promoted.settings.embedding_model
    assert found.files == {"weights.json"}
    assert found.like(replace(found, release_id="another", blender=POPULAR))
