"""The prompt says what was reviewed: stable part first, absent things as absent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from agent.prompt import prompt_hash, situation_message, system_message
from agent.situation import situation_values
from domain.lifecycle import TradingState
from domain.orders import Position
from policies.facts import AccountFacts, Held, WorkingEntry
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
