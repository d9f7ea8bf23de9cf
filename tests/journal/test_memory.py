"""What a session has behind it: read day by day, the same as read at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from journal.memory import trading_memory
from journal.metrics import performance
from tests.broker.house import played
from tests.broker.venue import CALM, OTHER, SYMBOL, D, H, Row, T, open_journal

pytestmark = pytest.mark.usefixtures("each_database")

FALLS: Row = (100, 100, 94, 94, 10)
DAY = timedelta(days=1)


def test_days_that_are_over_are_read_once_and_told_alike(tmp_path: Path) -> None:
    book, told = open_journal(tmp_path), []
    for hour in range(0, 80, 7):
        book.record_equity(T + hour * H, {"USDT": D(10_000 + hour)})
        told.append(book.daily_equity("USDT"))
    again = open_journal(tmp_path).daily_equity("USDT")
    assert told[-1] == again
    points = book.equity_points("USDT")
    last = {point.at.date(): point for point in points}
    assert again == list(last.values())
    assert len(again) == len({point.at.date() for point in points}) > 3


def test_a_day_is_told_by_its_newest_value(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    for value in (10_000, 10_001, 9_999):
        book.record_equity(T, {"USDT": D(value)})
        assert [point.equity for point in book.daily_equity("USDT")] == [value]


def test_before_the_first_decision_there_is_nothing_to_remember(tmp_path: Path) -> None:
    memory = trading_memory(open_journal(tmp_path), SYMBOL)
    assert (memory.since, memory.decisions_count, memory.newest) == (None, 0, ())
    assert memory.performance.sharpe_ratio is None


async def test_closed_trades_are_remembered_with_their_success(tmp_path: Path) -> None:
    house = await played(tmp_path, [CALM, FALLS, CALM])
    (trade,) = house.book.trades()
    memory = trading_memory(house.book, OTHER)
    assert memory.newest == (trade,)
    assert memory.performance == performance([], [trade], 365)
    assert memory.performance.worst_r is not None
    assert memory.performance.worst_r < 0
    assert trading_memory(house.book, "BTC/EUR").newest == ()
