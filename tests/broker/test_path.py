from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from typing_extensions import override

from broker.path import PathKeeper
from domain.candles import Candles, Series, Timeframe
from domain.errors import Unreachable
from domain.plan import Side
from journal.batch import Batch
from journal.paths import PathBar, excursions
from tests.broker.house import WHOLE, House
from tests.broker.venue import CALM, OTHER, SYMBOL, D, H, Row, T, VenueSource, approved, bars

RISING = [
    (100, 104, 98, 101, 10),
    (101, 106, 99, 105, 10),
    (105, 108, 100, 107, 10),
    (107, 112, 94.9, 109, 10),
    CALM,
    CALM,
]
"""The last but two reaches the target of 110 and the stop of 95: the stop comes first."""


class Asked(VenueSource):
    """Remembers what the keeper asked for, and does not answer while it is out."""

    def __init__(self, data: dict[str, Series]) -> None:
        super().__init__(data)
        self.out = False
        self.asked: list[str] = []
        """Hours after `T`."""

    @override
    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        self.asked.append(f"{(after - T) / H:g} to {(until - T) / H:g}")
        if self.out:
            raise Unreachable("the market does not answer")
        return await super().bars_after(symbol, after, until)


def keeper(house: House, frame: Timeframe = Timeframe.H1) -> PathKeeper:
    return PathKeeper(house.book, house.source, frame)


def source(rows: Sequence[Row]) -> Asked:
    return Asked({SYMBOL: bars(rows), OTHER: bars(rows)})


async def opened(
    folder: Path, rows: Sequence[Row] = RISING, *, side: Side = "long", entry: str | None = None
) -> House:
    """A house whose plan is sent, and not filled yet."""
    house = House(folder, source(rows), terms=WHOLE)
    await house.work(*approved(side=side, entry=entry, open_for=20 * H))
    return house


def path(house: House) -> list[PathBar]:
    (plan,) = house.book.plans()
    return house.book.path(plan.plan.plan_id)


def ends(house: House) -> list[tuple[str, str, str]]:
    return [(f"{b.high:f}", f"{b.low:f}", f"{b.close:f}") for b in path(house)]


async def test_the_path_of_a_trade_is_the_adverse_end_whole_bars_and_the_price_of_the_exit(
    tmp_path: Path,
) -> None:
    house = await opened(tmp_path)
    await house.advance(6)
    await keeper(house).keep(T + 6 * H)
    assert house.filled() == [("entry", D(100)), ("stop", D("94.9"))]
    assert ends(house) == [
        ("101", "98", "101"),
        ("106", "99", "105"),
        ("108", "100", "107"),
        ("94.9", "94.9", "94.9"),
    ]
    (trade,) = house.book.trades()
    found = excursions(trade, path(house))
    assert found is not None
    assert (found.mae, found.mfe) == (D("5.1"), D(8))


async def test_a_trade_of_one_bar_has_its_two_prices_and_no_more(tmp_path: Path) -> None:
    house = await opened(tmp_path, [(100, 120, 94, 100, 10), CALM], side="short")
    await house.advance(2)
    await keeper(house).keep(T + 2 * H)
    assert ends(house) == [("105.5", "100", "105.5")]


async def test_however_often_it_is_kept_the_path_is_the_same(tmp_path: Path) -> None:
    """Kept at every hour, at once, or by a process that ended in between."""
    found = []
    for number, hours in enumerate(([6], range(1, 7), [1, 1, 2, 2, 5, 6], [3, 6])):
        house = await opened(tmp_path / str(number))
        one = keeper(house, Timeframe.H4)
        for hour in hours:
            await house.advance(hour)
            await one.keep(T + hour * H)
            await keeper(house, Timeframe.H4).keep(T + hour * H)
        found.append(ends(house))
        assert house.book.unwalked() == []
    assert found == [[("108", "94.9", "94.9")]] * 4


async def test_a_trade_that_closed_just_before_a_crash_gets_the_rest_of_its_path(
    tmp_path: Path,
) -> None:
    house = await opened(tmp_path)
    await house.advance(2)
    await keeper(house).keep(T + 2 * H)
    await house.advance(4)
    again = House(tmp_path, source(RISING), terms=WHOLE)
    assert [p.closed for p in again.book.unwalked()] == [True]
    await keeper(again).keep(T + 5 * H)
    assert len(ends(again)) == 4
    assert again.book.unwalked() == []
    (plan,) = again.book.plans()
    assert list(again.book.whole_paths()) == [plan.plan.plan_id]


async def test_the_source_is_asked_once_for_each_bar_that_closed(tmp_path: Path) -> None:
    house = await opened(tmp_path)
    await house.advance(1)
    assert isinstance(house.source, Asked)
    one, asked = keeper(house), house.source.asked
    asked.clear()
    for second in range(0, 7200, 10):
        await one.keep(T + H + second * H / 3600)
    assert asked == ["0 to 1", "1 to 2"]


async def test_what_did_not_answer_is_asked_for_when_the_next_bar_has_closed(
    tmp_path: Path,
) -> None:
    house = await opened(tmp_path)
    await house.advance(2)
    assert isinstance(house.source, Asked)
    one, asked = keeper(house), house.source.asked
    house.source.out = True
    asked.clear()
    await one.keep(T + H)
    await one.keep(T + H)
    assert (asked, path(house)) == (["0 to 1"], [])
    house.source.out = False
    await one.keep(T + 2 * H)
    assert asked == ["0 to 1", "0 to 2"]
    assert len(path(house)) == 2


async def test_an_exit_that_is_told_late_takes_back_the_bars_after_it(tmp_path: Path) -> None:
    house = await opened(tmp_path)
    await house.advance(1)
    one = keeper(house)
    await one.keep(T + 6 * H)
    assert len(path(house)) == 6
    await house.advance(6)
    await one.keep(T + 7 * H)
    assert ends(house)[3:] == [("94.9", "94.9", "94.9")]


async def test_a_fill_that_is_told_after_the_path_was_done_has_it_kept_again(
    tmp_path: Path,
) -> None:
    house = await opened(tmp_path)
    await house.advance(5)
    await keeper(house).keep(T + 5 * H)
    done = path(house)
    (plan,) = house.book.plans()
    late = replace(house.book.fills()[-1], trade_id="late", at=T + 4 * H, price=D(93))
    (trade,) = house.book.trades()
    house.book.apply(Batch(entries=[late], trades=[replace(trade, closed_at=late.at)]))
    assert (path(house), len(house.book.unwalked())) == ([], 1)
    await keeper(house).keep(T + 6 * H)
    assert path(house)[:3] == done[:3]
    assert ends(house)[3:] == [("112", "94.9", "109"), ("93", "93", "93")]
    assert list(house.book.whole_paths()) == [plan.plan.plan_id]


async def test_a_plan_that_is_not_filled_has_no_path(tmp_path: Path) -> None:
    house = await opened(tmp_path, entry="90")
    await house.advance(3)
    await keeper(house).keep(T + 3 * H)
    assert path(house) == []
    assert house.book.unwalked() == []


@pytest.mark.parametrize("side", ["long", "short"])
async def test_an_open_trade_has_a_path_and_no_whole_one(tmp_path: Path, side: Side) -> None:
    house = await opened(tmp_path, [CALM] * 4, side=side)
    await house.advance(3)
    await keeper(house).keep(T + 3 * H)
    first = ("100", "99", "100") if side == "long" else ("101", "100", "100")
    assert ends(house) == [first, *[("101", "99", "100")] * 2]
    assert house.book.whole_paths() == {}
