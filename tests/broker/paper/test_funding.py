"""Funding: once at each stamp, on what was held before it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from broker.protocol import News
from domain.errors import DataError
from tests.broker.house import House, played
from tests.broker.paper.counter import Counter, order, stamps
from tests.broker.venue import (
    CALM,
    SYMBOL,
    D,
    H,
    Row,
    T,
    VenueSource,
    approved,
    bars,
)

JITTER = timedelta(milliseconds=4)
FALL: Row = (90, 90, 90, 90, 5)


@pytest.mark.parametrize("steps", [[20], list(range(1, 21)), [8, 16, 20], [7, 9, 20]])
@pytest.mark.parametrize("late", [timedelta(0), JITTER])
async def test_funding_is_paid_once_at_each_stamp(
    steps: list[int], late: timedelta, tmp_path: Path
) -> None:
    house = await played(tmp_path, [CALM] * 20, stamps=stamps(0, 8, 16, late=late), steps=steps)
    paid = house.book.funding_payments()
    assert [(p.at, p.amount, p.price) for p in paid] == [
        (T + 8 * H, D("0.1"), D(100)),
        (T + 16 * H, D("0.1"), D(100)),
    ]
    assert house.book.ledger().purses["USDT"].funding == D("0.2")
    assert list(await house.venue.payments(T)) == paid
    assert list(await house.venue.payments(T + 9 * H)) == paid[1:]


async def test_funding_is_paid_once_also_when_the_bar_of_its_stamp_is_cut_in_two(
    tmp_path: Path,
) -> None:
    counter = Counter(tmp_path, [CALM, CALM, CALM], stamps=stamps(1))
    await counter.send(order("in", "buy market", "2"), order("low", "buy limit 99", hours=1))
    heard: list[News] = []
    while (news := await counter.next()) is not None:
        heard.append(news)
        counter.again()
    assert [len(n.funding) for n in heard] == [0, 1, 0]
    assert [p.amount for p in await counter.payments()] == [D("0.2")]


async def test_funding_falls_on_what_was_held_before_the_bar_of_the_stamp(tmp_path: Path) -> None:
    house = await played(tmp_path, [CALM, CALM, FALL, CALM], stamps=stamps(2, 3))
    assert [p.at for p in house.book.funding_payments()] == [T + 2 * H]
    (trade,) = house.book.trades()
    assert trade.funding == D("0.1")


async def test_a_position_opened_at_the_stamp_pays_no_funding_for_it(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM, CALM, CALM], stamps=stamps(1, 2))
    await counter.send(order("in", "buy market", hours=1))
    await counter.play()
    assert [p.at for p in await counter.payments()] == [T + 2 * H]


async def test_a_short_receives_what_a_long_pays(tmp_path: Path) -> None:
    house = await played(tmp_path, [CALM] * 3, stamps=stamps(2), side="short")
    assert [p.amount for p in house.book.funding_payments()] == [D("-0.1")]


async def test_a_stamp_before_any_price_is_not_paid(tmp_path: Path) -> None:
    source = VenueSource({SYMBOL: bars([CALM] * 3)}, stamps=stamps(2))
    house = House(tmp_path, source)
    await house.work(*approved())
    source.spoken[SYMBOL] = None
    await house.advance(3)
    assert house.book.funding_payments() == []
    with pytest.raises(DataError, match="no price"):
        await house.executor.marks(T + 3 * H)
