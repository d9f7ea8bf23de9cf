"""Kill, flatten, resume and reconcile: on a session that runs, and on one that does not."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest

from agent.model_spec import ModelSpec
from agent.models import close_model, make_models
from agent.planner import Planner
from app.lease import lease
from app.session import Session
from app.wire import Wired
from domain.clock import FixedClock
from domain.lifecycle import OrderStatus, TradingState
from graph.run import Runner, open_saver
from journal.batch import Batch
from journal.operator import record_act
from tests.e2e.command import COMMAND, Ran, environment, plangate
from tests.graph.room import SLOT, proposal, scripted, session_of, wired_session
from tests.journal.hand import fill
from tests.servers.openai_server import OpenAIServer

D = Decimal
H = timedelta(hours=1)
HELD = ("run", "--from", "2019-04-01", "--to", "2019-04-08", "--every", "2", "--session", "s")


@asynccontextmanager
async def running(home: Path, notices: list[str]) -> AsyncIterator[tuple[Wired, Session]]:
    """A session of this process; BTC/USD is at 5154.45 at `SLOT`."""
    async with wired_session(home) as wired:
        yield wired, session_of(wired, notices)


async def planned(home: Path, wired: Wired, **changes: object) -> None:
    """A plan is approved and its entry sent."""
    context, model = scripted(wired, [proposal(5300, **changes)])
    async with open_saver(home / "c.db") as saver:
        final = await Runner(context, saver).decide("BTC/USD", SLOT)
    model.assert_finished()
    assert final["outcome"] == "approved", final["reason"]
    await wired.executor.dispatch()


def said(ran: Ran) -> str:
    assert ran.code == 0, ran.err
    return ran.out


def code_of(home: Path, *words: str) -> str:
    code: str = plangate(home, "resume", *words, "--json").document["code"]
    return code


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a session that was left with a position, to be copied."""
    home = tmp_path_factory.mktemp("held")
    ran = plangate(home, *HELD, "--decisions", "11", "--json")
    assert ran.code == 0, ran.err
    return home


@pytest.fixture
def left(held: Path, tmp_path: Path) -> Path:
    """A folder of one's own in which a session was left with a position."""
    return shutil.copytree(held, tmp_path / "left")


@pytest.mark.parametrize("how", ["word", "file"])
async def test_a_kill_takes_entries_back_at_once_and_keeps_stops(tmp_path: Path, how: str) -> None:
    async with running(tmp_path, []) as (wired, _):
        await planned(tmp_path, wired, entry=5145)
        (entry,) = wired.context.journal.orders(OrderStatus.WORKING)
        if how == "word":
            out = said(plangate(tmp_path, "kill", "--reason", "odd fills"))
            assert "taken back entry buy" in out
            assert "the session runs: it obeys within about ten seconds" in out
        else:
            (tmp_path / "kill-switch").touch()
        await wired.executor.settle(SLOT + timedelta(seconds=10))
        known = wired.context.journal.order(entry.client_order_id)
        assert known is not None
        assert known.status == OrderStatus.CANCELLED
        assert await wired.venue.working() == []
        assert wired.executor.notices() == ["kill switch: 1 entry taken back, 0 stops stay"]


async def test_a_kill_is_obeyed_while_a_model_thinks(tmp_path: Path) -> None:
    silence = {"delay_s": 60, "calls": [("no_trade", {"reason": "too late"})]}
    notices: list[str] = []
    with OpenAIServer([silence]) as server:
        async with (
            running(tmp_path, notices) as (wired, session),
            open_saver(tmp_path / "d.db") as saver,
        ):
            await planned(tmp_path, wired, entry=5145)
            (entry,) = wired.context.journal.orders(OrderStatus.WORKING)
            slow = {"slow": ModelSpec(model="slow", base_url=server.base_url)}
            models = make_models("slow", slow, {})
            planner = Planner(models, wired.context.desk.schemas)
            session.context = replace(wired.context, planner=planner)
            session.runner = Runner(session.context, saver)
            session.limit, session.watch_s = 1, 0.05
            clock = wired.context.clock
            assert isinstance(clock, FixedClock)
            clock.advance_to(SLOT + H / 2)
            living = asyncio.create_task(session.live())
            while not server.requests:
                await asyncio.sleep(0.01)
            assert await wired.venue.working() != []
            record_act(wired.context.journal.database, "s", "kill", "odd fills", SLOT)
            async with asyncio.timeout(20):
                while await wired.venue.working():
                    await asyncio.sleep(0.01)
            assert not living.done()
            assert session.made == 0
            server.closing.set()  # the model answers
            await living
            known = wired.context.journal.order(entry.client_order_id)
            assert known is not None
            assert known.status == OrderStatus.CANCELLED
            assert session.made == 1
            await close_model(models[0].model)
    assert notices == ["kill switch: 1 entry taken back, 0 stops stay"]


async def test_a_session_that_is_ended_while_a_model_thinks_leaves_no_task_behind(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, []) as (_, session):
        thinking = asyncio.Event()

        class Thinker:
            async def decide(self, symbol: str, slot: datetime) -> dict[str, Any]:
                thinking.set()
                await asyncio.sleep(60)
                raise AssertionError(symbol, slot)

        session.runner, session.watch_s = Thinker(), 0.01
        living = asyncio.create_task(session.live())
        await thinking.wait()
        await asyncio.sleep(0.05)
        living.cancel()
        with pytest.raises(asyncio.CancelledError):
            await living
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_under_a_kill_stops_stay_and_every_plan_is_denied(tmp_path: Path) -> None:
    async with running(tmp_path, []) as (wired, _):
        await planned(tmp_path, wired)
        await wired.executor.advance(SLOT + H)
        working = [(o.leg, o.status) for o in wired.context.journal.orders(OrderStatus.WORKING)]
        assert {leg for leg, _ in working} == {"stop", "target_1"}
        out = said(plangate(tmp_path, "kill"))
        assert "kept       stop sell" in out
        assert "held on    long" in out
        await wired.executor.settle(SLOT + H)
        after = [(o.leg, o.status) for o in wired.context.journal.orders(OrderStatus.WORKING)]
        assert after == working
        context, _ = scripted(wired, [proposal(5300)])
        async with open_saver(tmp_path / "d.db") as saver:
            final = await Runner(context, saver).decide("BTC/USD", SLOT + H)
        assert "KILL_SWITCH" in final["codes"]


async def test_a_halt_is_resumed_and_measured_anew(tmp_path: Path) -> None:
    notices: list[str] = []

    def lost(hour: int) -> None:
        entry = fill("buy", "1", "9000", symbol="BTC/USD", hour=hour, name=f"t{hour}")
        wired.context.journal.apply(Batch(entries=[entry]))

    async with running(tmp_path, notices) as (wired, session):
        lost(0)
        await session.record_equity(SLOT - H)
        journal = wired.context.journal
        assert journal.trading_state(SLOT) == TradingState.HALTED
        out = said(plangate(tmp_path, "resume"))
        assert "halted: Equity of 6154" in out or "halted: Equity of" in out
        words = ("--reason", "I know why", "--confirm", code_of(tmp_path))
        assert "resumed" in said(plangate(tmp_path, "resume", *words))
        assert journal.trading_state(SLOT) == TradingState.ACTIVE
        assert journal.peak_equity("USD") == journal.equity_points("USD")[-1].equity
        await session.record_equity(SLOT)
        assert journal.trading_state(SLOT) != TradingState.HALTED
        again = plangate(tmp_path, "resume", *words)
        assert again.code == 2
        assert "look again" in again.err
    async with running(tmp_path, notices) as (wired, session):
        journal = wired.context.journal
        assert journal.trading_state(SLOT) != TradingState.HALTED
        assert journal.peak_equity("USD") < D(7000)
        lost(1)
        await session.record_equity(SLOT + 2 * H)
        assert journal.trading_state(SLOT + 2 * H) == TradingState.HALTED
        states = [(e.state.value, e.reason) for e in journal.trading_states()]
    assert ("active", "Resumed: I know why") in states
    assert states[-1][0] == "halted"
    assert "below its peak of 6" in states[-1][1]


def test_a_replay_halted_by_drawdown_decides_again_after_resume(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("max_drawdown_fraction = 0.005\n", "utf-8")

    def run_to(end: str) -> Ran:
        words = ("run", "--from", "2019-04-06", "--to", end, *HELD[5:], "--policy", str(policy))
        ran = plangate(tmp_path, *words, "--json")
        assert ran.code == 0, ran.err
        return ran

    def plans() -> list[str]:
        return [p["plan_id"] for p in plangate(tmp_path, "plans", "--json").document["plans"]]

    assert run_to("2019-04-09").err.count("halted: ") == 1
    before = plans()
    assert "halted" not in run_to("2019-04-11").err
    assert plans() == before
    words = ("--reason", "seen", "--confirm", code_of(tmp_path))
    said(plangate(tmp_path, "resume", *words))
    assert "halted" not in run_to("2019-04-18").err
    assert len(plans()) > len(before)


def test_a_kill_reaches_a_session_that_runs_in_another_process(tmp_path: Path) -> None:
    words = ("run", "--from", "2018-09-01", "--to", "2019-05-01", "--session", "s", "--json")
    process = subprocess.Popen(
        [*COMMAND, *words],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not plangate(tmp_path, "traces", "list").out:
            time.sleep(0.1)
        out = said(plangate(tmp_path, "kill", "--all", "--reason", "drill"))
        assert "s: kill switch on" in out
        assert "the session runs" in out
        time.sleep(2)
        before = plangate(tmp_path, "plans", "--json").document["plans"]
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, err
    assert "kill switch: " in err
    assert plangate(tmp_path, "plans", "--json").document["plans"] == before


def test_kill_and_flatten_are_obeyed_first_at_the_next_start_and_survive_it(left: Path) -> None:
    out = said(plangate(left, "kill", "--flatten", "--reason", "odd fills"))
    assert "closed     long 0.6039 BTC/USD" in out
    assert "the session does not run: it obeys at its next start" in out
    ran = plangate(left, *HELD, "--json")
    assert "flatten: BTC/USD is closed at the market (odd fills)" in ran.err
    (trade,) = ran.document["trades"]
    assert (trade["close_reason"], trade["closed_at"]) == ("manual", "2019-04-01T20:00:00Z")
    assert len(plangate(left, "plans", "--json").document["plans"]) == 1
    seen = plangate(left, "resume", "--json").document
    assert seen["sessions"][0]["kill_word"]["reason"] == "odd fills"
    words = ("--reason", "settled", "--confirm", seen["code"])
    assert "resumed" in said(plangate(left, "resume", *words))
    later = [word if word != "2019-04-08" else "2019-04-11" for word in HELD]
    assert len(plangate(left, *later, "--json").document["trades"]) > 1
    assert "nothing to resume" in said(plangate(left, "resume"))


def test_a_flatten_alone_closes_and_lets_open_again(left: Path) -> None:
    assert "it may open again" in said(plangate(left, "flatten"))
    trades = plangate(left, *HELD, "--json").document["trades"]
    assert trades[0]["close_reason"] == "manual"
    assert len(trades) > 1


def test_resume_refuses_what_it_must_not_end(left: Path) -> None:
    said(plangate(left, "kill"))
    code = code_of(left)
    for words, expected, complaint in (
        (("--confirm", code), 2, "needs a --reason"),
        (("--confirm", "000000", "--reason", "x"), 2, "look again"),
        (("--confirm", code, "--reason", " "), 2, "--reason ' '"),
        (("--all", "--session", "s"), 2, "exclude each other"),
    ):
        ran = plangate(left, "resume", *words)
        assert (ran.code, ran.out) == (expected, "")
        assert complaint in ran.err
    switch = left / "kill-switch"
    switch.touch()
    ran = plangate(left, "resume", "--confirm", code, "--reason", "x")
    assert ran.code == 6
    assert str(switch) in ran.err
    assert str(switch) in said(plangate(left, "resume")).replace("\n", "")
    switch.unlink()
    assert code_of(left) == code
    said(plangate(left, "flatten"))
    said(plangate(left, "kill", "--reason", "again"))
    stale = plangate(left, "resume", "--confirm", code, "--reason", "x")
    assert (stale.code, "look again" in stale.err) == (2, True)


def test_a_kill_of_all_holds_for_sessions_to_come_until_it_is_taken_back(tmp_path: Path) -> None:
    out = said(plangate(tmp_path, "kill", "--all"))
    assert "those to come too" in out
    ran = plangate(tmp_path, *HELD, "--decisions", "12", "--json")
    assert "kill switch: " in ran.err
    assert ran.document["orders"] == []
    code = code_of(tmp_path, "--all")
    resumed = plangate(tmp_path, "resume", "--all", "--confirm", code, "--reason", "drill over")
    assert "resumed" in said(resumed)
    assert code_of(tmp_path, "--all") is None
    other = [word if word != "s" else "t" for word in HELD]
    assert plangate(tmp_path, *other, "--decisions", "12", "--json").document["orders"]


def test_venue_and_journal_agree_or_the_session_is_halted(left: Path) -> None:
    ran = plangate(left, "reconcile")
    assert "agree on 1 position and 2 working orders" in said(ran)
    with closing(connect(left / "plangate.db")) as connection, connection:
        connection.execute("DELETE FROM paper_order WHERE body LIKE '%\"stop\"%'")
    ran = plangate(left, "reconcile", "--json")
    assert ran.code == 7, ran.err
    assert ran.document["agree"] is False
    assert ran.document["trading_state"] == "halted"
    assert "works in the journal and not at the venue" in ran.document["mismatches"][0]
    assert "disagree" in said(plangate(left, "resume"))


def test_reconcile_leaves_the_session_to_go_on_as_it_would_have(left: Path, tmp_path: Path) -> None:
    plain = shutil.copytree(left, tmp_path / "plain")
    said(plangate(left, "reconcile"))
    assert plangate(left, *HELD, "--json").out == plangate(plain, *HELD, "--json").out


def test_reconcile_is_refused_while_the_session_runs(left: Path) -> None:
    with lease(left, "s"):
        ran = plangate(left, "reconcile")
    assert (ran.code, ran.out) == (6, "")
    assert "another process" in ran.err


def test_reconcile_takes_the_policy_that_the_session_was_started_with_and_no_other(
    tmp_path: Path,
) -> None:
    ran = plangate(tmp_path, *HELD, "--policy", "conservative", "--decisions", "2", "--json")
    assert ran.code == 0, ran.err
    refused = plangate(tmp_path, "reconcile", "--policy", "aggressive")
    assert refused.code == 6
    assert "policy_hash" in refused.err
    said(plangate(tmp_path, "reconcile", "--policy", "conservative"))
    assert "agree" in said(plangate(tmp_path, "reconcile"))
    assert "policy" not in ran.document["session"]


def test_a_policy_file_that_is_gone_is_not_needed_to_reconcile(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("max_open_risk_fraction = 0.03\n", "utf-8")
    ran = plangate(tmp_path, *HELD, "--policy", str(policy), "--decisions", "2", "--json")
    assert ran.code == 0, ran.err
    policy.unlink()
    assert "agree" in said(plangate(tmp_path, "reconcile"))


@pytest.mark.parametrize("command", ["kill", "flatten", "resume", "reconcile"])
def test_help_teaches_and_an_empty_folder_is_an_error(tmp_path: Path, command: str) -> None:
    assert f"plangate {command} --" in " ".join(plangate(tmp_path, command, "--help").out.split())
    ran = plangate(tmp_path, command)
    assert ran.code == 6
    assert "plangate run" in ran.err
