"""A plan that is wrong by its own words is left, without anybody being asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from broker.invalidation import Invalidated, Invalidation
from domain.candles import Timeframe
from domain.errors import Unreachable
from market.observe import Observer
from tests.broker.house import SYMBOLS, WHOLE, House
from tests.broker.venue import CALM, OTHER, SYMBOL, D, H, Row, T, VenueSource, approved, bars

LOW: Row = (100, 100, 97, 98, 10)
"""Closes at 98, above the stop of 95."""
HIGH: Row = (105, 106, 104, 105, 10)
BELOW_99 = ("1h close below 99",)


async def watched(folder: Path, rows: list[Row], **plan: Any) -> tuple[House, list[Invalidated]]:
    """One plan on these bars, watched at every close."""
    source = VenueSource({SYMBOL: bars(rows), OTHER: bars(rows)})
    house = House(folder, source, terms=WHOLE)
    await house.work(*approved(**plan))
    left: list[Invalidated] = []
    observer = Observer(source, Timeframe.H1, SYMBOLS)
    watch = Invalidation(house.book, source, observer, house.follower, left.append)
    for hours in range(1, len(rows) + 1):
        await house.advance(hours)
        await watch.watch(T + hours * H)
        await watch.watch(T + hours * H)
        await house.dispatcher.exits(T + hours * H)
    return house, left


async def test_a_position_is_closed_once_at_the_market(tmp_path: Path) -> None:
    house, left = await watched(tmp_path, [CALM, CALM, LOW, LOW], invalid_if=BELOW_99)
    [news] = left
    assert (news.reading.condition, news.reading.measured) == ("1h close below 99", D(98))
    assert news.at == T + 3 * H
    [trade] = house.book.trades()
    assert (trade.close_reason, trade.quantity) == ("invalidated", D(1))
    assert house.book.position(SYMBOL) is None
    assert house.statuses()["stop"] == "cancelled"


async def test_nothing_is_done_while_no_condition_holds(tmp_path: Path) -> None:
    house, left = await watched(tmp_path, [CALM] * 4, invalid_if=("1h close below 99.99",))
    assert left == []
    assert house.plan_status() == "open"


async def test_what_cannot_be_read_closes_nothing(tmp_path: Path) -> None:
    unread = ("1d close below 5000", "1h ema_50 below 5000", "open interest below 5000")
    house, left = await watched(tmp_path, [CALM] * 4, invalid_if=unread)
    assert left == []
    assert house.plan_status() == "open"


async def test_an_entry_that_waits_is_taken_back(tmp_path: Path) -> None:
    house, left = await watched(
        tmp_path, [HIGH, HIGH], entry="100", rests_for=9 * H, invalid_if=("price above 104",)
    )
    assert [news.at for news in left] == [T + H]
    assert house.statuses() == {"entry": "cancelled"}
    assert house.plan_status() == "cancelled"
    assert house.filled() == []


async def test_a_market_that_does_not_answer_is_looked_at_again(tmp_path: Path) -> None:
    class Silent(Observer):
        async def snapshot(self, symbol: str, as_of: Any) -> Any:
            raise Unreachable(f"{symbol} at {as_of}: no answer")

    source = VenueSource({SYMBOL: bars([CALM, LOW]), OTHER: bars([CALM, LOW])})
    house = House(tmp_path, source, terms=WHOLE)
    await house.work(*approved(invalid_if=BELOW_99))
    await house.advance(2)
    left: list[Invalidated] = []
    for kind, count in ((Silent, 0), (Observer, 1)):
        observer = kind(source, Timeframe.H1, SYMBOLS)
        watch = Invalidation(house.book, source, observer, house.follower, left.append)
        await watch.watch(T + 2 * H)
        assert len(left) == count
