"""A short session on the synthetic market, whose model proposes something every time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage

from agent.queued_model import QueuedModel
from app.options import SessionOptions
from app.run_command import drive
from app.session import Session
from app.settings import Settings
from app.wire import Replaced, Wired, wire_session
from graph.run import Runner
from market.sources.synthetic import SyntheticSource
from policies.policy_file import read_policy

SYMBOL = "BTC/USDT"
START = datetime(2024, 2, 1, tzinfo=UTC)
DECISIONS = 14
OPTIONS = SessionOptions(
    symbols=(SYMBOL,),
    market="synthetic",
    every=4,
    start=START,
    end=START + timedelta(hours=4 * DECISIONS),
    session="s",
)
OWN = 'evidence = "off"\nmin_reward_risk_ratio = 1.5\ncooldown_bars = 0\n'
"""The session's policy."""
STRICT = 'evidence = "off"\nmin_reward_risk_ratio = 2.5\nmax_trades_day_count = 1\n'
LOOSE = 'evidence = "off"\nmin_reward_risk_ratio = 1\nmin_confidence_fraction = 0.3\n'
ONE_SIDED = 'evidence = "off"\nsides = ["long"]\ncooldown_bars = 0\n'


@dataclass
class Proposing:
    """A `Decider` whose model proposes near the price, and once more when it is denied."""

    wired: Wired
    model: QueuedModel
    runner: Runner
    made: int = 0

    async def decide(self, symbol: str, slot: datetime) -> dict[str, Any]:
        tick = await self.wired.context.source.tick(symbol, slot)
        assert tick is not None
        self.model.lay(answers(self.made, float(tick.price)))
        self.made += 1
        return await self.runner.decide(symbol, slot)


def answers(number: int, price: float) -> list[AIMessage]:
    """A plan whose reward is too small, a better one; now and then nothing, or an exit."""
    if number % 7 == 3:
        return [said("propose_exit", {"thesis": "Enough.", "fraction": 1})]
    sign = 1 if number % 2 else -1
    ratios = (1.2, 2.0) if number % 3 else (2.0, 3.0)
    return [said("propose_plan", plan(price, sign, ratio)) for ratio in ratios]


def plan(price: float, sign: int, ratio: float) -> dict[str, Any]:
    """A plan with its stop 2 % away and its target `ratio` times as far."""
    return {
        "side": "long" if sign > 0 else "short",
        "targets": [{"price": round(price * (1 + sign * 0.02 * ratio), 1)}],
        "invalidation": round(price * (1 - sign * 0.02), 1),
        "horizon_bars": 12,
        "thesis": "It goes on.",
        "confidence": 0.5 if ratio < 2 else 0.7,
    }


def said(name: str, arguments: dict[str, Any]) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": "call"}])


def lived(home: Path, limits: str = OWN, options: SessionOptions = OPTIONS) -> None:
    """The session, in this process, under a policy."""

    async def live() -> None:
        model = QueuedModel()
        replaced = Replaced(model=model, source=SyntheticSource(7))
        policy = read_policy(limits, "test")
        async with wire_session(
            options, Settings(), home, policy=policy, replaced=replaced
        ) as wired:
            session = Session(
                context=wired.context,
                runner=Proposing(wired, model, Runner(wired.context, None)),
                executor=wired.executor,
                resumed_at=wired.venue.cursor,
                unfinished=None,
                diary=wired.diary,
                every=options.every,
                limit=None,
                progress=lambda _slot, _final: None,
                trouble=_fail,
                notice=lambda _words: None,
            )
            await drive(session, wired, options, Quiet())

    asyncio.run(live())


class Quiet:
    """A view that shows nothing."""

    def begin(self, wired: Wired, slots: int | None) -> None: ...
    def decided(self, slot: datetime, final: dict[str, Any]) -> None: ...
    def trouble(self, words: str) -> None: ...
    def notice(self, words: str) -> None: ...


def _fail(words: str) -> None:
    raise AssertionError(words)


def silent(_words: str, _made: int, _total: int) -> None: ...


def kinds(rows: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(row["flip"] or "only on the walk" for row in rows)
