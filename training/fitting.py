"""The single fits of a training: each model in a run of its own, from the shop's data or brought by the shop."""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from models.collaborative import Collaborative
from models.cross_encoder import load_product_states
from models.embedding import ItemVectors
from models.pair_cross_encoder import ProductTexts
from models.release import Stage
from models.reranker import Products, Reranker, open_reranker
from recommender.history import DAY
from recommender.policy import Policy
from training import collaborative as collaborative_job
from training.cross_encoder import QUICK, THOROUGH, Effort, train_cross_encoder
from training.embedding import embed_catalog, export_encoder
from training.encoder_source import DEFAULT_ENCODER
from training.registry.use import FOLDER, OURS, Brought, with_matrix
from training.replay import PROTOCOL, Arena
from training.search import Tell
from training.source import Report, Source
from training.tracking import job
from training.tune import QUICK_PAST, THOROUGH_PAST, Materials, Past

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
    search: bool = False
    """Whether to look for better settings of the learned blender than the default's."""
    accept_gaps: str = ""
    """Why to train on data with missing days; empty refuses it. Recorded."""
    brought: Brought = OURS
    """Registered models in place of what would be fitted; an encoder among them is ``encoder`` too."""

    @property
    def effort(self) -> Effort:
        """How long the cross-encoder learns."""
        return THOROUGH if self.thorough else QUICK

    @property
    def past(self) -> Past:
        """How much of the past the learned blender learns from."""
        return THOROUGH_PAST if self.thorough else QUICK_PAST

    def using(self, brought: Brought) -> "Options":
        """The same with these registered models."""
        encoder = brought.model(Stage.EMBEDDING)
        return replace(self, brought=brought, encoder=self.encoder if encoder is None else encoder.label)


def embed(source: Source, options: Options, report: Report) -> tuple[ItemVectors, str]:
    folder = encoder_folder(options)
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


def fit_final(source: Source, options: Options, report: Report) -> tuple[Collaborative, str]:
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
        arranged = source.today.arranged(source.end)
        fitted = collaborative_job.fit_collaborative(arranged, cut=source.end, seed=options.seed)
        fitted = with_matrix(fitted, options.brought.matrix, arranged.catalog.external_id)
        run.metrics({"factored_items": len(fitted.factors), "co_purchase_pairs": len(fitted.co_purchase.item)})
    report("collaborative model on all data", 1, 1)
    return fitted, run.run_id


def train_reranker(source: Source, options: Options, cut: float, report: Report) -> tuple[Products, str]:
    """The cross-encoder from the purchases before the cut, or the one that was brought; what it keeps of products."""
    brought = options.brought.model(Stage.CROSS_ENCODER)
    if brought is not None:
        return ProductTexts(source.data.catalog.text), brought.run_id
    folder = cross_encoder_folder(options)
    with job("cross_encoder", params=asdict(options.effort), data_hash=source.data_hash) as run:
        outcome = train_cross_encoder(
            source.today if cut == source.end else source.data,
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
    source: Source,
    vectors: ItemVectors,
    products: Products,
    options: Options,
    report: Report,
    search: Tell | None = None,
) -> Materials:
    """What the recipe is fitted from: the shop's data with the cross-encoder of the moment."""
    return Materials(
        source.data,
        vectors,
        report,
        cross_encoder=lambda arena: reranker_for(arena, source, products, options),
        seed=options.seed,
        called=source.original,
        past=options.past,
        matrix=options.brought.matrix,
        search=search,
    )


def reranker_for(arena: Arena, source: Source, products: Products, options: Options) -> Reranker:
    """The cross-encoder with its products in the arena's order."""
    arranged = products.arranged(source.data.order(arena.cut))
    return open_reranker(cross_encoder_folder(options), products=arranged, threads=THREADS)


def test_cut_of(source: Source, options: Options) -> float:
    """Start of the test window in the store's time."""
    if options.evaluate_from is None:
        return source.end - PROTOCOL.label_days * DAY
    moment = options.evaluate_from
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() + source.shift


def fit_cut_of(source: Source, options: Options) -> float:
    """Start of the window before it, on which everything is fitted."""
    return test_cut_of(source, options) - PROTOCOL.label_days * DAY


def encoder_folder(options: Options) -> Path:
    """Where the text encoder is, beside the vectors that it made."""
    return options.workspace / FOLDER / options.encoder.replace("/", "--")


def cross_encoder_folder(options: Options) -> Path:
    """Where the cross-encoder's graphs are."""
    return options.brought.files(Stage.CROSS_ENCODER) or options.workspace / "cross_encoder"
