"""A session's context on the shipped candles, with a scripted model in place of the planner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.models import NamedModel
from agent.planner import Planner
from agent.scripted_model import ScriptedModel, Step
from app.options import read_options
from app.session import Session
from app.settings import Settings
from app.wire import Wired, wire_session
from domain.clock import FixedClock, parse_moment
from graph.caps import Caps
from graph.context import RunContext
from graph.run import Runner

SLOT = parse_moment("2019-04-15T01:00:00Z")
"""Close 5154.45, ATR about 24; a long with its stop at 5120 is sound here."""

UNASKED = 'evidence = "off"\n'
"""A policy that asks nobody where a number comes from: these tests are about what comes after."""


def proposal(target: float, **changes: Any) -> Step:
    """A plan as a model says it."""
    draft = {
        "side": "long",
        "targets": [{"price": target}],
        "invalidation": 5120,
        "horizon_bars": 24,
        "thesis": "The range broke.",
        "confidence": 0.7,
    }
    return [("propose_plan", {**draft, **changes})]


@asynccontextmanager
async def wired_session(
    home: Path, slot: datetime = SLOT, limits: str = UNASKED
) -> AsyncIterator[Wired]:
    """A session named `s` on the box, its clock at `slot`."""
    home.mkdir(parents=True, exist_ok=True)
    policy = home / "policy.toml"
    policy.write_text(limits, encoding="utf-8")
    options = read_options(
        symbols=None, market="box", model="rules", base_url=None, timeframe="1h", every=1,
        start="2019-04-15", end="2019-04-20", capital=None, policy=policy, session="s",
        decisions=None, market_url=None, seed=7,
    )  # fmt: skip
    async with wire_session(options, Settings(), home) as wired:
        clock = wired.context.clock
        assert isinstance(clock, FixedClock)
        clock.advance_to(slot)
        yield wired


def scripted(wired: Wired, steps: Sequence[Step], **caps: Any) -> tuple[RunContext, ScriptedModel]:
    """The session's context with a model that plays `steps`."""
    model = ScriptedModel(steps)
    planner = Planner([NamedModel("scripted", model)], wired.context.desk.schemas)
    return replace(wired.context, planner=planner, caps=Caps(**caps)), model


def session_of(wired: Wired, told: list[str], context: RunContext | None = None) -> Session:
    """The session without checkpoints, with `context` in place of its own; notices go to `told`."""
    context = context or wired.context
    return Session(
        context=context,
        runner=Runner(context, None),
        executor=wired.executor,
        resumed_at=wired.venue.cursor,
        unfinished=wired.venue.unfinished,
        diary=wired.diary,
        every=1,
        limit=None,
        progress=lambda _slot, _final: None,
        trouble=told.append,
        notice=told.append,
    )
