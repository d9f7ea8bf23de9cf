"""What the machine of `tests/properties` found, each in its smallest form."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broker.paper.terms import PaperTerms
from broker.protocol import Execution, News, Traits
from domain.lifecycle import LIVE, OrderStatus, TradingState
from domain.orders import FundingPayment
from journal.batch import Batch
from journal.operator import record_act
from tests.broker.house import played
from tests.broker.kept_venue import KeptVenue
from tests.broker.paper.counter import Counter, order
from tests.broker.test_booking import SOON, Stage
from tests.broker.venue import CALM, SYMBOL, D, H, T, close_of

BASE = PaperTerms(volume_share_fraction=D(1), buy_fee_currency="base")


async def test_funding_that_is_told_after_the_trade_closed_belongs_to_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.hear(stage.trade(await stage.enter(), "1"))
    out = stage.venue.execute(stage.name("stop"), "1", "95", T + H)
    stage.venue.tell(out)
    await stage.house.executor.settle(T + H)
    paid = FundingPayment(SYMBOL, T + H / 2, D("0.001"), D(1), D(100), D("0.1"))
    for _ in range(2):
        stage.venue.untold.append(News(funding=[paid]))
        await stage.house.executor.settle(T + H)
    (trade,) = stage.book.trades()
    assert trade.funding == D("0.1")


async def test_an_exit_that_is_told_before_the_entry_it_follows_holds_nothing(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("1")
    await stage.hear(stage.trade(entry, "0.3"))
    late = stage.trade(entry, "0.7")
    amended = replace(stage.house.leg("stop"), quantity=D(1))
    await stage.venue.amend(amended)
    await stage.hear(stage.trade(amended.client_order_id, "1", "95"))
    assert not [o for o in stage.book.orders(*LIVE) if o.leg != "entry" and o.quantity > 1]
    await stage.hear(late)
    (trade,) = stage.book.trades()
    assert (trade.quantity, trade.gross) == (D(1), D(-5))
    assert stage.house.held() == 0


async def test_what_is_filled_after_its_entry_was_cancelled_is_closed_at_once(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("1")
    await stage.venue.cancel(entry)
    stage.venue.untold.append(News(orders=[stage.venue.book[entry]]))
    await stage.house.executor.settle(SOON)
    assert not stage.book.orders(*LIVE)
    stage.venue.book[entry] = stage.venue.book[entry]._replace(status="working")
    await stage.hear(stage.trade(entry, "0.7"))
    assert stage.legs()["close"] == ("working", D("0.7"), D(0))
    await stage.hear(stage.trade(stage.name("close"), "0.7", "99"))
    (trade,) = stage.book.trades()
    assert (trade.close_reason, trade.quantity, stage.house.held()) == ("unguarded", D("0.7"), 0)


async def test_a_refused_stops_close_and_the_targets_stay_in_size(tmp_path: Path) -> None:
    stage = Stage(tmp_path, KeptVenue(refused_legs=frozenset({"stop"})))
    await stage.hear(stage.trade(await stage.enter(), "1"))
    await stage.hear(stage.trade(stage.name("close"), "0.4", "99"))
    legs = stage.legs()
    assert legs["close"] == ("working", D(1), D("0.4"))
    assert legs["target_1"] == ("working", D("0.6"), D(0))


async def test_what_a_filled_target_can_take_no_more_the_next_one_takes(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter(targets=[("105", "1"), ("110", "1")])
    await stage.hear(stage.trade(entry, "1"))
    await stage.hear(stage.trade(stage.name("target_1"), "0.5", "105"))
    await stage.hear(stage.trade(entry, "1"))
    legs = stage.legs()
    assert legs["target_1"] == ("filled", D("0.5"), D("0.5"))
    assert legs["target_2"] == ("working", D("1.5"), D(0))
    assert legs["stop"][1] == D("1.5")


async def test_a_half_sent_exit_of_a_plan_that_is_over_is_not_sent(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.hear(stage.trade(await stage.enter(), "1"))
    held = stage.book.position(SYMBOL)
    assert held is not None
    close = close_of(held, SOON)
    stage.book.commit_exit(close)
    stage.book.step(close, OrderStatus.SENDING)  # and there it died
    stage.venue.tell(stage.trade(stage.name("stop"), "1", "95"))
    news = await stage.venue.news(SOON)
    assert news is not None
    await stage.house.follower.take(news, SOON)
    assert stage.house.plan_status() == "closed"
    await stage.house.executor.settle(SOON)
    assert close.client_order_id not in stage.venue.sent
    assert stage.legs()["close"][0] == "cancelled"


async def test_a_half_sent_exit_that_works_after_its_plan_is_over_is_taken_back(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    await stage.hear(stage.trade(await stage.enter(), "1"))
    target = stage.house.leg("target_1")
    sending = replace(target, client_order_id="half", leg="target_2", status=OrderStatus.SENDING)
    stage.book.apply(Batch([sending]))
    await stage.venue.send(sending)
    stage.venue.tell(stage.trade(stage.name("stop"), "1", "95"))
    news = await stage.venue.news(SOON)
    assert news is not None
    await stage.house.follower.take(news, SOON)
    await stage.house.executor.settle(SOON)
    await stage.house.executor.settle(SOON)
    assert stage.venue.book["half"].status == "cancelled"
    assert not stage.book.orders(*LIVE)


async def test_an_entry_of_which_the_fee_leaves_nothing_to_sell_is_no_trade(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("1")
    one = stage.trade(entry, "0.001", fee="0.000001", currency="base")
    await stage.venue.cancel(entry)
    await stage.hear(one)
    assert stage.house.plan_status() == "closed"
    assert stage.book.trades() == []
    assert stage.house.held() == D("0.000999")


async def test_a_first_part_that_cannot_be_sold_yet_does_not_end_the_entry(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("1")
    await stage.hear(stage.trade(entry, "0.001", fee="0.000001", currency="base"))
    assert stage.legs()["entry"][0] == "working"
    await stage.hear(stage.trade(entry, "0.999", fee="0.000999", currency="base"))
    assert stage.legs()["stop"] == ("working", D("0.999"), D(0))


async def test_what_is_closed_at_the_horizon_is_whole_steps(tmp_path: Path) -> None:
    rows = [CALM] * 4
    house = await played(
        tmp_path, rows, kind="spot", terms=BASE, targets=[("110", "0.5")], open_for=2 * H
    )
    close = house.leg("close")
    assert (close.status, close.quantity, close.filled) == ("filled", D("0.499"), D("0.499"))
    assert house.plan_status() == "closed"
    record_act(house.book.database, "s", "flatten", "dust", T)
    await house.advance(4)
    assert len([o for o in house.book.orders() if o.leg == "close"]) == 1


async def test_a_venue_that_lags_fills_no_order_on_what_was_before_it(tmp_path: Path) -> None:
    rows = [CALM, (100, 102, 98, 101, 10), (101, 103, 99, 102, 10), (102, 104, 100, 103, 10)]
    counter = Counter(tmp_path, rows)
    await counter.send(order("one", "buy market"))
    assert await counter.next() is not None  # left in the middle of the first bar
    await counter.send(order("two", "buy market", hours=3))
    await counter.play()
    assert [(name, hour) for name, hour, *_ in await counter.log()] == [("one", 0), ("two", 3)]


async def test_an_order_that_is_listed_late_is_no_disagreement(tmp_path: Path) -> None:
    late = Traits(dedupes=True, settles_within=timedelta(minutes=1))
    stage = Stage(tmp_path, KeptVenue(traits=late))
    name = await stage.enter()
    shown = stage.venue.book.pop(name)
    assert not (await stage.house.executor.reconcile(SOON)).mismatches
    stage.venue.book[name] = shown
    assert not (await stage.house.executor.reconcile(SOON + timedelta(minutes=2))).mismatches
    del stage.venue.book[name]
    for minutes in (3, 5):
        found = await stage.house.executor.reconcile(SOON + timedelta(minutes=minutes))
    assert len(found.mismatches) == 1
    assert stage.book.trading_state(SOON + H) == TradingState.HALTED


@pytest.mark.parametrize("seconds", [0, 60])
@pytest.mark.parametrize("kind", ["order", "position"])
async def test_one_reading_of_a_venue_that_shows_things_late_halts_nothing(
    kind: str, seconds: int, tmp_path: Path
) -> None:
    """What is unknown here, or held otherwise: halted at once only where answers are at once."""
    wait = timedelta(seconds=seconds)
    stage = Stage(tmp_path, KeptVenue(traits=Traits(dedupes=True, settles_within=wait)))
    name = await stage.enter()
    stranger = stage.venue.book[name]._replace(client_order_id="stranger")
    if kind == "order":
        stage.venue.book["stranger"] = stranger
    else:
        stage.venue.log.append(
            Execution("x", "stranger", SYMBOL, "buy", D(1), D(100), D(0), "quote", T - H)
        )
    reconcile = stage.house.executor.reconcile
    first = await reconcile(SOON)
    assert (stage.book.trading_state(SOON) == TradingState.HALTED) == (seconds == 0)
    assert len(first.mismatches) == len(stage.book.mismatches) == (1 if seconds == 0 else 0)
    assert len((await reconcile(SOON + wait)).mismatches) == 1
    assert stage.book.trading_state(SOON + wait) == TradingState.HALTED


async def test_a_difference_that_goes_away_has_to_last_anew(tmp_path: Path) -> None:
    late = Traits(dedupes=True, settles_within=timedelta(minutes=1))
    stage = Stage(tmp_path, KeptVenue(traits=late))
    name = await stage.enter()
    stranger = stage.venue.book[name]._replace(client_order_id="stranger")
    reconcile = stage.house.executor.reconcile
    for minute in range(6):
        if minute % 2:
            stage.venue.book.pop("stranger")
        else:
            stage.venue.book["stranger"] = stranger
        assert not (await reconcile(SOON + timedelta(minutes=minute))).mismatches


async def test_a_difference_that_was_seen_by_a_wrong_clock_is_believed_in_time(
    tmp_path: Path,
) -> None:
    late = Traits(dedupes=True, settles_within=timedelta(minutes=1))
    stage = Stage(tmp_path, KeptVenue(traits=late))
    name = await stage.enter()
    stage.venue.book["stranger"] = stage.venue.book[name]._replace(client_order_id="stranger")
    ahead = SOON + timedelta(hours=5)
    found = [
        len((await stage.house.executor.reconcile(at)).mismatches)
        for at in (ahead, SOON, SOON + timedelta(minutes=1))
    ]
    assert found == [0, 0, 1]


async def test_a_venue_that_is_asked_about_an_earlier_moment_plays_no_bar_again(
    tmp_path: Path,
) -> None:
    counter = Counter(tmp_path, [(100, 101, 99, 100, 1)] * 4)
    await counter.send(order("one", "buy market", "2.5"))
    for _ in range(2):  # into the second bar, and left there
        assert await counter.next(4) is not None
    assert await counter.next(1) is None
    counter.again()
    assert await counter.next(1) is None
    await counter.play()
    parts = [(hour, quantity) for _, hour, quantity, _ in await counter.log()]
    assert parts == [(0, D(1)), (1, D(1)), (2, D("0.5"))]


async def test_an_amendment_does_not_undo_what_the_one_before_it_brought_to_light(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter(targets=[("105", "1"), ("110", "1")])
    await stage.hear(stage.trade(entry, "2"))
    raised = [
        replace(stage.house.leg(leg), quantity=stage.house.leg(leg).quantity - D("0.001"))
        for leg in ("stop", "target_1", "target_2")
    ]
    stage.book.apply(Batch(raised))  # all three are to be amended
    for one in raised:
        if one.leg != "stop":
            stage.trade(one.client_order_id, "1", "105")  # filled meanwhile, and not told
    await stage.venue.cancel(stage.name("stop"))
    await stage.house.dispatcher.exits(SOON)
    assert not (await stage.house.executor.reconcile(SOON)).mismatches
    await stage.house.dispatcher.exits(SOON)
    assert {leg: o[2] for leg, o in stage.legs().items() if leg != "stop"} == {
        "entry": D(2), "target_1": D(1), "target_2": D(1),
    }  # fmt: skip
    assert stage.house.plan_status() == "closed"
    assert not stage.book.orders(*LIVE)
