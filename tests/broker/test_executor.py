"""Deadlines: an entry whose time is over is taken back, a position at its horizon is closed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.broker.house import WHOLE, House, played
from tests.broker.paper.counter import TENTH
from tests.broker.venue import (
    CALM,
    OTHER,
    SYMBOL,
    D,
    H,
    Row,
    T,
    VenueSource,
    approved,
    bars,
    commit,
)

NEVER: Row = (105, 106, 101, 105, 10)
"""A bar that does not come down to a limit of 100."""
DIP: Row = (101, 102, 99, 101, 10)
MINUTE = timedelta(minutes=1)


def house_on(folder: Path, rows: list[Row], *, tenth: bool = False) -> House:
    source = VenueSource({SYMBOL: bars(rows), OTHER: bars(rows)})
    return House(folder, source, terms=TENTH if tenth else WHOLE)


async def test_an_entry_is_taken_back_when_its_time_is_over_and_not_before(tmp_path: Path) -> None:
    house = house_on(tmp_path, [NEVER, DIP])
    order = await house.work(*approved(entry="100"))
    await house.executor.advance(T + H - MINUTE)
    assert house.statuses() == {"entry": "working"}
    await house.executor.advance(T + H)
    assert (house.statuses(), house.plan_status()) == ({"entry": "expired"}, "expired")
    found = await house.venue.find(order.client_order_id)
    assert found is not None
    assert found.status == "cancelled"
    await house.advance(2)
    assert house.filled() == []


async def test_an_entry_that_was_never_sent_expires_unsent(tmp_path: Path) -> None:
    house = house_on(tmp_path, [CALM] * 3)
    order = commit(house.book, *approved())
    await house.advance(1)
    assert (house.statuses(), house.plan_status()) == ({"entry": "expired"}, "expired")
    assert await house.venue.find(order.client_order_id) is None


async def test_a_part_that_filled_in_time_stays_and_is_guarded(tmp_path: Path) -> None:
    house = house_on(tmp_path, [CALM] * 4, tenth=True)
    await house.work(*approved(targets=[("110", "3")]))
    await house.advance(4)
    assert house.amounts() == [("entry", D(1))]
    assert house.statuses() == {"entry": "expired", "stop": "working", "target_1": "working"}
    assert house.leg("stop").quantity == house.leg("target_1").quantity == D(1)
    assert house.plan_status() == "open"


async def test_a_position_is_closed_at_its_horizon_at_the_next_open(tmp_path: Path) -> None:
    rows: list[Row] = [CALM, CALM, CALM, (98, 99, 97, 98, 10)]
    house = await played(tmp_path, rows, open_for=3 * H, steps=[2])
    assert house.plan_status() == "open"
    await house.advance(3)
    assert (house.plan_status(), house.leg("close").reason) == ("closing", "time")
    assert house.leg("close").created_at == T + 3 * H
    await house.advance(4)
    assert house.filled()[-1] == ("close", D("97.5"))
    (trade,) = house.book.trades()
    assert (trade.close_reason, trade.closed_at) == ("time", T + 3 * H)


async def test_a_close_that_needs_several_bars_goes_on_until_it_is_done(tmp_path: Path) -> None:
    big: Row = (100, 101, 99, 100, 30)
    house = house_on(tmp_path, [big, CALM, CALM, CALM, CALM], tenth=True)
    await house.work(*approved(targets=[("110", "3")], open_for=H))
    await house.advance(2)
    assert (house.held(), house.leg("stop").remaining, house.plan_status()) == (2, 2, "closing")
    await house.advance(5)
    assert house.amounts() == [("entry", D(3)), *[("close", D(1))] * 3]
    assert house.statuses() == {
        "entry": "filled", "close": "filled", "stop": "cancelled", "target_1": "cancelled",
    }  # fmt: skip
    assert len(house.book.trades()) == 1


async def test_expiry_and_horizon_at_the_same_moment_are_both_kept(tmp_path: Path) -> None:
    house = house_on(tmp_path, [CALM, CALM, CALM], tenth=True)
    await house.work(*approved(targets=[("110", "3")], open_for=H))
    await house.advance(1)
    assert house.statuses()["entry"] == "expired"
    assert (house.leg("close").quantity, house.leg("close").status.value) == (D(1), "working")
    await house.advance(2)
    assert house.amounts() == [("entry", D(1)), ("close", D(1))]
    assert house.plan_status() == "closed"


async def test_deadlines_of_several_plans_are_kept_in_the_order_of_time(tmp_path: Path) -> None:
    house = house_on(tmp_path, [CALM] * 6)
    await house.work(*approved(open_for=4 * H))
    await house.work(*approved(symbol=OTHER, run="other", open_for=2 * H))
    await house.advance(6)
    closed = [(t.symbol, t.closed_at) for t in house.book.trades()]
    assert closed == [(OTHER, T + 2 * H), (SYMBOL, T + 4 * H)]


@pytest.mark.parametrize("hours", [[1, 2, 3, 4, 5, 6], [6], [1, 6], [5.5, 6]])
async def test_after_a_long_sleep_every_deadline_is_kept_at_its_own_moment(
    hours: list[float], tmp_path: Path
) -> None:
    rows: list[Row] = [NEVER, DIP, DIP, DIP, DIP, DIP]
    folder = tmp_path
    house = house_on(folder, rows)
    await house.work(*approved(entry="100"))
    await house.work(*approved(symbol=OTHER, run="other", open_for=3 * H))
    for hour in hours:
        house = house_on(folder, rows)
        await house.advance(hour)
    assert [(f.symbol, f.leg, f.at) for f in house.book.fills()] == [
        (OTHER, "entry", T), (OTHER, "close", T + 3 * H),
    ]  # fmt: skip
    statuses = {(o.symbol, o.leg): o.status.value for o in house.book.orders()}
    assert statuses[SYMBOL, "entry"] == "expired"
    assert [t.close_reason for t in house.book.trades()] == ["time"]


async def test_a_deadline_between_two_bars_counts_before_the_bar_it_lies_in(
    tmp_path: Path,
) -> None:
    house = house_on(tmp_path, [NEVER, DIP, CALM])
    await house.work(*approved(entry="100", at=T + 30 * MINUTE))
    await house.advance(3)
    assert (house.filled(), house.plan_status()) == ([], "expired")


async def test_a_stop_that_fired_before_the_horizon_leaves_nothing_to_close(tmp_path: Path) -> None:
    rows: list[Row] = [CALM, (100, 100, 90, 92, 10), CALM, CALM]
    house = await played(tmp_path, rows, open_for=2 * H)
    assert [leg for leg, _ in house.filled()] == ["entry", "stop"]
    assert "close" not in house.statuses()


async def test_a_deadline_that_is_kept_twice_closes_once(tmp_path: Path) -> None:
    house = await played(tmp_path, [CALM] * 5, open_for=2 * H, steps=[2])
    for _ in range(3):
        await house.advance(2)
    await house.advance(5)
    assert [leg for leg, _ in house.filled()] == ["entry", "close"]
