"""The rules file: YAML that a shop edits, checked once and turned into frozen values."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError

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
    version: str = ""
    """A hash of all of it, the defaults included: equal for equal rules, on any machine."""


_LISTED: Final = "listed weights"
_NAMED: Final = "named weights"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Weights(_Strict):
    content: float = Field(0.0, ge=0)
    collaborative: float = Field(0.0, ge=0)
    popularity: float = Field(0.0, ge=0)
    repeat: float = Field(0.0, ge=0)
    co_purchase: float = Field(0.0, ge=0)


_NamedOrListed = Annotated[
    Annotated[_Weights, Tag(_LISTED)] | Annotated[WeightChoice, Tag(_NAMED)],
    Discriminator(lambda given: _LISTED if isinstance(given, dict | _Weights) else _NAMED),
]
"""Told apart before they are read, so that a mistake in listed weights names the weight."""


class _Context(_Strict):
    weights: _NamedOrListed | None = None
    max_per_category: int | None = Field(None, ge=1)
    distinct_names: bool = False

    def policy(self, default: ContextPolicy) -> ContextPolicy:
        chosen = Weights(**self.weights.model_dump()) if isinstance(self.weights, _Weights) else self.weights
        return ContextPolicy(
            weights=chosen or default.weights,
            max_per_category=self.max_per_category,
            distinct_names=self.distinct_names,
        )


def _unquoted(mode: object) -> object:
    """YAML reads a bare on or off as a truth value."""
    return {True: "on", False: "off"}.get(mode, mode) if isinstance(mode, bool) else mode


class _Rerank(_Strict):
    mode: Annotated[RerankMode, BeforeValidator(_unquoted)] = RerankMode.AUTO
    depth: int = Field(20, ge=1, le=200)


class _Session(_Strict):
    weight: float = Field(0.5, ge=0, le=10)
    hours: float = Field(12.0, gt=0)


class _NewArrivals(_Strict):
    weight: float = Field(0.1, ge=0, le=10)
    boost: float = Field(0.0, ge=0, le=10)
    days: float = Field(30.0, gt=0)


class _RulesFile(_Strict):
    hard: list[str] = Field(default_factory=lambda: list(HARD_RULES))
    contexts: dict[Context, _Context] = Field(default_factory=dict)
    candidates: dict[Source, Annotated[int, Field(ge=0, le=1000)]] = Field(default_factory=dict)
    rerank: _Rerank = _Rerank()
    session: _Session = _Session()
    new_arrivals: _NewArrivals = _NewArrivals()
    deadline_ms: float = Field(150, gt=0)


def read_rules(path: Path = DEFAULT_RULES_FILE) -> Rules:
    """Rules from a YAML file; what it leaves out keeps its default. `InvalidInput` names the key and the value."""
    try:
        text = path.read_text(encoding="utf-8")
        parsed = yaml.safe_load(text)
        rules = _rules(_RulesFile.model_validate({} if parsed is None else parsed))
        return replace(rules, version=_version(rules))
    except OSError as error:
        raise InvalidInput("rules file", str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InvalidInput("rules file", str(path), f"is not UTF-8: {error}") from error
    except yaml.YAMLError as error:
        raise InvalidInput("rules file", str(path), f"is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"] if part not in (_LISTED, _NAMED))
        raise InvalidInput(field, first["input"], f"{first['msg']} (in {path})") from error


def _version(rules: Rules) -> str:
    names = [rule.name for rule in rules.hard]
    return hashlib.sha256(repr((names, rules.policy)).encode()).hexdigest()[:16]


def _rules(file: _RulesFile) -> Rules:
    for name in file.hard:
        if name not in HARD_RULES:
            raise InvalidInput("hard", name, f"is not a rule; known: {', '.join(HARD_RULES)}")
    return Rules(tuple(HARD_RULES[name] for name in file.hard), _policy(file))


def _policy(file: _RulesFile) -> Policy:
    default = Policy()
    own = {context: declared.policy(default.contexts[context]) for context, declared in file.contexts.items()}
    return Policy(
        contexts=MappingProxyType({**default.contexts, **own}),
        candidates=MappingProxyType({**default.candidates, **file.candidates}),
        rerank=file.rerank.mode,
        rerank_depth=file.rerank.depth,
        session_weight=file.session.weight,
        session_hours=file.session.hours,
        new_arrival_weight=file.new_arrivals.weight,
        new_arrival_boost=file.new_arrivals.boost,
        new_arrival_days=file.new_arrivals.days,
        deadline_seconds=file.deadline_ms / 1000,
    )
