"""The gate, applied: what an evaluation says of champion and candidate, judged and kept on the candidate's run."""

from typing import Final

from models.release import Gate
from models.reranker import Reranker
from recommender.metrics.gate import Comparison, Paired, Verdict, judge
from recommender.policy import Policy
from training.evaluate import CHAMPION, Evaluation
from training.latency import measure_latency
from training.recipe import Recipes
from training.replay import Arena
from training.report import verdict_markdown
from training.scores import Scores
from training.slices import HEAVY, LIGHT
from training.tracking import Job, release_text

CUTOFF: Final = 10
REPORTED_ONLY: Final = frozenset({LIGHT, HEAVY})
"""Thirds of all customers: what they lose or gain, the check over all customers sees."""
CARTS: Final = "carts"


def verdict(
    arena: Arena, evaluation: Evaluation, recipes: Recipes, policy: Policy, cross_encoder: Reranker | None
) -> Verdict:
    """Judge the candidate by an evaluation that has both recipes as rows; the latency is measured now."""
    row = evaluation.candidate
    comparison = Comparison(
        overall=_paired(evaluation.all_products, row),
        slices={name: _paired(scores, row) for name, scores in slices_of(evaluation).items()}
        | {CARTS: _paired(evaluation.carts, evaluation.cart_blend)},
        coverage=(evaluation.beyond[CHAMPION].coverage, evaluation.beyond[row].coverage),
        latency=measure_latency(arena, recipes, policy, cross_encoder),
    )
    return judge(comparison, like_for_like=recipes.candidate.like(recipes.champion))


def log_gate(run: Job, release_id: str, gate: Gate) -> None:
    """Keep the verdict on the release's run, for `gate_against` and for people."""
    run.text(gate.model_dump_json(indent=1), _file(gate.against))
    run.text(verdict_markdown(gate.verdict, release_id, gate.against), f"gate/{gate.against}.md")


def gate_against(release_id: str, champion: str) -> Gate | None:
    """The verdict on a registered release against this champion; None where the two were never compared."""
    stored = release_text(release_id, _file(champion))
    return None if stored is None else Gate.model_validate_json(stored)


def slices_of(evaluation: Evaluation) -> dict[str, Scores]:
    """The slices that the gate judges: the evaluation's, and its cold products, whose lists are their own."""
    judged = {name: scores for name, scores in evaluation.slices.items() if name not in REPORTED_ONLY}
    return {"cold products": evaluation.cold, **judged}


def _paired(scores: Scores, row: str) -> Paired:
    champion, candidate = (scores.of_each(scores.values(name, CUTOFF)) for name in (CHAMPION, row))
    return Paired(champion, candidate)


def _file(champion: str) -> str:
    return f"gate/{champion}.json"
