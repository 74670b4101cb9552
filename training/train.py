"""The whole training: from the store to a registered release. Reads from top to bottom."""

import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from models.blender import Blender
from models.collaborative import Collaborative
from models.cross_encoder import CrossEncoder, ProductStates, load_product_states
from models.embedding import ItemVectors
from models.release import Gate, Manifest
from recommender.errors import InvalidInput
from recommender.history import DAY
from recommender.policy import Policy
from store.engine import writing
from store.erasures import note_release
from store.instants import to_seconds
from training import collaborative as collaborative_job
from training.assemble import Parts, Provenance, assemble
from training.continuity import require_whole
from training.cross_encoder import QUICK, THOROUGH, Effort, train_cross_encoder
from training.embedding import embed_catalog, export_encoder
from training.encoder_source import DEFAULT_ENCODER
from training.evaluate import Evaluation, evaluate
from training.gate import log_gate, verdict
from training.item_facts import item_facts
from training.kinds import text_kinds
from training.learned_blend import TREE_COUNT
from training.plots import plot, plot_slices
from training.recipe import Recipe, Recipes, unreleased_recipe
from training.replay import PROTOCOL, Arena
from training.report import flat_metrics, markdown, summary
from training.source import Report, Source, baskets, read_source
from training.tracking import REPORT, Job, Tracking, job, register
from training.tune import QUICK_WINDOWS, THOROUGH_WINDOWS, Materials, fit_blender

THREADS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `shelfwise train` was asked for."""

    workspace: Path
    """Artifacts that do not change between runs on the same texts (the encoder, the vectors) are kept here."""
    policy: Policy
    encoder: str = DEFAULT_ENCODER
    evaluate_from: datetime | None = None
    """First moment of the test window, in the data's original time; two weeks before its end where left out."""
    thorough: bool = False
    seed: int = 0
    accept_gaps: str = ""
    """Why to train on data with missing days; empty refuses it. Recorded."""

    @property
    def effort(self) -> Effort:
        """How long the cross-encoder learns."""
        return THOROUGH if self.thorough else QUICK

    @property
    def windows(self) -> int:
        """How many windows of the past the learned blender learns from."""
        return THOROUGH_WINDOWS if self.thorough else QUICK_WINDOWS


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was decided on cuts before the test window, and how it did in it."""

    blender: Blender
    evaluation: Evaluation | None
    evaluated_cut: float | None
    gate: Gate | None
    """Against the champion of the moment; None where there is none, or nothing to compare on."""

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
        require_whole(baskets(source))
    tracking.open()
    with job("train", params=_params(options), data_hash=source.data_hash) as run:
        runs: dict[str, str] = {}
        vectors, runs["embedding"] = embed(source, options, report)
        evaluated, runs["cross_encoder"] = train_reranker(source, options, _fit_cut(source, options), report)
        tuned, runs["blender"] = _tune(source, vectors, evaluated, champion, options, report)
        if tuned.reranks:  # what ships is refitted on everything; one that is switched off is not worth the minute
            evaluated, runs["cross_encoder"] = train_reranker(source, options, source.end, report)
        final, runs["collaborative"] = _collaborative(source, options, report)
        manifest = _release(source, vectors, tuned, final, evaluated, options, run, runs, report)
    with writing(engine) as connection:
        note_release(connection, manifest.release_id, source.erasures_until)
    return manifest


def run_alone(only: str, engine: Engine, tracking: Tracking, options: Options, report: Report) -> None:
    """One job on its own, recorded in MLflow; what it makes stays in the workspace and no release is assembled."""
    source = read_source(engine, report)
    tracking.open()
    match only:
        case "embedding":
            embed(source, options, report)
        case "collaborative":
            _collaborative(source, options, report)
        case "cross-encoder":
            train_reranker(source, options, source.end, report)
        case _:
            raise InvalidInput("only", only, "is not a job: embedding, collaborative or cross-encoder")


def embed(source: Source, options: Options, report: Report) -> tuple[ItemVectors, str]:
    folder = _encoder_folder(options)
    with job("embedding", params={"encoder": options.encoder}, data_hash=source.data_hash) as run:
        if not (folder / "config.json").is_file():
            report("exporting the text encoder", 0, 1)
            export_encoder(options.encoder, folder)
            report("exporting the text encoder", 1, 1)
        vectors = embed_catalog(
            source.data.catalog,
            folder,
            threads=THREADS,
            progress=lambda done, total: report("embedding product texts", done, total),
        )
        run.metrics({"distinct_texts": len(vectors.vectors), "dimension": vectors.vectors.shape[1]})
        return vectors, run.run_id


def _collaborative(source: Source, options: Options, report: Report) -> tuple[Collaborative, str]:
    """The model that ships: fitted on everything."""
    params = {
        "factors": collaborative_job.FACTORS,
        "regularization": collaborative_job.REGULARIZATION,
        "iterations": collaborative_job.ITERATIONS,
        "min_baskets": collaborative_job.MIN_BASKETS,
        "seed": options.seed,
    }
    report("collaborative model on all data", 0, 1)
    with job("collaborative", params=params, data_hash=source.data_hash) as run:
        arranged = source.data.arranged(source.end)
        fitted = collaborative_job.fit_collaborative(arranged, cut=source.end, seed=options.seed)
        run.metrics({"factored_items": len(fitted.factors), "co_purchase_pairs": len(fitted.co_purchase.item)})
    report("collaborative model on all data", 1, 1)
    return fitted, run.run_id


def _tune(
    source: Source,
    vectors: ItemVectors,
    states: ProductStates,
    champion: Recipe | None,
    options: Options,
    report: Report,
) -> tuple[Tuned, str]:
    """Fit the weights before the test cut, score everything after it, and judge the result."""
    test_cut, fit_cut = _test_cut(source, options), _fit_cut(source, options)
    materials = materials_of(source, vectors, states, options, report)
    params = {
        "fit_cut": source.original(fit_cut),
        "test_cut": source.original(test_cut),
        "label_days": PROTOCOL.label_days,
        "windows": options.windows,
        "trees": TREE_COUNT,
    }
    with job("blender", params=params, data_hash=source.data_hash) as run:
        blender = fit_blender(materials, fit_cut)
        run.metrics({f"weight.{name}": value for name, value in asdict(blender.fitted).items()})
        testing = materials.arena(test_cut)
        if not len(testing.customers()):
            return Tuned(blender, None, None, None), run.run_id
        cross_encoder = reranker_for(testing, source, states, options)
        evaluation = _evaluate(testing, blender, cross_encoder, champion, options, report)
        run.metrics(flat_metrics(evaluation))
        gate = _judge(testing, evaluation, blender, cross_encoder, champion, options, report)
    return Tuned(blender.only(evaluation.learned), evaluation, test_cut, gate), run.run_id


def train_reranker(source: Source, options: Options, cut: float, report: Report) -> tuple[ProductStates, str]:
    folder = _cross_encoder_folder(options)
    with job("cross_encoder", params=asdict(options.effort), data_hash=source.data_hash) as run:
        outcome = train_cross_encoder(
            source.data,
            folder,
            cut=cut,
            effort=options.effort,
            seed=options.seed,
            progress=lambda step, done, total: report(f"cross-encoder: {step}", done, total),
        )
        run.curve("loss", outcome.losses)
        run.metrics({"training_seconds": outcome.seconds, "stopped_early": float(outcome.stopped_early)})
        return load_product_states(folder), run.run_id


def materials_of(
    source: Source, vectors: ItemVectors, states: ProductStates, options: Options, report: Report
) -> Materials:
    """What the recipe is fitted from: the shop's data with the cross-encoder of the moment."""
    return Materials(
        source.data,
        vectors,
        report,
        cross_encoder=lambda arena: reranker_for(arena, source, states, options),
        seed=options.seed,
        called=source.original,
        windows=options.windows,
    )


def _evaluate(
    arena: Arena,
    blender: Blender,
    cross_encoder: CrossEncoder,
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
    cross_encoder: CrossEncoder,
    champion: Recipe | None,
    options: Options,
    report: Report,
) -> Gate | None:
    """The gate's verdict on the recipe that was just fitted; None where there is no champion."""
    if champion is None:
        return None
    report(f"gate: against {champion.release_id}", 0, 1)
    candidate = unreleased_recipe(
        blender.only(evaluation.learned), reranks=evaluation.rerank_helps, encoder=options.encoder
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
    states: ProductStates,
    options: Options,
    run: Job,
    runs: dict[str, str],
    report: Report,
) -> Manifest:
    """Assemble the folder, keep it in MLflow, and register it."""
    report("registering the release", 0, 1)
    order = source.data.order(source.end)
    parts = Parts(
        catalog=source.data.catalog.take(order),
        encoder_folder=_encoder_folder(options),
        vectors=ItemVectors(vectors.vectors, vectors.row[order], vectors.mean),
        collaborative=final,
        cross_encoder_folder=_cross_encoder_folder(options),
        states=states.arranged(order),
        blender=tuned.blender,
        facts=item_facts(
            source.data.arranged(source.end),
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
        evaluation=(summary(tuned.evaluation) if tuned.evaluation else {}) | _accepted(options),
        runs=runs,
        erasures_until=None if source.erasures_until is None else to_seconds(source.erasures_until),
        gate=tuned.gate,
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


def _accepted(options: Options) -> dict[str, Any]:
    """Why gaps in the data were accepted, for the manifest."""
    return {"accepted_gaps": options.accept_gaps} if options.accept_gaps else {}


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


def reranker_for(arena: Arena, source: Source, states: ProductStates, options: Options) -> CrossEncoder:
    """The trained cross-encoder with its products in the arena's order."""
    arranged = states.arranged(source.data.order(arena.cut))
    return CrossEncoder(_cross_encoder_folder(options), states=arranged, threads=THREADS)


def _test_cut(source: Source, options: Options) -> float:
    """Start of the test window in the store's time."""
    if options.evaluate_from is None:
        return source.end - PROTOCOL.label_days * DAY
    moment = options.evaluate_from
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() + source.shift


def _fit_cut(source: Source, options: Options) -> float:
    """Start of the window before it, on which everything is fitted."""
    return _test_cut(source, options) - PROTOCOL.label_days * DAY


def _params(options: Options) -> dict[str, Any]:
    names = ("encoder", "thorough", "seed", "accept_gaps")
    return {name: getattr(options, name) for name in names}


def _description(tuned: Tuned) -> str:
    if tuned.evaluation is None:
        return "not evaluated: too few purchases for a test window"
    interval = tuned.evaluation.all_products.interval(tuned.evaluation.candidate, 20)
    return f"NDCG@20 {interval.mean:.4f} ({interval.low:.4f}, {interval.high:.4f}) in the test window"


def _encoder_folder(options: Options) -> Path:
    return options.workspace / "encoders" / options.encoder.replace("/", "--")


def _cross_encoder_folder(options: Options) -> Path:
    return options.workspace / "cross_encoder"
