"""The rules file: YAML that a shop edits, checked once and turned into frozen values."""

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recommender.errors import InvalidInput
from recommender.policy import ContextPolicy, Policy, RerankMode, WeightChoice, Weights
from recommender.rules import HARD_RULES, HardRule
from recommender.types import Context, Source

DEFAULT_RULES_FILE: Final = Path(__file__).with_name("default.yaml")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a rules file says: the hard rules in order, and the policy."""

    hard: tuple[HardRule, ...]
    policy: Policy


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Weights(_Strict):
    content: float = Field(0.0, ge=0)
    collaborative: float = Field(0.0, ge=0)
    popularity: float = Field(0.0, ge=0)
    repeat: float = Field(0.0, ge=0)
    co_purchase: float = Field(0.0, ge=0)


class _Context(_Strict):
    weights: WeightChoice | _Weights
    max_per_category: int | None = Field(None, ge=1)

    def policy(self) -> ContextPolicy:
        chosen = Weights(**self.weights.model_dump()) if isinstance(self.weights, _Weights) else self.weights
        return ContextPolicy(weights=chosen, max_per_category=self.max_per_category)


class _Rerank(_Strict):
    mode: RerankMode = RerankMode.AUTO
    depth: int = Field(20, ge=1, le=200)


class _NewArrivals(_Strict):
    boost: float = Field(0.0, ge=0, le=10)
    days: float = Field(30.0, gt=0)


class _RulesFile(_Strict):
    hard: list[str] = Field(default_factory=lambda: list(HARD_RULES))
    contexts: dict[Context, _Context] = Field(default_factory=dict)
    candidates: dict[Source, int] = Field(default_factory=dict)
    rerank: _Rerank = _Rerank()
    new_arrivals: _NewArrivals = _NewArrivals()
    deadline_ms: float = Field(150, gt=0)


def read_rules(path: Path = DEFAULT_RULES_FILE) -> Rules:
    """Rules from a YAML file; what it leaves out keeps its default. `InvalidInput` names the key and the value."""
    try:
        parsed = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return _rules(_RulesFile.model_validate(parsed))
    except OSError as error:
        raise InvalidInput("rules file", str(path), error.strerror or str(error)) from error
    except yaml.YAMLError as error:
        raise InvalidInput("rules file", str(path), f"is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(".".join(map(str, first["loc"])), first["input"], f"{first['msg']} (in {path})") from error


def _rules(file: _RulesFile) -> Rules:
    for name in file.hard:
        if name not in HARD_RULES:
            raise InvalidInput("hard", name, f"is not a rule; known: {', '.join(HARD_RULES)}")
    return Rules(tuple(HARD_RULES[name] for name in file.hard), _policy(file))


def _policy(file: _RulesFile) -> Policy:
    default = Policy()
    own = {context: declared.policy() for context, declared in file.contexts.items()}
    return Policy(
        contexts=MappingProxyType({**default.contexts, **own}),
        candidates=MappingProxyType({**default.candidates, **file.candidates}),
        rerank=file.rerank.mode,
        rerank_depth=file.rerank.depth,
        new_arrival_boost=file.new_arrivals.boost,
        new_arrival_days=file.new_arrivals.days,
        deadline_seconds=file.deadline_ms / 1000,
    )
