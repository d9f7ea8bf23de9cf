"""Who is asked before the first decision, and who keeps a session from beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.model_spec import ModelSpec
from agent.models import NamedModel
from agent.opinions import Opinions, Voter
from agent.planner import Planner
from agent.scripted_model import ScriptedModel, Step
from app.first_probe import PROBED, require_fit_models
from app.wire import Wired
from domain.errors import ConfigError, Unreachable
from tests.graph.room import wired_session
from tests.servers.openai_server import FIT_PLAN

FIT: list[Step] = [[("no_trade", {"reason": "probe"})], [("propose_plan", FIT_PLAN)]]
UNFIT: list[Step] = ["I would not.", "I would not."]


def named(name: str, steps: Sequence[Step]) -> NamedModel:
    return NamedModel(
        name, ScriptedModel(steps), ModelSpec(kind="vllm", model=name), SecretStr("k")
    )


def voter(name: str, *models: NamedModel) -> Voter:
    return Voter(name, Planner(models, (), max_attempts=1))


def asked(wired: Wired, lead: Sequence[NamedModel], *voters: Voter) -> Wired:
    planner = Planner(lead, wired.context.desk.schemas, max_attempts=1)
    return replace(
        wired, context=replace(wired.context, planner=planner, opinions=Opinions(voters))
    )


async def test_every_model_that_is_asked_is_probed_once_and_spares_are_not(tmp_path: Path) -> None:
    lead, other, spare = named("lead", FIT), named("other", FIT), named("spare", [])
    rules = NamedModel("rules", ScriptedModel([]))
    voters = (
        voter("conservative", lead, spare),
        voter("other", other),
        voter("trend@other", other),
        voter("rules", rules),
    )
    told: list[str] = []
    async with wired_session(tmp_path) as wired:
        session = asked(wired, [lead, spare], *voters)
        await require_fit_models(session, tmp_path, told.append)
        await require_fit_models(session, tmp_path, told.append)
    assert [words.split("'")[1] for words in told] == ["lead", "other"]
    assert [len(one.model.calls) for one in (lead, other)] == [2, 2]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("steps", "kind"), [(UNFIT, ConfigError), ([Unreachable("gone")], Unreachable)]
)
async def test_a_voter_that_cannot_answer_keeps_the_session_from_beginning(
    tmp_path: Path, steps: list[Step], kind: type[Exception]
) -> None:
    async with wired_session(tmp_path) as wired:
        session = asked(wired, [named("lead", FIT)], voter("trend@mute", named("mute", steps)))
        with pytest.raises(kind, match=r"second opinion 'trend@mute' cannot be had .*probe mute"):
            await require_fit_models(session, tmp_path, lambda _: None)


async def test_a_spare_model_that_is_a_voter_too_has_to_pass_by_itself(tmp_path: Path) -> None:
    """It is asked once: what was found of it in the chain counts."""
    lead, spare = named("lead", UNFIT), named("spare", FIT)
    async with wired_session(tmp_path) as wired:
        session = asked(wired, [lead, spare], voter("lead", lead))
        with pytest.raises(ConfigError, match="second opinion 'lead' cannot be had"):
            await require_fit_models(session, tmp_path, lambda _: None)


async def test_where_nothing_can_be_remembered_the_session_begins_all_the_same(
    tmp_path: Path,
) -> None:
    (tmp_path / PROBED).mkdir()
    async with wired_session(tmp_path) as wired:
        session = asked(wired, [named("lead", FIT)])
        await require_fit_models(session, tmp_path, lambda _: None)
