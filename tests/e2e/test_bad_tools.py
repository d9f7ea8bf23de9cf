"""A live decision whose tools get everything but answers, by the real ccxt client."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from agent.planner import Planner
from agent.scripted_model import ScriptedModel
from app.options import read_options
from app.settings import Settings
from app.wire import Replaced, wire_session
from graph.run import Runner
from tests.e2e.test_exchange import SYMBOL, hour, minutes
from tests.servers.bad_exchange import BUSY, CUT, HANGS, HTML, HUGE, BadExchange
from traces.events import ToolAnswered

LIMITS = "[default]\nmax_latency_s = 4\nmax_failures_count = 9\n"
DEADLINE_S = 60


async def test_a_decision_ends_in_time_with_an_answer_for_each_call(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    first = hour(now - timedelta(days=20))
    funding = [(first + timedelta(hours=8 * i), Decimal("0.0001")) for i in range(61)]
    file = tmp_path / "tools.toml"
    file.write_text(LIMITS)
    first_turn = [("trades", {"count": count}) for count in (HANGS, HTML, CUT, HUGE)]
    model = ScriptedModel(
        [first_turn, [("trades", {"count": BUSY})], [("no_trade", {"reason": "no data"})]]
    )
    async with BadExchange({SYMBOL: minutes(first, 21)}, funding={SYMBOL: funding}) as server:
        options = read_options(
            symbols=[SYMBOL], market="ccxt:binanceusdm", model="rules", base_url=None,
            timeframe="1h", every=1, start=None, end=None, capital=None, policy=None, session="s",
            decisions=1, market_url=server.url, seed=7, tools=file,
        )  # fmt: skip
        replaced = Replaced(model=model)
        async with wire_session(options, Settings(), tmp_path, replaced=replaced) as wired:
            context = wired.context
            assert isinstance(context.planner, Planner)
            started = time.monotonic()
            final = await Runner(context, None).decide(SYMBOL, hour(now))
            took_s = time.monotonic() - started
            events = [one.event for one in context.recorder.store.events(final["run_id"])]
    told = [event for event in events if isinstance(event, ToolAnswered)]
    assert final["outcome"] == "no_trade", final["reason"]
    hung, html, cut, huge, busy = (event.refusal for event in told)
    assert (hung, huge, busy) == ("TIMED_OUT", "FAILED", "UNAVAILABLE")
    assert {html, cut} <= {"FAILED", "TIMED_OUT"}, "the client tries twice more, if there is time"
    assert all(event.latency_ms < 6_000 for event in told)
    assert took_s < DEADLINE_S
