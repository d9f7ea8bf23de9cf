"""The prompt says what was reviewed: stable part first, absent things as absent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from agent.prompt import prompt_hash, situation_message, system_message
from agent.situation import situation_values
from agent.situation_memory import memory_lines
from domain.lifecycle import TradingState
from domain.orders import Position
from domain.trade import ClosedTrade
from journal.memory import TradingMemory
from journal.metrics import EquityPoint, performance
from policies.facts import AccountFacts, Held, WorkingEntry
from policies.settings import Policy
from tests.agent.samples import AS_OF, snapshot

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
ACCOUNT = AccountFacts(
    equity=Decimal("10000.5"),
    free=Decimal("7000"),
    day_start_equity=Decimal("10100"),
    peak_equity=Decimal("10100"),
    leverage_ratio=Decimal(2),
    trading_state=TradingState.ACTIVE,
    kill_switch=False,
    reconciled=True,
    positions=(Held("BTC/USDT", Decimal("-0.02"), Decimal("64052.1"), Decimal("12.5")),),
    working_entries=(WorkingEntry("ETH/USDT", "buy", Decimal("500"), Decimal("5")),),
    trades_today=2,
    trades_today_symbol=1,
)
POSITION = Position("BTC/USDT", Decimal("-0.02"), Decimal("-1290"), AS_OF, "plan")


def test_the_system_prompt_is_the_one_that_was_reviewed() -> None:
    expected = (SNAPSHOTS / "system_prompt.txt").read_text(encoding="utf-8")
    assert system_message("- RULES STAND HERE $5").content == expected


def test_the_situation_is_written_as_reviewed() -> None:
    expected = (SNAPSHOTS / "situation_prompt.txt").read_text(encoding="utf-8")
    assert situation_message(snapshot(), ACCOUNT, POSITION).content == expected


def test_a_bare_snapshot_shows_what_is_absent_and_no_zero() -> None:
    bare = snapshot().model_copy(
        update={"book": None, "funding": None, "bars": (), "features": (), "missing": ()}
    )
    values = situation_values(bare, ACCOUNT, None)
    assert values["book"] == values["candles"] == values["features"] == "-"
    assert values["funding"] == "funding -, open interest - (base)"
    assert values["position"] == "none"
    assert values["missing"] == "nothing"


def test_synthetic_data_and_a_modelled_book_are_called_so() -> None:
    book = snapshot().book
    assert book is not None
    modelled = snapshot().model_copy(
        update={"book": book.model_copy(update={"origin": "modelled"})}
    )
    text = situation_message(modelled, ACCOUNT, None).text
    assert "Order book (modelled)" in text
    assert "synthetic | synthetic" in text


def test_the_hash_names_the_prompt_and_does_not_change_by_itself() -> None:
    assert prompt_hash() == prompt_hash()
    assert len(prompt_hash()) == 32


def test_the_session_so_far_is_told_with_its_limits_and_its_error() -> None:
    won = ClosedTrade(
        "p", "BTC/USDT", "long", Decimal(1), Decimal(100), Decimal(110), AS_OF, AS_OF, Decimal(10),
        Decimal(1), Decimal(0), Decimal(6), "target",
    )  # fmt: skip
    lost = replace(won, side="short", gross=Decimal(-5), close_reason="stop")
    values = [(0, 10_000), (1, 10_010), (2, 10_004)]
    points = [EquityPoint(AS_OF + timedelta(days=n), Decimal(value)) for n, value in values]
    memory = TradingMemory(AS_OF, 48, performance(points, [won, lost], 365.0), (won, lost))
    at = AS_OF.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert memory_lines(memory, ACCOUNT, Policy()).splitlines() == [
        f"Since {at}: 48 decisions; entries today 2 of 10, in this instrument 1 of 3",
        "Closed trades 2: won 0.5, mean 0.25 R, best 1.5 R, worst -1 R; Sharpe of 2 daily returns "
        "3.38 ± 13.6",
        "closed at | symbol | side | R | by",
        f"{at} | BTC/USDT | long | 1.5 | target",
        f"{at} | BTC/USDT | short | -1 | stop",
    ]


def test_a_session_that_begins_has_nothing_behind_it() -> None:
    memory = TradingMemory(None, 0, performance([], [], 365.0), ())
    said = memory_lines(memory, ACCOUNT, Policy())
    assert said.startswith("Since now: 0 decisions")
    assert "won -, mean - R" in said
