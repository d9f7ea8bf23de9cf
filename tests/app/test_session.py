"""What a session does with what it is worth: it reduces, halts, says so once and remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.report import report_document
from app.report_page import page
from app.report_words import report_lines
from app.session import Session
from app.wire import Wired
from domain.lifecycle import TradingState
from graph.run import Runner, open_saver
from journal.batch import Batch
from tests.graph.room import SLOT, proposal, scripted, session_of, wired_session
from tests.journal.hand import fill

D = Decimal
H = timedelta(hours=1)
MIDNIGHT = SLOT.replace(hour=0) + 24 * H


@asynccontextmanager
async def opened(home: Path, notices: list[str]) -> AsyncIterator[tuple[Wired, Session]]:
    """A session on the box; BTC/USD is at 5154.45 at `SLOT`."""
    async with wired_session(home) as wired:
        yield wired, session_of(wired, notices)


def bought(wired: Wired, quantity: str, price: str) -> None:
    """A purchase in the books, at a price of our choice: how a loss is made."""
    wired.context.journal.apply(Batch(entries=[fill("buy", quantity, price, symbol="BTC/USD")]))


@pytest.mark.parametrize(
    ("quantity", "state", "words"),
    [("0.1", "reducing", "3.85 %"), ("1", "halted", "38.46 %")],
)
async def test_a_loss_changes_the_state_and_is_said_once(
    quantity: str, state: str, words: str, tmp_path: Path
) -> None:
    notices: list[str] = []
    async with opened(tmp_path, notices) as (wired, session):
        bought(wired, quantity, "9000")
        await session.record_equity(SLOT)
        await session.record_equity(SLOT)
        await session.record_equity(SLOT + H)
        journal = wired.context.journal
        assert journal.trading_state(SLOT) == TradingState(state)
        assert len(journal.trading_states()) == 1
    (said,) = notices
    assert said.startswith(f"{state}: ")
    assert words in said


async def test_a_bearable_loss_is_not_spoken_of(tmp_path: Path) -> None:
    notices: list[str] = []
    async with opened(tmp_path, notices) as (wired, session):
        bought(wired, "0.05", "9000")
        await session.record_equity(SLOT)
        assert wired.context.journal.trading_state(SLOT) == TradingState.ACTIVE
    assert notices == []


async def test_a_bad_day_ends_at_utc_midnight_and_not_before(tmp_path: Path) -> None:
    notices: list[str] = []
    async with opened(tmp_path, notices) as (wired, session):
        bought(wired, "0.1", "9000")
        await session.record_equity(SLOT)
        wired.context.journal.apply(
            Batch(entries=[fill("sell", "0.1", "9000", symbol="BTC/USD", hour=1)])
        )
        await session.record_equity(SLOT + H)
    async with opened(tmp_path, notices) as (wired, session):
        journal = wired.context.journal
        assert journal.equity_points("USD")[-1].equity == D(10_000)
        assert journal.trading_state(MIDNIGHT - H) == TradingState.REDUCING
        assert journal.trading_state(MIDNIGHT) == TradingState.ACTIVE
        await session.record_equity(MIDNIGHT)
        assert len(journal.trading_states()) == 1


async def test_a_halt_outlives_the_process_and_every_recovery(tmp_path: Path) -> None:
    notices: list[str] = []
    async with opened(tmp_path, notices) as (wired, session):
        bought(wired, "1", "9000")
        await session.record_equity(SLOT)
    async with opened(tmp_path, notices) as (wired, session):
        journal = wired.context.journal
        journal.apply(Batch(entries=[fill("sell", "1", "12000", symbol="BTC/USD", hour=1)]))
        await session.record_equity(SLOT + 72 * H)
        assert journal.equity_points("USD")[-1].equity == D(13_000)
        assert journal.trading_state(SLOT + 999 * H) == TradingState.HALTED
    assert len(notices) == 1


async def test_a_halted_session_opens_nothing_and_does_not_ask_twice(tmp_path: Path) -> None:
    async with (
        opened(tmp_path, []) as (wired, session),
        open_saver(tmp_path / "c.db") as saver,
    ):
        bought(wired, "1", "9000")
        await session.record_equity(SLOT - H)
        context, model = scripted(wired, [proposal(5300)])
        final = await Runner(context, saver).decide("BTC/USD", SLOT)
        model.assert_finished()
    assert final["outcome"] == "denied"
    assert {"TRADING_HALTED", "MAX_DRAWDOWN"} <= set(final["codes"])


async def test_the_report_says_when_and_why(tmp_path: Path) -> None:
    async with opened(tmp_path, []) as (wired, session):
        before = words_of(report_document(wired.context.journal))
        bought(wired, "0.1", "9000")
        await session.record_equity(SLOT)
        bought(wired, "1", "9000")
        wired.context.journal.apply(
            Batch(entries=[fill("buy", "1", "9000", symbol="BTC/USD", hour=2)])
        )
        await session.record_equity(SLOT + H)
        document = report_document(wired.context.journal)
    assert before == "active throughout"
    states: Sequence[dict[str, str | None]] = document["trading_states"]
    assert [(s["state"], s["at"], s["until"]) for s in states] == [
        ("reducing", "2019-04-15T01:00:00Z", "2019-04-16T00:00:00Z"),
        ("halted", "2019-04-15T02:00:00Z", None),
    ]
    words = words_of(document)
    assert words.startswith("halted at 2019-04-15T02:00:00Z: Equity of ")
    assert words.endswith("(1 earlier change)")
    assert words in page(document)


def words_of(document: dict[str, object]) -> str:
    return dict(report_lines(document))["trading state"]
