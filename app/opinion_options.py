"""Whose second opinions a session was asked to have: read once, stored with the session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from pydantic import ValidationError

from agent.consensus import Terms
from agent.model_spec import ModelSpec, spec_of
from agent.prices import RULES
from app.model_file import deciding
from domain.errors import ConfigError
from domain.numbers import plain
from policies.personalities import PERSONALITIES, require_personality

MAX_VOTERS_COUNT = 8


class VoterOption(NamedTuple):
    """One name of `--consensus`."""

    name: str
    personality: str | None
    model: str | None
    """None: the session's."""


@dataclass(frozen=True, slots=True)
class OpinionOptions:
    """Who is asked besides the session's model, and how much they have to agree."""

    personality: str | None = None
    voters: tuple[VoterOption, ...] = ()
    repeats_count: int = 0
    terms: Terms = field(default_factory=Terms)
    models_hashes: Mapping[str, str] = field(default_factory=dict)
    """Of what decides in the file of models, by voter."""

    @property
    def personalities(self) -> tuple[str, ...]:
        """Everyone's, each once: the session keeps within the limits of all of them."""
        named = (self.personality, *(voter.personality for voter in self.voters))
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def models(self) -> tuple[str, ...]:
        """Those of other voters, as the user names them."""
        return tuple(voter.model for voter in self.voters if voter.model)

    @property
    def calls_count(self) -> int:
        """Calls of models that one decision's second opinions take."""
        return len(self.voters) + self.repeats_count

    def config(self) -> dict[str, Any] | None:
        """What must not change within a session, JSON-able; None where nothing was asked for."""
        if self.personality is None and not self.voters and not self.repeats_count:
            return None
        return {
            "personality": self.personality,
            "voters": [voter.name for voter in self.voters],
            "repeats": self.repeats_count,
            "terms": {name: plain(limit) for name, limit in self.terms},
            "models": dict(self.models_hashes),
        }


def read_opinions(
    models: Mapping[str, ModelSpec],
    *,
    personality: str | None = None,
    consensus: str | None = None,
    stability: int = 0,
    quorum: float = 0.66,
    dispersion_atr: float = 2.0,
    flips: float = 0.25,
) -> OpinionOptions:
    """The command line's words as values.

    Raises:
        ConfigError: naming the option, its value and what was expected.
    """
    voters = _voters(consensus, models)
    named = {voter.name: deciding(voter.model, models) for voter in voters if voter.model}
    return OpinionOptions(
        personality=None if personality is None else require_personality(personality),
        voters=voters,
        repeats_count=stability,
        terms=_terms(quorum, dispersion_atr, flips),
        models_hashes={name: found for name, found in named.items() if found},
    )


def stored_opinions(config: Mapping[str, Any] | None) -> OpinionOptions:
    """The options that a session was started with, as it keeps them; no model is looked up."""
    if config is None:
        return OpinionOptions()
    return OpinionOptions(
        personality=config["personality"],
        voters=tuple(_parts(name) for name in config["voters"]),
        repeats_count=config["repeats"],
        terms=Terms.model_validate(config["terms"]),
        models_hashes=config["models"],
    )


def _voters(text: str | None, models: Mapping[str, ModelSpec]) -> tuple[VoterOption, ...]:
    if text is None:
        return ()
    names = [name.strip() for name in text.split(",")]
    if len(set(names)) < len(names) or len(names) > MAX_VOTERS_COUNT:
        raise ConfigError(
            f"--consensus {text!r} was expected to name up to {MAX_VOTERS_COUNT} voters, each once"
        )
    return tuple(_voter(name, models) for name in names)


def _voter(name: str, models: Mapping[str, ModelSpec]) -> VoterOption:
    voter = _parts(name)
    if name in models and voter.personality:
        raise ConfigError(
            f"--consensus {name!r} is a personality and a model of the file; name the model "
            "otherwise"
        )
    if voter.model not in {None, RULES}:
        try:
            spec_of(voter.model or "", models)
        except ConfigError as error:
            raise ConfigError(
                f"--consensus {name!r}: {error}; or a personality ({', '.join(PERSONALITIES)}), or "
                "PERSONALITY@MODEL"
            ) from None
    return voter


def _parts(name: str) -> VoterOption:
    head, at, rest = name.partition("@")
    if head in PERSONALITIES:
        return VoterOption(name, head, rest if at else None)
    return VoterOption(name, None, name)


def _terms(quorum: float, dispersion_atr: float, flips: float) -> Terms:
    given: Sequence[tuple[str, str, float]] = (
        ("--quorum", "min_quorum_fraction", quorum),
        ("--dispersion-atr", "max_dispersion_atr_ratio", dispersion_atr),
        ("--flips", "max_flip_fraction", flips),
    )
    try:
        return Terms.model_validate({name: Decimal(str(value)) for _, name, value in given})
    except (ValidationError, InvalidOperation) as error:
        words = ", ".join(f"{option} {value!r}" for option, _, value in given)
        raise ConfigError(f"{words}: {error}") from error
