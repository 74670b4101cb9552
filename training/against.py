"""Judges a registered release against another one: both recipes replayed on models fitted before the same cut."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from models.release import MANIFEST, Gate, read_manifest
from recommender.errors import InvalidInput
from recommender.history import DAY
from training.evaluate import compare
from training.gate import log_gate, verdict
from training.recipe import BLENDER, Recipe, Recipes, read_recipe
from training.replay import PROTOCOL
from training.source import Report, read_source
from training.tracking import Job, Tracking, download, registered_source, run_of
from training.train import Options, embed, reranker_for, train_reranker
from training.tune import Materials

RECIPE_FILES: Final = (MANIFEST, BLENDER)


def judge_against(
    engine: Engine, tracking: Tracking, candidate_id: str, champion: Recipe, options: Options, report: Report
) -> Gate:
    """Replay both recipes on the candidate's test window, judge, and keep the verdict on the candidate's run.

    `InvalidInput` where the candidate is not registered or was never evaluated, and where the two read texts with
    different encoders, which one replay cannot compare.
    """
    tracking.open()
    candidate, cut = registered_recipe(candidate_id)
    check_encoders(champion, candidate.encoder)
    options = replace(options, encoder=candidate.encoder)
    source = read_source(engine, report)
    vectors, _ = embed(source, options, report)
    arena = Materials(source.data, vectors, report, seed=options.seed, called=source.original).arena(cut)
    recipes = Recipes(champion=champion, candidate=candidate)
    cross_encoder = None
    if recipes.rerank:
        states, _ = train_reranker(source, options, cut - PROTOCOL.label_days * DAY, report)
        cross_encoder = reranker_for(arena, source, states, options)
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


def check_encoders(champion: Recipe, encoder: str) -> None:
    """`InvalidInput` where the champion reads texts with another encoder."""
    if champion.encoder != encoder:
        reason = f"cannot be compared with {champion.release_id}, which reads texts with {champion.encoder}"
        raise InvalidInput("encoder", encoder, reason)
