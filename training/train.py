"""The whole training: from the store to a registered release. Reads from top to bottom."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from models.blender import Blender
from models.collaborative import Collaborative
from models.cross_encoder import CrossEncoder, ProductStates, load_product_states
from models.embedding import ItemVectors
from models.learned_blend import TreeFiles
from models.release import Manifest
from recommender.errors import InvalidInput
from recommender.features import ItemFacts
from recommender.history import DAY
from recommender.learned import LearnedBlend
from recommender.policy import Policy
from training import collaborative as collaborative_job
from training.assemble import Parts, Provenance, assemble
from training.cross_encoder import QUICK, THOROUGH, Effort, train_cross_encoder
from training.embedding import embed_catalog, export_encoder
from training.encoder_source import DEFAULT_ENCODER
from training.evaluate import RERANK_WEIGHTS, Evaluation, evaluate, fit_rerank_weight, sample_customers
from training.item_facts import item_facts
from training.learned_blend import TREE_COUNT, Examples, collect_examples, fit_trees, sampled_customers
from training.replay import LABEL_DAYS, Arena, Case, build_arena
from training.report import flat_metrics, markdown, plot, summary
from training.source import Report, Source, read_source
from training.tracking import REPORT, Job, Tracking, job, register
from training.weights import UNFITTED_WEIGHTS, fit_weights

THREADS: Final = 2
LEARNED_CUTS: Final = 2
"""Windows before the test that the learned blender learns from. One may be a holiday; each costs half a minute."""


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

    @property
    def effort(self) -> Effort:
        """How long the cross-encoder learns."""
        return THOROUGH if self.thorough else QUICK


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was decided on cuts before the test window, and how it did in it."""

    blender: Blender
    trees: TreeFiles | None
    """The learned blender's model, where there were enough purchases for one."""
    evaluation: Evaluation | None
    evaluated_cut: float | None

    @property
    def reranks(self) -> bool:
        """Whether the evaluation switched the cross-encoder on."""
        return self.evaluation is not None and self.evaluation.rerank_helps

    @property
    def learned(self) -> TreeFiles | None:
        """The model, if the evaluation found it better than the weights."""
        return self.trees if self.evaluation is not None and self.evaluation.learned_helps else None


def train(engine: Engine, tracking: Tracking, options: Options, report: Report) -> Manifest:
    """Read, fit, evaluate, refit on everything, register; returns the registered release's manifest."""
    source = read_source(engine, report)
    tracking.open()
    with job("train", params=_params(options), data_hash=source.data_hash) as run:
        runs: dict[str, str] = {}
        vectors, runs["embedding"] = _embedding(source, options, report)
        evaluated, runs["cross_encoder"] = _cross_encoder(source, options, _fit_cut(source, options), report)
        tuned, runs["blender"] = _tune(source, vectors, evaluated, options, report)
        if tuned.reranks:  # what ships is refitted on everything; one that is switched off is not worth the minute
            evaluated, runs["cross_encoder"] = _cross_encoder(source, options, source.end, report)
        final, runs["collaborative"] = _collaborative(source, options, report)
        return _release(source, vectors, tuned, final, evaluated, options, run, runs, report)


def run_alone(only: str, engine: Engine, tracking: Tracking, options: Options, report: Report) -> None:
    """One job on its own, recorded in MLflow; what it makes stays in the workspace and no release is assembled."""
    source = read_source(engine, report)
    tracking.open()
    match only:
        case "embedding":
            _embedding(source, options, report)
        case "collaborative":
            _collaborative(source, options, report)
        case "cross-encoder":
            _cross_encoder(source, options, source.end, report)
        case _:
            raise InvalidInput("only", only, "is not a job: embedding, collaborative or cross-encoder")


def _embedding(source: Source, options: Options, report: Report) -> tuple[ItemVectors, str]:
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
    source: Source, vectors: ItemVectors, states: ProductStates, options: Options, report: Report
) -> tuple[Tuned, str]:
    """Fit the weights before the test cut, then score everything after it."""
    test_cut, fit_cut = _test_cut(source, options), _fit_cut(source, options)
    params = {"fit_cut": source.original(fit_cut), "test_cut": source.original(test_cut), "label_days": LABEL_DAYS}
    params |= {"learned_cuts": LEARNED_CUTS, "trees": TREE_COUNT}
    with job("blender", params=params, data_hash=source.data_hash) as run:
        fitting = _arena(source, vectors, fit_cut, options, report)
        customers = fitting.customers()
        cases = list(fitting.cases(customers, progress=lambda done, total: report("replaying the past", done, total)))
        cross_encoder = _cross_encoder_for(fitting, source, states, options)
        blender = _fit_blender(fitting, cases, customers, cross_encoder, options, report)
        run.metrics({f"weight.{name}": value for name, value in asdict(blender.fitted).items()})
        report("what the learned blender looks at", 0, 1)
        examples = _examples(fitting, cases, options)
        report("what the learned blender looks at", 1, 1)
        del fitting, cases
        trees = _fit_trees(source, vectors, fit_cut, examples, options, report)
        testing = _arena(source, vectors, test_cut, options, report)
        evaluation = _evaluate(testing, blender, trees, states, source, options, run, report)
    return Tuned(blender, trees, evaluation, test_cut if evaluation else None), run.run_id


def _cross_encoder(source: Source, options: Options, cut: float, report: Report) -> tuple[ProductStates, str]:
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


def _arena(source: Source, vectors: ItemVectors, cut: float, options: Options, report: Report) -> Arena:
    name = f"models as of {source.original(cut)}"
    report(name, 0, 1)
    arena = build_arena(source.data, vectors, cut=cut, seed=options.seed)
    report(name, 1, 1)
    return arena


def _fit_blender(
    arena: Arena,
    cases: Sequence[Case],
    customers: NDArray[np.int64],
    cross_encoder: CrossEncoder,
    options: Options,
    report: Report,
) -> Blender:
    if not cases:
        return Blender(UNFITTED_WEIGHTS, RERANK_WEIGHTS[0])
    fitted = fit_weights(cases, seed=options.seed, progress=lambda done, total: report("fitting weights", done, total))
    report("fitting the weight of reranking", 0, 1)
    sampled = arena.cases(sample_customers(customers, seed=options.seed + 1))
    weight = fit_rerank_weight(arena, sampled, fitted, cross_encoder)
    report("fitting the weight of reranking", 1, 1)
    return Blender(fitted, weight)


def _examples(arena: Arena, cases: Iterable[Case], options: Options) -> Examples:
    return collect_examples(arena, cases, item_facts(arena.data, cut=arena.cut), seed=options.seed)


def _fit_trees(
    source: Source, vectors: ItemVectors, fit_cut: float, newest: Examples, options: Options, report: Report
) -> TreeFiles | None:
    """The learned blender from the window at ``fit_cut``, whose examples are given, and those before it."""
    examples = [newest]
    for number in range(1, LEARNED_CUTS if newest.lists else 1):
        arena = _arena(source, vectors, fit_cut - number * LABEL_DAYS * DAY, options, report)
        customers = sampled_customers(arena, seed=options.seed)
        cases = arena.cases(customers, progress=lambda done, total: report("replaying an earlier past", done, total))
        examples.append(_examples(arena, cases, options))
    report("fitting the learned blender", 0, 1)
    trees = fit_trees(examples, options.workspace / "learned_blend", seed=options.seed)
    report("fitting the learned blender", 1, 1)
    return trees


def _evaluate(
    arena: Arena,
    blender: Blender,
    trees: TreeFiles | None,
    states: ProductStates,
    source: Source,
    options: Options,
    run: Job,
    report: Report,
) -> Evaluation | None:
    if not len(arena.customers()):
        return None
    evaluation = evaluate(
        arena,
        fitted=blender.fitted,
        rerank_weight=blender.rerank_weight,
        policy=options.policy,
        cross_encoder=_cross_encoder_for(arena, source, states, options),
        learned=None if trees is None else LearnedBlend(item_facts(arena.data, cut=arena.cut), trees.trees()),
        progress=lambda done, total: report("evaluating", done, total),
    )
    run.metrics(flat_metrics(evaluation))
    return evaluation


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
        learned=_learned_parts(source, tuned),
    )
    provenance = Provenance(
        data_cut=source.end,
        evaluated_cut=tuned.evaluated_cut,
        data_hash=source.data_hash,
        encoder=options.encoder,
        rerank=tuned.reranks,
        evaluation=summary(tuned.evaluation) if tuned.evaluation else {},
        runs=runs,
    )
    with tempfile.TemporaryDirectory(dir=options.workspace) as folder:
        manifest = assemble(parts, provenance, Path(folder), now=datetime.now(UTC))
        run.folder(Path(folder), under="release")
    _log_evaluation(source, tuned, run)
    register(manifest.release_id, run.run_id, artifact_path="release", description=_description(tuned))
    report("registering the release", 1, 1)
    return manifest


def _learned_parts(source: Source, tuned: Tuned) -> tuple[TreeFiles, ItemFacts] | None:
    """The model as it was evaluated, with facts of the products from all data."""
    if tuned.learned is None:
        return None
    return tuned.learned, item_facts(source.data.arranged(source.end), cut=source.end)


def _log_evaluation(source: Source, tuned: Tuned, run: Job) -> None:
    """Report, plot and numbers on the run that the release belongs to."""
    if tuned.evaluation is None or tuned.evaluated_cut is None:
        return
    run.metrics(flat_metrics(tuned.evaluation))
    run.text(markdown(tuned.evaluation, f"Evaluation from {source.original(tuned.evaluated_cut)}"), REPORT)
    with tempfile.TemporaryDirectory() as scratch:
        plot(tuned.evaluation, Path(scratch) / "evaluation.png")
        run.folder(Path(scratch))


def _cross_encoder_for(arena: Arena, source: Source, states: ProductStates, options: Options) -> CrossEncoder:
    """The trained cross-encoder with its products in the arena's order."""
    arranged = states.arranged(source.data.order(arena.cut))
    return CrossEncoder(_cross_encoder_folder(options), states=arranged, threads=THREADS)


def _test_cut(source: Source, options: Options) -> float:
    """Start of the test window in the store's time."""
    if options.evaluate_from is None:
        return source.end - LABEL_DAYS * DAY
    moment = options.evaluate_from
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() + source.shift


def _fit_cut(source: Source, options: Options) -> float:
    """Start of the window before it, on which everything is fitted."""
    return _test_cut(source, options) - LABEL_DAYS * DAY


def _params(options: Options) -> dict[str, Any]:
    return {"encoder": options.encoder, "thorough": options.thorough, "seed": options.seed}


def _description(tuned: Tuned) -> str:
    if tuned.evaluation is None:
        return "not evaluated: too few purchases for a test window"
    served = "learned_blend" if tuned.learned else "fitted_blend"
    interval = tuned.evaluation.all_products.interval(served, 20)
    return f"NDCG@20 {interval.mean:.4f} ({interval.low:.4f}, {interval.high:.4f}) in the test window"


def _encoder_folder(options: Options) -> Path:
    return options.workspace / "encoders" / options.encoder.replace("/", "--")


def _cross_encoder_folder(options: Options) -> Path:
    return options.workspace / "cross_encoder"
