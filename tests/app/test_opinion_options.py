"""What `--consensus` and its kin may say, and that a session keeps it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.model_spec import ModelSpec
from app.model_file import sees
from app.opinion_options import OpinionOptions, VoterOption, read_opinions, stored_opinions
from domain.errors import ConfigError

MODELS = {"spare": ModelSpec(model="x"), "trend": ModelSpec(model="y")}


def read(consensus: str | None = None, **more: Any) -> OpinionOptions:
    return read_opinions(MODELS, consensus=consensus, **more)


def test_a_voter_is_a_personality_a_model_or_both() -> None:
    assert read("contrarian, rules,spare,conservative@ollama:a:b").voters == (
        VoterOption("contrarian", "contrarian", None),
        VoterOption("rules", None, "rules"),
        VoterOption("spare", None, "spare"),
        VoterOption("conservative@ollama:a:b", "conservative", "ollama:a:b"),
    )


def test_a_session_sees_where_its_model_a_stand_in_or_a_voter_does() -> None:
    eagle = ModelSpec(model="x", vision=True)
    models = {**MODELS, "eagle": eagle, "led": ModelSpec(model="z", fallback=("eagle",))}
    assert not sees(["rules", "spare"], models)
    assert sees(["led"], models)
    voters = read_opinions(models, consensus="contrarian,conservative@eagle")
    assert sees(["rules", *voters.models], models)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"consensus": "bold"}, "--consensus 'bold': unknown model 'bold'"),
        ({"consensus": ""}, "--consensus ''"),
        ({"consensus": "trend@"}, "--consensus 'trend@'"),
        ({"consensus": "rules,rules"}, "each once"),
        ({"consensus": ",".join(f"ollama:{n}" for n in range(9))}, "up to 8 voters"),
        ({"consensus": "trend"}, "a personality and a model of the file"),
        ({"personality": "bold"}, "no personality 'bold'; there are conservative"),
        ({"quorum": 0.5}, "--quorum 0.5"),
        ({"flips": float("nan")}, "--flips nan"),
    ],
)
def test_what_cannot_be_meant_is_refused(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(**asked)
    assert told in str(refused.value)


def test_a_session_keeps_what_it_was_asked_and_nothing_where_it_was_not() -> None:
    assert read().config() is None
    assert stored_opinions(None) == OpinionOptions()
    asked = read("contrarian,spare", personality="trend", stability=3, quorum=0.75)
    assert asked.personalities == ("trend", "contrarian")
    assert set(asked.models_hashes) == {"spare"}
    assert stored_opinions(json.loads(json.dumps(asked.config()))) == asked
