"""Where a champion with other models than the candidate's is replayed: on its own, fitted before the same cut."""

from dataclasses import replace

from models.release import Stage
from models.reranker import Products
from recommender.history import DAY
from training.fitting import Options, embed, reranker_for, train_reranker
from training.recipe import Home, Recipe, labels
from training.registry.use import fetched
from training.replay import PROTOCOL
from training.source import Report, Source
from training.tune import Materials


def at_home(
    champion: Recipe, source: Source, options: Options, products: Products | None, cut: float, report: Report
) -> Recipe:
    """The champion, with models of its own where those of ``options``, the candidate's, are others.

    ``products`` are those of the cross-encoder that was trained for the candidate; a champion that has it too takes
    it over.
    """
    if (champion.encoder, champion.labels) == (options.encoder, labels(options.brought.models)):
        return champion
    theirs = replace(options, encoder=champion.encoder, brought=fetched(champion.models, options.workspace))
    report(f"the models of {champion.release_id}", 0, 1)
    vectors, _ = embed(source, theirs, report)
    matrix = theirs.brought.matrix
    materials = Materials(source.data, vectors, report, seed=options.seed, called=source.original, matrix=matrix)
    home = Home(materials.arena(cut))
    if champion.reranks:
        home = _with_cross_encoder(home, source, options, theirs, products, report)
    report(f"the models of {champion.release_id}", 1, 1)
    return replace(champion, home=home)


def _with_cross_encoder(
    home: Home, source: Source, options: Options, theirs: Options, products: Products | None, report: Report
) -> Home:
    """Training it twice would write over files that the candidate's has open."""
    shared = all(one.brought.model(Stage.CROSS_ENCODER) is None for one in (options, theirs))
    if not (shared and products is not None):
        products, _ = train_reranker(source, theirs, home.arena.cut - PROTOCOL.label_days * DAY, report)
    return replace(home, cross_encoder=reranker_for(home.arena, source, products, theirs))
