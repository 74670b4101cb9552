"""Judges a registered release against another one: both recipes replayed on models fitted before the same cut."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from models.release import MANIFEST, Gate, HeldModel, read_manifest
from recommender.errors import InvalidInput
from recommender.history import DAY
from training.evaluate import compare
from training.fitting import Options, embed, reranker_for, train_reranker
from training.gate import log_gate, verdict
from training.home import at_home
from training.recipe import BLENDER, Recipe, Recipes, read_recipe
from training.registry.use import fetched, moment, ungated
from training.replay import PROTOCOL
from training.source import Report, Source, read_source
from training.tracking import Job, Tracking, download, registered_source, run_of
from training.tune import Materials

RECIPE_FILES: Final = (MANIFEST, BLENDER)


def judge_against(
    engine: Engine, tracking: Tracking, candidate_id: str, champion: Recipe, options: Options, report: Report
) -> Gate:
    """Replay both recipes on the candidate's test window, judge, and keep the verdict on the candidate's run.

    `InvalidInput` where the candidate is not registered or was never evaluated, and where a registered model of either
    may have seen the window.
    """
    tracking.open()
    candidate, cut = registered_recipe(candidate_id)
    source = read_source(engine, report)
    _check_cuts(candidate, champion, source, cut)
    options = replace(options, encoder=candidate.encoder, brought=fetched(candidate.models, options.workspace))
    vectors, _ = embed(source, options, report)
    arena = Materials(
        source.data, vectors, report, seed=options.seed, called=source.original, matrix=options.brought.matrix
    ).arena(cut)
    cross_encoder, products = None, None
    if champion.reranks or candidate.reranks:
        products, _ = train_reranker(source, options, cut - PROTOCOL.label_days * DAY, report)
        cross_encoder = reranker_for(arena, source, products, options)
    champion = at_home(champion, source, options, products, cut, report)
    recipes = Recipes(champion=champion, candidate=candidate)
    evaluation = compare(
        arena,
        recipes,
        cross_encoder=cross_encoder,
        progress=lambda done, total: report("comparing", done, total),
    )
    found = verdict(arena, evaluation, recipes, options.policy, cross_encoder)
    gate = Gate(against=champion.release_id, verdict=found)
    if (run_id := run_of(candidate_id)) is not None:
        log_gate(Job(run_id), candidate_id, gate)
    return gate


def registered_recipe(release_id: str) -> tuple[Recipe, float]:
    """A registered release's recipe and the moment before which it was fitted, epoch seconds."""
    _, source = registered_source(release_id)
    with tempfile.TemporaryDirectory() as scratch:
        for name in RECIPE_FILES:
            download(f"{source}/{name}", Path(scratch))
        cut = read_manifest(Path(scratch)).evaluated_cut
        recipe = read_recipe(Path(scratch))
    if cut is None:
        raise InvalidInput("release_id", release_id, "was not evaluated: too few purchases for a test window")
    return recipe, cut.timestamp()


def unfair(models: Sequence[HeldModel], champion: Recipe, source: Source, cut: float) -> str:
    """Why the window from ``cut`` on tells nothing of a recipe with these models beside the champion's; else empty."""
    reason = ungated([*models, *champion.models], moment(cut - source.shift))
    if not reason and champion.evaluated_cut is not None and champion.evaluated_cut > cut:
        fitted, asked = source.original(champion.evaluated_cut), source.original(cut)
        return f"{champion.release_id} was fitted on what came until {fitted}, after the test cut {asked}; train again"
    return reason


def _check_cuts(candidate: Recipe, champion: Recipe, source: Source, cut: float) -> None:
    """`InvalidInput` where either may have seen what the two would be compared on."""
    reason = unfair(candidate.models, champion, source, cut)
    if reason:
        force = f"`shelfwise promote {candidate.release_id} --force WHY` goes on without it"
        raise InvalidInput("against", champion.release_id, f"the gate gives no verdict: {reason} ({force})")
