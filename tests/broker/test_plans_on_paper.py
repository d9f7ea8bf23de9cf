"""What one plan comes to, bar after bar: stop 95, target 110, one contract, unless said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.book import Level, OrderBook
from domain.lifecycle import LIVE, OrderStatus
from domain.orders import Order
from tests.broker.house import House, end_state, played
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
    close_of,
)

TWO = [("105", "1"), ("120", "2")]


@pytest.mark.parametrize(
    ("rows", "plan", "expected"),
    [
        pytest.param([CALM], {}, [("entry", "100")], id="entry at the open"),
        pytest.param(
            [CALM, (90, 92, 88, 91, 5)], {}, [("entry", "100"), ("stop", "89.5")], id="gap stop"
        ),
        pytest.param(
            [CALM, (115, 116, 114, 115, 5)], {}, [("entry", "100"), ("target_1", "115")],
            id="gap through the target",
        ),
        pytest.param(
            [CALM, (100, 111, 94, 105, 5)], {}, [("entry", "100"), ("stop", "94.5")],
            id="both touched is the stop",
        ),
        pytest.param(
            [(100, 101, 94, 95, 5)], {}, [("entry", "100"), ("stop", "94.5")],
            id="entry and stop in one bar",
        ),
        pytest.param(
            [(100, 111, 99, 105, 5)], {}, [("entry", "100"), ("target_1", "110")],
            id="entry at the open and target in one bar",
        ),
        pytest.param(
            [(105, 112, 99, 100, 5), CALM], {"entry": "100"}, [("entry", "100")],
            id="intrabar entry takes no target",
        ),
        pytest.param(
            [(105, 112, 99, 100, 5), (100, 110, 99, 105, 5)], {"entry": "100"},
            [("entry", "100"), ("target_1", "110")], id="but on the next bar",
        ),
        pytest.param(
            [(105, 106, 94, 95, 5)], {"entry": "100"}, [("entry", "100"), ("stop", "94.5")],
            id="intrabar entry and stop",
        ),
        pytest.param(
            [(98, 112, 97, 100, 5)], {"entry": "100"}, [("entry", "98"), ("target_1", "110")],
            id="gap through the limit entry",
        ),
        pytest.param(
            [CALM, (100, 111, 94, 105, 0), CALM], {}, [("entry", "100")], id="no volume no fill"
        ),
        pytest.param(
            [CALM, (100, 130, 99, 125, 5)], {"targets": TWO},
            [("entry", "100"), ("target_1", "105"), ("target_2", "120")], id="all targets at once",
        ),
        pytest.param(
            [CALM, (100, 106, 96, 96, 5)], {"side": "short"}, [("entry", "100"), ("stop", "105.5")],
            id="short stop",
        ),
        pytest.param(
            [CALM, (100, 101, 89, 90, 5)], {"side": "short"},
            [("entry", "100"), ("target_1", "90")],
            id="short target",
        ),
        pytest.param(
            [CALM, CALM, (99, 100, 98, 99, 5)], {"open_for": 2 * H},
            [("entry", "100"), ("close", "98.5")], id="horizon at the open",
        ),
        pytest.param(
            [CALM, CALM, (99, 99, 99, 99, 0), (97, 98, 96, 97, 5)], {"open_for": 2 * H},
            [("entry", "100"), ("close", "96.5")], id="horizon waits for volume",
        ),
        pytest.param(
            [CALM, CALM, (90, 120, 89, 99, 5)], {"open_for": 2 * H},
            [("entry", "100"), ("close", "89.5")], id="horizon before stop and target",
        ),
    ],
)  # fmt: skip
async def test_what_a_plan_comes_to(
    rows: list[Row], plan: dict[str, object], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    house = await played(tmp_path, rows, **plan)
    assert house.filled() == [(leg, D(price)) for leg, price in expected]
    assert house.book.ledger() == house.book.replayed()
    live = {o.leg for o in house.book.orders(*LIVE)}
    assert bool(live) == bool(house.held())
    assert await house.venue.positions() == ({SYMBOL: house.held()} if live else {})
    working = {o.client_order_id: o for o in await house.venue.working()}
    assert set(working) == {o.client_order_id for o in house.book.orders(OrderStatus.WORKING)}


async def test_an_unfilled_entry_ends_with_its_bar(tmp_path: Path) -> None:
    never: Row = (105, 106, 101, 105, 9)
    house = await played(tmp_path, [never, (100, 101, 90, 100, 9)], entry="100")
    assert house.filled() == []
    assert house.statuses() == {"entry": "expired"}
    assert house.plan_status() == "expired"


async def test_an_entry_whose_bar_nobody_traded_ends_with_it(tmp_path: Path) -> None:
    house = await played(tmp_path, [(100, 101, 99, 100, 0), CALM])
    assert house.statuses() == {"entry": "expired"}


async def test_a_filled_target_resizes_the_stop_to_what_is_left(tmp_path: Path) -> None:
    rows: list[Row] = [CALM, (100, 106, 99, 105, 9), (105, 105, 90, 92, 9)]
    house = await played(tmp_path, rows, targets=TWO, steps=[2])
    assert house.statuses() == {
        "entry": "filled", "stop": "working", "target_1": "filled", "target_2": "working",
    }  # fmt: skip
    assert house.leg("stop").quantity == house.held() == D(2)
    assert house.leg("stop").is_placed_as_wanted
    await house.advance(3)
    assert house.amounts() == [("entry", D(3)), ("target_1", D(1)), ("stop", D(2))]
    assert house.statuses()["target_2"] == "cancelled"
    assert house.held() == 0


async def test_a_closed_plan_leaves_one_trade_with_its_costs(tmp_path: Path) -> None:
    rows: list[Row] = [CALM, (100, 106, 99, 105, 9), (105, 105, 90, 92, 9)]
    house = await played(tmp_path, rows, targets=TWO)
    (trade,) = house.book.trades()
    assert trade.gross == D(5) + 2 * D("-5.5")
    assert trade.fees == D("0.001") * (D(300) + D(105) + D(189))
    assert (trade.risk_amount, trade.close_reason, trade.quantity) == (D(18), "stop", D(3))
    assert house.book.ledger().purses["USDT"].cash == D(10_000) + trade.net
    assert house.plan_status() == "closed"


async def test_what_is_still_open_or_never_began_is_no_trade(tmp_path: Path) -> None:
    opened = await played(tmp_path / "open", [CALM, (100, 106, 99, 105, 9)], targets=TWO)
    assert (opened.plan_status(), opened.book.trades()) == ("open", [])
    never = await played(tmp_path / "never", [(105, 106, 101, 105, 9)], entry="100")
    assert (never.plan_status(), never.book.trades()) == ("expired", [])


async def test_a_fill_is_recorded_with_what_it_cost(tmp_path: Path) -> None:
    house = await played(tmp_path, [CALM, (90, 92, 88, 91, 5)])
    entry, stop = house.book.fills()
    assert (entry.at, stop.at) == (T, T + H)
    assert stop.expected_price == D(95)
    assert stop.slippage_bps == (D(95) - D("89.5")) / D(95) * 10_000
    assert stop.fee == D("0.0895")
    assert (entry.reason, stop.reason) == (None, "stop")


async def test_a_price_that_was_set_to_the_edge_of_its_bar_says_so(tmp_path: Path) -> None:
    house = await played(tmp_path, [CALM, (90, 92, 89.8, 91, 5)])
    assert [(f.price, f.clamped) for f in house.book.fills()] == [(100, False), (D("89.8"), True)]


async def test_what_happened_is_told_once_with_its_orders(tmp_path: Path) -> None:
    house = await played(tmp_path, [CALM, CALM, (90, 90, 90, 90, 5)], steps=[1, 2, 3])
    assert [(o.leg, f.leg) for b in house.booked for o, f in b.fills] == [
        ("entry", "entry"), ("stop", "stop"),
    ]  # fmt: skip
    ended = [(o.leg, s.value) for b in house.booked for o, s in b.steps]
    assert ended == [("entry", "filled"), ("stop", "filled"), ("target_1", "cancelled")]


async def test_marks_are_known_for_what_is_held_or_worked(tmp_path: Path) -> None:
    source = VenueSource({SYMBOL: bars([CALM] * 3), OTHER: bars([CALM] * 3)})
    house = House(tmp_path, source)
    await house.work(*approved())
    assert await house.executor.marks(T + H) == {SYMBOL: D(100)}


async def leave(house: House, hours: float, run: str = "later") -> Order:
    """The model's word to close what is held, sent at once."""
    position = house.book.position(SYMBOL)
    assert position is not None
    order = close_of(position, T + hours * H, run=run)
    house.book.commit_exit(order)
    await house.dispatcher.exits(T + hours * H)
    return order


async def test_exits_never_take_more_than_is_held(tmp_path: Path) -> None:
    house = await played(tmp_path, [CALM, (100, 106, 99, 105, 9), CALM], targets=TWO, steps=[2])
    await leave(house, 2)
    assert house.plan_status() == "closing"
    await house.advance(3)
    assert house.amounts() == [("entry", D(3)), ("target_1", D(1)), ("close", D(2))]
    assert house.book.ledger().positions == {}
    assert [t.close_reason for t in house.book.trades()] == ["exit"]


async def test_an_exit_decided_while_the_stop_fired_is_refused_and_trades_nothing(
    tmp_path: Path,
) -> None:
    house = await played(tmp_path, [CALM, (100, 100, 90, 92, 9), CALM], steps=[1])
    position = house.book.position(SYMBOL)
    assert position is not None
    await house.advance(2)
    house.book.commit_exit(close_of(position, T + 2 * H))
    before = end_state(house)[1:]
    await house.dispatcher.exits(T + 2 * H)
    await house.advance(3)
    assert house.statuses()["close"] == "rejected"
    assert end_state(house)[1:-1] == before[:-1]
    assert len(house.book.trades()) == 1


# On a live market with an order book


NOW = T + timedelta(minutes=30)


def live(quantity: str = "9", *, origin_live: bool = True) -> VenueSource:
    book = OrderBook(
        at=NOW,
        origin="venue",
        bids=(Level(D("99.9"), D(quantity)),),
        asks=(Level(D("100.1"), D(quantity)),),
    )
    return VenueSource({SYMBOL: bars([CALM] * 9)}, live=origin_live, book=book)


async def on_live(folder: Path, source: VenueSource, **plan: str) -> House:
    house = House(folder, source, now=NOW)
    await house.work(*approved(**plan))  # type: ignore[arg-type]  # words
    await house.executor.settle(NOW)
    return house


async def test_on_a_live_market_a_market_order_is_taken_out_of_the_book(tmp_path: Path) -> None:
    house = await on_live(tmp_path, live())
    assert house.filled() == [("entry", D("100.1"))]
    assert house.book.fills()[0].expected_price == D(100)
    assert house.statuses() == {"entry": "filled", "stop": "working", "target_1": "working"}
    await House(tmp_path, live(), now=NOW).executor.settle(NOW)
    assert len(house.book.fills()) == 1


async def test_a_thin_book_gives_what_it_has_each_time_it_is_looked_at(tmp_path: Path) -> None:
    house = await on_live(tmp_path, live("0.4"))
    assert house.amounts() == [("entry", D("0.4"))]
    assert house.leg("stop").quantity == D("0.4")
    for seconds in (10, 20, 30):
        await house.executor.settle(NOW + timedelta(seconds=seconds))
    assert house.amounts() == [("entry", D(q)) for q in ("0.4", "0.4", "0.2")]
    assert [house.leg(leg).quantity for leg in ("stop", "target_1")] == [1, 1]
    assert house.statuses() == {"entry": "filled", "stop": "working", "target_1": "working"}


@pytest.mark.parametrize(
    "source",
    [live(origin_live=False), VenueSource({}, live=True)],
    ids=["recorded market", "no book"],
)
async def test_without_a_real_book_a_market_order_waits_for_its_bar(
    source: VenueSource, tmp_path: Path
) -> None:
    house = await on_live(tmp_path, source)
    assert house.statuses() == {"entry": "working"}


async def test_a_book_that_is_absent_now_leaves_the_order_working(tmp_path: Path) -> None:
    source = live()
    source.the_book = None
    house = await on_live(tmp_path, source)
    assert house.statuses() == {"entry": "working"}


async def test_a_limit_entry_is_not_taken_out_of_the_book(tmp_path: Path) -> None:
    house = await on_live(tmp_path, live(), entry="101")
    assert house.statuses() == {"entry": "working"}


async def test_an_entry_whose_time_is_over_on_a_live_market_ends_unfilled(tmp_path: Path) -> None:
    source = live()
    source.the_book = None
    house = await on_live(tmp_path, source)
    source.the_book = live().the_book
    await house.advance(5)
    assert house.statuses() == {"entry": "expired"}
    assert house.plan_status() == "expired"


async def test_after_a_long_sleep_what_is_over_is_not_taken_out_of_the_book_of_then(
    tmp_path: Path,
) -> None:
    source = VenueSource({SYMBOL: bars([CALM] * 9)}, live=True, book=live().the_book)
    house = House(tmp_path, source, now=NOW)
    await house.work(*approved(open_for=3 * H))
    await house.executor.settle(NOW)
    await house.advance(8)
    entry, close = house.book.fills()
    assert (entry.at, close.leg, close.at) == (NOW, "close", T + 8 * H)


async def test_an_exit_that_is_said_twice_closes_once_on_a_live_market(tmp_path: Path) -> None:
    house = await on_live(tmp_path, live())
    assert await leave(house, 0.6) == await leave(house, 0.6)
    await house.executor.settle(T + 0.7 * H)
    assert house.amounts() == [("entry", D(1)), ("close", D(1))]
    assert [o.status.value for o in house.book.orders() if o.leg == "close"] == ["filled"]
    assert len(house.book.trades()) == 1


async def test_an_exit_half_sent_when_the_stop_fired_does_not_trade_on_a_live_market(
    tmp_path: Path,
) -> None:
    rows: list[Row] = [CALM, CALM, (90, 91, 89, 90, 5), CALM]
    source = VenueSource({SYMBOL: bars(rows)}, live=True, book=live().the_book)
    house = await on_live(tmp_path, source)
    position = house.book.position(SYMBOL)
    assert position is not None
    order = close_of(position, T + 2 * H)
    source.the_book = None
    await house.advance(2)
    house.book.commit_exit(order)
    house.book.step(order, OrderStatus.SENDING)
    assert (await house.venue.send(order)).accepted
    again = House(tmp_path, source, now=T + 3 * H)
    source.the_book = live().the_book
    await again.advance(3)
    assert len(again.book.trades()) == 1
    assert again.book.ledger().positions == {}
    assert again.statuses()["close"] in {"filled", "cancelled"}
