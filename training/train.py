"""The whole training: from the store to a registered release. Reads from top to bottom."""

import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from models.blender import Blender
from models.collaborative import Collaborative
from models.embedding import ItemVectors
from models.release import Gate, Manifest
from models.reranker import Products, Reranker
from recommender.errors import InvalidInput
from store.engine import writing
from store.erasures import note_release
from store.instants import to_seconds
from training.against import unfair
from training.assemble import Parts, Provenance, assemble
from training.continuity import find_gaps, require_whole
from training.evaluate import Evaluation, evaluate
from training.fitting import (
    Options,
    cross_encoder_folder,
    embed,
    encoder_folder,
    fit_cut_of,
    fit_final,
    materials_of,
    reranker_for,
    test_cut_of,
    train_reranker,
)
from training.gate import log_gate, verdict
from training.home import at_home
from training.item_facts import item_facts
from training.kinds import text_kinds
from training.learned_blend import DEFAULT
from training.plots import plot, plot_slices
from training.recipe import GAPS, Recipe, Recipes, unreleased_recipe
from training.registry.use import moment, ungated
from training.replay import PROTOCOL, Arena
from training.report import flat_metrics, markdown, summary
from training.search import recorded
from training.source import Report, Source, baskets, read_source
from training.tracking import REPORT, Job, Tracking, job, register
from training.tune import fit_blender


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was decided on cuts before the test window, and how it did in it."""

    blender: Blender
    evaluation: Evaluation | None
    evaluated_cut: float | None
    gate: Gate | None
    """Against the champion of the moment; None where there is none, or nothing to compare on."""
    ungated: str = ""
    """Why the gate may not judge it; empty where it may."""

    @property
    def reranks(self) -> bool:
        """Whether the evaluation switched the cross-encoder on."""
        return self.evaluation is not None and self.evaluation.rerank_helps


def train(
    engine: Engine, tracking: Tracking, options: Options, report: Report, champion: Recipe | None = None
) -> Manifest:
    """Read, fit, evaluate, judge against the champion's recipe, refit on everything, register.

    Returns the registered release's manifest.
    """
    source = read_source(engine, report)
    if not options.accept_gaps:
        require_whole(baskets(source), accepted=frozenset() if champion is None else champion.gaps)
    tracking.open()
    with job("train", params=_params(options), data_hash=source.data_hash) as run:
        runs: dict[str, str] = {}
        vectors, runs["embedding"] = embed(source, options, report)
        evaluated, runs["cross_encoder"] = train_reranker(source, options, fit_cut_of(source, options), report)
        tuned, runs["blender"] = _tune(source, vectors, evaluated, champion, options, report)
        if tuned.reranks:  # what ships is refitted on everything; one that is switched off is not worth the minute
            evaluated, runs["cross_encoder"] = train_reranker(source, options, source.end, report)
        final, runs["collaborative"] = fit_final(source, options, report)
        manifest = _release(source, vectors, tuned, final, evaluated, options, run, runs, report)
    with writing(engine) as connection:
        note_release(connection, manifest.release_id, _erasures(source, options))
    return manifest


def run_alone(only: str, engine: Engine, tracking: Tracking, options: Options, report: Report) -> None:
    """One job on its own, recorded in MLflow; what it makes stays in the workspace and no release is assembled."""
    if options.search:
        raise InvalidInput("search", "--search", f"is not a part of --only {only}")
    source = read_source(engine, report)
    tracking.open()
    match only:
        case "embedding":
            embed(source, options, report)
        case "collaborative":
            fit_final(source, options, report)
        case "cross-encoder":
            train_reranker(source, options, source.end, report)
        case _:
            raise InvalidInput("only", only, "is not a job: embedding, collaborative or cross-encoder")


def _tune(
    source: Source,
    vectors: ItemVectors,
    products: Products,
    champion: Recipe | None,
    options: Options,
    report: Report,
) -> tuple[Tuned, str]:
    """Fit the weights before the test cut, score everything after it, and judge the result."""
    test_cut, fit_cut = test_cut_of(source, options), fit_cut_of(source, options)
    search = recorded(source.data_hash, report) if options.search else None
    materials = materials_of(source, vectors, products, options, report, search)
    params = {
        "fit_cut": source.original(fit_cut),
        "test_cut": source.original(test_cut),
        "label_days": PROTOCOL.label_days,
        "windows": options.past.windows,
        **({} if options.search else asdict(DEFAULT)),
    }
    with job("blender", params=params, data_hash=source.data_hash) as run:
        blender = fit_blender(materials, fit_cut)
        run.metrics({f"weight.{name}": value for name, value in asdict(blender.fitted).items()})
        testing = materials.arena(test_cut)
        unjudged = ungated(options.brought.models, moment(test_cut - source.shift))
        if not len(testing.customers()):
            return Tuned(blender, None, None, None, unjudged), run.run_id
        cross_encoder = reranker_for(testing, source, products, options)
        if champion is not None:
            champion = _opponent(champion, source, options, products, test_cut, report)
        evaluation = _evaluate(testing, blender, cross_encoder, champion, options, report)
        run.metrics(flat_metrics(evaluation))
        gate = _judge(testing, evaluation, blender, cross_encoder, champion, options, report)
    return Tuned(blender.only(evaluation.learned), evaluation, test_cut, gate, unjudged), run.run_id


def _opponent(
    champion: Recipe, source: Source, options: Options, products: Products, test_cut: float, report: Report
) -> Recipe | None:
    """The champion with the models that it is replayed on; None where either side may have seen the test window."""
    if reason := unfair(options.brought.models, champion, source, test_cut):
        report(f"no verdict of the gate: {reason}", 1, 1)
        return None
    return at_home(champion, source, options, products, test_cut, report)


def _evaluate(
    arena: Arena,
    blender: Blender,
    cross_encoder: Reranker,
    champion: Recipe | None,
    options: Options,
    report: Report,
) -> Evaluation:
    return evaluate(
        arena,
        blender=blender,
        policy=options.policy,
        cross_encoder=cross_encoder,
        champion=champion,
        progress=lambda done, total: report("evaluating", done, total),
    )


def _judge(
    arena: Arena,
    evaluation: Evaluation,
    blender: Blender,
    cross_encoder: Reranker,
    champion: Recipe | None,
    options: Options,
    report: Report,
) -> Gate | None:
    """The gate's verdict on the recipe that was just fitted; None where there is no champion."""
    if champion is None:
        return None
    report(f"gate: against {champion.release_id}", 0, 1)
    candidate = unreleased_recipe(
        blender.only(evaluation.learned),
        reranks=evaluation.rerank_helps,
        encoder=options.encoder,
        models=options.brought.models,
    )
    recipes = Recipes(champion=champion, candidate=candidate)
    found = verdict(arena, evaluation, recipes, options.policy, cross_encoder)
    report(f"gate: against {champion.release_id}", 1, 1)
    return Gate(against=champion.release_id, verdict=found)


def _release(
    source: Source,
    vectors: ItemVectors,
    tuned: Tuned,
    final: Collaborative,
    products: Products,
    options: Options,
    run: Job,
    runs: dict[str, str],
    report: Report,
) -> Manifest:
    """Assemble the folder, keep it in MLflow, and register it."""
    report("registering the release", 0, 1)
    order = source.today.order(source.end)
    parts = Parts(
        catalog=source.data.catalog.take(order),
        encoder_folder=encoder_folder(options),
        vectors=ItemVectors(vectors.vectors, vectors.row[order], vectors.mean),
        collaborative=final,
        cross_encoder_folder=cross_encoder_folder(options),
        products=products.arranged(order),
        blender=tuned.blender,
        facts=item_facts(
            source.today.arranged(source.end),
            vectors.row[order],
            text_kinds(vectors.vectors, seed=options.seed),
            cut=source.end,
        ),
    )
    provenance = Provenance(
        data_cut=source.end,
        evaluated_cut=tuned.evaluated_cut,
        data_hash=source.data_hash,
        encoder=options.encoder,
        rerank=tuned.reranks,
        evaluation=(summary(tuned.evaluation) if tuned.evaluation else {}) | _accepted(source, options),
        runs=runs,
        erasures_until=None if (until := _erasures(source, options)) is None else to_seconds(until),
        gate=tuned.gate,
        models=options.brought.models,
        ungated=tuned.ungated,
    )
    with tempfile.TemporaryDirectory(dir=options.workspace) as folder:
        manifest = assemble(parts, provenance, Path(folder), now=datetime.now(UTC))
        run.folder(Path(folder), under="release")
    _log_evaluation(source, tuned, run)
    if tuned.gate is not None:
        log_gate(run, manifest.release_id, tuned.gate)
    register(manifest.release_id, run.run_id, artifact_path="release", description=_description(tuned))
    report("registering the release", 1, 1)
    return manifest


def _erasures(source: Source, options: Options) -> int | None:
    """Up to when the release learnt of nobody who was erased: of a model that was brought, nobody can say that."""
    return None if options.brought.models else source.erasures_until


def _accepted(source: Source, options: Options) -> dict[str, Any]:
    """The gaps in the data, and why they were accepted, for the manifest."""
    found = {GAPS: [[gap.first, gap.last] for gap in gaps]} if (gaps := find_gaps(baskets(source))) else {}
    return found | ({"accepted_gaps": options.accept_gaps} if options.accept_gaps else {})


def _log_evaluation(source: Source, tuned: Tuned, run: Job) -> None:
    """Report, plot and numbers on the run that the release belongs to."""
    if tuned.evaluation is None or tuned.evaluated_cut is None:
        return
    run.metrics(flat_metrics(tuned.evaluation))
    run.text(markdown(tuned.evaluation, f"Evaluation from {source.original(tuned.evaluated_cut)}"), REPORT)
    with tempfile.TemporaryDirectory() as scratch:
        plot(tuned.evaluation, Path(scratch) / "evaluation.png")
        plot_slices(tuned.evaluation, Path(scratch) / "slices.png")
        run.folder(Path(scratch))


def _params(options: Options) -> dict[str, Any]:
    names = ("encoder", "thorough", "search", "seed", "accept_gaps")
    brought = {f"model_{one.stage}": one.label for one in options.brought.models}
    return {name: getattr(options, name) for name in names} | brought


def _description(tuned: Tuned) -> str:
    if tuned.evaluation is None:
        return "not evaluated: too few purchases for a test window"
    interval = tuned.evaluation.all_products.interval(tuned.evaluation.candidate, 20)
    return f"NDCG@20 {interval.mean:.4f} ({interval.low:.4f}, {interval.high:.4f}) in the test window"
