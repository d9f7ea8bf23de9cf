"""What one plan comes to, bar after bar: stop 95, target 110, one contract, unless said."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.outbox import close_order
from broker.tape import Tape
from domain.lifecycle import OrderStatus, PlanStatus
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
    filled,
    open_journal,
    paper,
    played,
    statuses,
    work,
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
    book = await played(tmp_path, rows, **plan)
    assert filled(book) == [(leg, D(price)) for leg, price in expected]
    assert book.ledger() == book.replayed()
    held = {o.leg for o in book.orders(OrderStatus.WORKING)}
    assert bool(held) == (book.position(SYMBOL) is not None)


async def test_an_unfilled_entry_ends_with_its_bar(tmp_path: Path) -> None:
    never: Row = (105, 106, 101, 105, 9)
    book = await played(tmp_path, [never, (100, 101, 90, 100, 9)], entry="100")
    assert filled(book) == []
    assert statuses(book) == {"entry": "expired"}
    (order,) = book.orders()
    assert book.stored_plan(order.plan_id).status == PlanStatus.EXPIRED


async def test_an_entry_whose_bar_nobody_traded_ends_with_it(tmp_path: Path) -> None:
    book = await played(tmp_path, [(100, 101, 99, 100, 0), CALM])
    assert statuses(book) == {"entry": "expired"}


async def test_a_filled_target_resizes_the_stop_to_what_is_left(tmp_path: Path) -> None:
    rows = [CALM, (100, 106, 99, 105, 9), (105, 105, 90, 92, 9)]
    book = await played(tmp_path, rows[:2], targets=TWO)
    assert statuses(book) == {
        "entry": "filled", "stop": "working", "target_1": "filled", "target_2": "working",
    }  # fmt: skip
    (stop,) = [o for o in book.orders() if o.leg == "stop"]
    position = book.position(SYMBOL)
    assert position is not None
    assert stop.quantity == position.quantity == D(2)
    await paper(book, VenueSource({SYMBOL: bars(rows)})).advance(T + 3 * H)
    assert [(f.leg, f.quantity) for f in book.fills()] == [
        ("entry", D(3)), ("target_1", D(1)), ("stop", D(2)),
    ]  # fmt: skip
    assert statuses(book)["target_2"] == "cancelled"
    assert book.position(SYMBOL) is None


async def test_a_closed_plan_leaves_one_trade_with_its_costs(tmp_path: Path) -> None:
    book = await played(
        tmp_path, [CALM, (100, 106, 99, 105, 9), (105, 105, 90, 92, 9)], targets=TWO
    )
    (trade,) = book.trades()
    assert trade.gross == D(5) + 2 * D("-5.5")
    assert trade.fees == D("0.001") * (D(300) + D(105) + D(189))
    assert (trade.risk_amount, trade.close_reason, trade.quantity) == (D(18), "stop", D(3))
    assert book.ledger().cash == D(10_000) + trade.net
    assert book.stored_plan(trade.plan_id).status == PlanStatus.CLOSED


async def test_exits_never_take_more_than_is_held(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved(targets=TWO)
    work(book, plan, verdict)
    venue = paper(book, VenueSource({SYMBOL: bars([CALM, (100, 106, 99, 105, 9), CALM])}))
    await venue.advance(T + H)
    held = book.position(SYMBOL)
    assert held is not None
    order = close_order(held, "exit", T + 2 * H, "later", "paper", D(0))
    book.commit_exit(order)
    book.step(order, OrderStatus.SENDING)
    book.step(order, OrderStatus.WORKING)
    await venue.advance(T + 3 * H)
    assert [(f.leg, f.quantity) for f in book.fills()] == [
        ("entry", D(3)), ("target_1", D(1)), ("close", D(2)),
    ]  # fmt: skip
    assert book.ledger().positions == {}
    assert [t.close_reason for t in book.trades()] == ["exit"]


async def test_a_fill_is_recorded_with_what_it_cost(tmp_path: Path) -> None:
    book = await played(tmp_path, [CALM, (90, 92, 88, 91, 5)])
    entry, stop = book.fills()
    assert (entry.at, stop.at) == (T, T + H)
    assert stop.expected_price == D(95)
    assert stop.slippage_bps == (D(95) - D("89.5")) / D(95) * 10_000
    assert stop.fee == D("0.0895")
    assert (entry.reason, stop.reason) == (None, "stop")


async def test_a_position_opened_at_the_stamp_pays_no_funding_for_it(tmp_path: Path) -> None:
    book = await played(tmp_path, [CALM])
    tape = Tape(book, book.ledger(), "paper")
    tape.pay_funding(SYMBOL, T, D("0.001"), D(100))
    assert tape.batch(None).entries == []
    tape.pay_funding(SYMBOL, T + H, D("0.001"), D(100))
    tape.pay_funding("nothing held", T + H, D("0.001"), D(100))
    assert len(tape.batch(None).entries) == 1
