"""A live decision whose tools get everything but answers, by the real ccxt client."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.planner import Planner
from agent.scripted_model import ScriptedModel, Step
from app.clock import SystemClock
from app.options import read_options
from app.session import Session
from app.settings import Settings
from app.wire import Replaced, Wired, wire_session
from domain.candles import Timeframe
from graph.run import Runner
from tests.e2e.command import unasked
from tests.e2e.test_exchange import SYMBOL, hour, minutes
from tests.servers.bad_exchange import BUSY, CUT, HANGS, HTML, HUGE, BadExchange
from tests.servers.exchange_server import market_id
from traces.events import ToolAnswered

LIMITS = "[default]\nmax_latency_s = 4\nmax_failures_count = 9\n"
DEADLINE_S = 60


TROUBLES = [("trades", {"count": count}) for count in (HANGS, HTML, CUT, HUGE)]
OTHER = "ETH/USDT:USDT"
MINUTE = Timeframe.M1
QUESTIONS = ("klines", "24hr", "depth", "fundingRate", "premiumIndex")


@asynccontextmanager
async def live(
    home: Path, server: BadExchange, symbols: list[str], steps: Sequence[Step], clock: SystemClock
) -> AsyncIterator[Wired]:
    """A live session on the server, whose model plays `steps`."""
    file = home / "tools.toml"
    file.write_text(LIMITS)
    options = read_options(
        symbols=symbols, market="ccxt:binanceusdm", model="rules", base_url=None,
        timeframe="1h", every=1, start=None, end=None, capital=None, session="s",
        policy=Path(unasked(home)), decisions=1, market_url=server.url, seed=7, tools=file,
    )  # fmt: skip
    replaced = Replaced(model=ScriptedModel(steps), clock=clock)
    async with wire_session(options, Settings(), home, replaced=replaced) as wired:
        assert isinstance(wired.context.planner, Planner)
        yield wired


def exchange(now: Callable[[], datetime]) -> BadExchange:
    first = hour(now() - timedelta(days=20))
    funding = [(first + timedelta(hours=8 * i), Decimal("0.0001")) for i in range(61)]
    series = minutes(first, 21)
    return BadExchange(
        {SYMBOL: series, OTHER: series}, now, funding={SYMBOL: funding, OTHER: funding}
    )


def answers(wired: Wired, final: dict[str, Any]) -> list[ToolAnswered]:
    events = [one.event for one in wired.context.recorder.store.events(final["run_id"])]
    return [event for event in events if isinstance(event, ToolAnswered)]


def require_typed(told: Sequence[ToolAnswered]) -> None:
    hung, html, cut, huge, busy = (event.refusal for event in told)
    assert (hung, huge, busy) == ("TIMED_OUT", "FAILED", "UNAVAILABLE")
    assert {html, cut} <= {"FAILED", "TIMED_OUT"}, "the client tries twice more, if there is time"
    assert all(event.latency_ms < 6_000 for event in told)


async def test_a_decision_ends_in_time_with_an_answer_for_each_call(tmp_path: Path) -> None:
    steps: list[Step] = [
        TROUBLES,
        [("trades", {"count": BUSY})],
        [("no_trade", {"reason": "no data"})],
    ]
    async with (
        exchange(lambda: datetime.now(UTC)) as server,
        live(tmp_path, server, [SYMBOL], steps, SystemClock()) as wired,
    ):
        started = time.monotonic()
        final = await Runner(wired.context, None).decide(SYMBOL, hour(datetime.now(UTC)))
        took_s = time.monotonic() - started
        told = answers(wired, final)
    assert final["outcome"] == "no_trade", final["reason"]
    require_typed(told)
    assert took_s < DEADLINE_S


class Trading:
    """Trades are streamed four times a second, at the exchange's price."""

    def __init__(self, server: BadExchange) -> None:
        self._server = server
        self._task = asyncio.create_task(self._go_on())

    async def _go_on(self) -> None:
        while True:
            for symbol in (SYMBOL, OTHER):
                await self._server.push(symbol, str(self._server.price(market_id(symbol))))
            await asyncio.sleep(0.25)

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


def bought(server: BadExchange) -> Step:
    price = float(server.price(market_id(SYMBOL)))
    draft = {
        "side": "long",
        "targets": [{"price": round(price * 1.05, 1)}],
        "invalidation": round(price * 0.985, 1),
        "horizon_bars": 24,
        "thesis": "The range broke.",
        "confidence": 0.7,
    }
    return [("propose_plan", draft)]


@pytest.mark.timeout(240)
async def test_a_stop_is_filled_on_the_stream_while_tools_get_no_answers_and_requests_are_banned(
    tmp_path: Path,
) -> None:
    """One minute is real: it begins some seconds after the session does."""
    real = datetime.now(UTC)
    ahead = hour(real) + timedelta(minutes=30, seconds=54) - real

    def now() -> datetime:
        return datetime.now(UTC) + ahead

    said: list[str] = []
    decided: list[dict[str, Any]] = []
    filled = threading.Event()

    def think(_: Any) -> Step:
        assert filled.wait(150)
        return [("no_trade", {"reason": "no data"})]

    async with exchange(now) as server:
        steps: list[Step] = [
            bought(server),
            TROUBLES,
            [("trades", {"count": BUSY})],
            think,
        ]
        async with live(tmp_path, server, [SYMBOL, OTHER], steps, SystemClock(now)) as wired:
            journal = wired.context.journal

            def session() -> Session:
                return Session(
                    context=wired.context, runner=Runner(wired.context, None),
                    executor=wired.executor, resumed_at=wired.venue.cursor,
                    unfinished=wired.venue.unfinished, diary=wired.diary, every=1, limit=1,
                    progress=lambda _slot, final: decided.append(final),
                    trouble=said.append, notice=said.append, watch_s=1.0,
                )  # fmt: skip

            trading = Trading(server)
            await session().live()
            assert decided[0]["outcome"] == "approved", decided[0]
            assert journal.ledger().positions
            minute = MINUTE.floor(now()) + MINUTE.delta + timedelta(seconds=1)
            deciding = asyncio.create_task(session().live())
            async with asyncio.timeout(200):
                while server.banned_at is None or now() < minute:
                    await asyncio.sleep(0.1)
                asked = len(server.requests)
                server.drop("0.97")
                while journal.ledger().positions:
                    await asyncio.sleep(0.1)
            still_deciding, asked = len(decided) == 1, len(server.requests) - asked
            filled.set()
            await deciding
            await trading.end()
            told, fills = answers(wired, decided[1]), journal.fills()
    (stop,) = (fill for fill in fills if fill.leg == "stop")
    assert still_deciding, "it is booked while the model still thinks"
    assert stop.at == MINUTE.floor(minute)
    assert asked == 0, "and nothing was sent to an exchange that asked to be left alone"
    assert [words for words in said if "orders are filled on the minutes that it streams" in words]
    require_typed(told)


async def test_an_exchange_that_refuses_us_ends_no_session_that_holds_something(
    tmp_path: Path,
) -> None:
    """A funding payment falls due while it does."""
    start = datetime.now(UTC)
    later = hour(start).replace(hour=23) + timedelta(minutes=30) - start
    said: list[str] = []
    decided: list[dict[str, Any]] = []

    def now() -> datetime:
        return datetime.now(UTC) + later

    async with (
        exchange(now) as server,
        live(tmp_path, server, [SYMBOL], [bought(server)], SystemClock(now)) as wired,
    ):

        def session(limit: int | None) -> Session:
            return Session(
                context=wired.context, runner=Runner(wired.context, None),
                executor=wired.executor, resumed_at=wired.venue.cursor,
                unfinished=wired.venue.unfinished, diary=wired.diary, every=1, limit=limit,
                progress=lambda _slot, final: decided.append(final),
                trouble=said.append, notice=said.append, watch_s=1.0,
            )  # fmt: skip

        await session(1).live()
        assert wired.context.journal.ledger().positions, decided
        server.broken = dict.fromkeys(QUESTIONS, (451, "<html>not from here</html>"))
        later += timedelta(hours=1)
        going_on = asyncio.create_task(session(None).live())
        async with asyncio.timeout(60):
            while len(decided) < 2 and not going_on.done():
                await asyncio.sleep(0.05)
            server.broken = {}
            followed = f"{SYMBOL}: its orders are followed again"
            while followed not in said and not going_on.done():
                await asyncio.sleep(0.05)
        assert not going_on.done(), going_on
        going_on.cancel()
        await asyncio.wait([going_on])
    assert decided[1]["codes"] == ["DATA_UNAVAILABLE"]
    (unwatched,) = (words for words in said if "is NOT watched" in words)
    assert "451" in unwatched
    refusals = [words for words in said if words.startswith("binanceusdm ") and "451" in words]
    assert len(refusals) == len(set(refusals)) == 1, "said, and not said again"
