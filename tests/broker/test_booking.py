"""News of a venue in every order it may come, and what stands in the journal after it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest

from broker.booking import Booking
from broker.outbox import PAPER_ACCOUNT
from broker.paper.terms import PaperTerms
from broker.protocol import Execution, News, VenueOrder
from domain.instrument import InstrumentKind
from domain.lifecycle import LIVE
from domain.orders import FundingPayment, Leg
from tests.broker.house import WHOLE, House, played
from tests.broker.kept_venue import KeptVenue
from tests.broker.venue import CALM, SYMBOL, D, H, T, VenueSource, approved, bars

SOON = T + H / 4


class Stage:
    """A house at a venue whose trades are made by hand."""

    def __init__(
        self, folder: Path, venue: KeptVenue | None = None, kind: InstrumentKind = "perpetual"
    ) -> None:
        self.venue = venue or KeptVenue()
        source = VenueSource({SYMBOL: bars([CALM] * 9)}, kind=kind)
        self.house = House(folder, source, venue=self.venue)
        self.book = self.house.book

    async def enter(self, quantity: str = "1", **plan: object) -> str:
        """Send the entry of a plan; its name."""
        targets = plan.pop("targets", None) or [("110", quantity)]
        order = await self.house.work(*approved(targets=targets, **plan))  # type: ignore[arg-type]
        return order.client_order_id

    def name(self, leg: Leg) -> str:
        return self.house.leg(leg).client_order_id

    def trade(self, name: str, quantity: str, price: str = "100", **more: str) -> Execution:
        return self.venue.execute(name, quantity, price, SOON, **more)  # type: ignore[arg-type]

    async def hear(self, *executions: Execution) -> None:
        """The venue tells these, and the house does what follows."""
        self.venue.tell(*executions)
        await self.house.executor.settle(SOON)

    def legs(self) -> dict[Leg, tuple[str, Decimal, Decimal]]:
        return {o.leg: (o.status.value, o.quantity, o.filled) for o in self.book.orders()}

    def state(self) -> object:
        return self.book.orders(), self.book.entries(), self.book.plans(), self.book.trades()


async def test_an_execution_that_is_told_again_changes_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    one = stage.trade(await stage.enter(), "1")
    await stage.hear(one)
    before = stage.state()
    for again in ([one], [one, one]):
        await stage.hear(*again)
        assert stage.state() == before
    assert stage.house.held() == 1


async def test_an_execution_that_comes_twice_in_one_piece_of_news_is_booked_once(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    one = stage.trade(await stage.enter("2"), "1")
    await stage.hear(one, one)
    assert stage.house.amounts() == [("entry", D(1))]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_in_whatever_order_executions_come_the_end_is_the_same(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("3")
    parts = [stage.trade(entry, q) for q in ("0.5", "1.5", "1")]
    for index in order:
        await stage.hear(parts[index])
    assert stage.legs() == {
        "entry": ("filled", D(3), D(3)),
        "stop": ("working", D(3), 0),
        "target_1": ("working", D(3), 0),
    }
    assert stage.house.held() == 3
    assert stage.house.plan_status() == "open"
    assert all(o.is_placed_as_wanted for o in stage.book.orders() if o.leg != "entry")


async def test_an_order_of_which_less_is_wanted_is_not_over_while_the_venue_has_more_of_it(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    await stage.hear(stage.trade(await stage.enter("1"), "1"))
    target = stage.trade(stage.name("target_1"), "0.96", "110")
    stop = stage.trade(stage.name("stop"), "0.04", "95")
    await stage.house.follower.take(News([target]), SOON)
    assert stage.legs()["stop"] == ("working", D("0.04"), 0)  # the venue has not heard of it yet
    await stage.house.follower.take(News([stop]), SOON)
    assert stage.legs()["stop"][0] == "cancelling"
    await stage.house.executor.settle(SOON)
    assert stage.legs()["stop"][0] == "cancelled"


async def test_word_of_an_order_that_is_older_than_what_is_known_is_left_out(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("2")
    old = stage.venue.book[entry]
    await stage.hear(stage.trade(entry, "1"))
    before = stage.state()
    stage.venue.untold.append(News(orders=[old, old._replace(status="cancelled")]))
    await stage.house.executor.settle(SOON)
    assert stage.state() == before


async def test_an_end_whose_fills_were_not_told_yet_waits_for_them(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("2")
    stage.trade(entry, "0.8")
    await stage.venue.cancel(entry)
    stage.venue.untold.append(News(orders=[stage.venue.book[entry]]))
    await stage.house.executor.settle(SOON)
    assert stage.legs() == {
        "entry": ("cancelled", D(2), D("0.8")),
        "stop": ("working", D("0.8"), 0),
        "target_1": ("working", D("0.8"), 0),
    }
    assert stage.house.plan_status() == "open"


async def test_an_end_whose_fills_the_venue_does_not_have_yet_stays_open(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("2")
    one = stage.trade(entry, "0.8")
    stage.venue.log.clear()
    await stage.venue.cancel(entry)
    stage.venue.untold.append(News(orders=[stage.venue.book[entry]]))
    await stage.house.executor.settle(SOON)
    assert stage.legs() == {"entry": ("working", D(2), 0)}
    stage.venue.log.append(one)
    stage.venue.untold.append(News(orders=[stage.venue.book[entry]]))
    await stage.house.executor.settle(SOON)
    assert stage.legs()["entry"] == ("cancelled", D(2), D("0.8"))
    assert stage.legs()["stop"] == ("working", D("0.8"), 0)


async def test_what_nobody_here_sent_is_named_and_not_booked(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    one = stage.trade(await stage.enter(), "1")
    stranger = replace(one, client_order_id="theirs", trade_id="x")
    booking = Booking(
        stage.book, stage.house.source.instrument, PAPER_ACCOUNT, SOON
    )  # fmt: skip
    order = VenueOrder("other", SYMBOL, "working", D(1), None, D(0))
    booked = booking.take(News([stranger, one], [order]))
    assert list(booked.unknown) == ["theirs", "other"]
    assert [e.trade_id for e in booked.batch.entries] == [one.trade_id]


async def test_a_batch_of_news_applied_twice_changes_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    one = stage.trade(await stage.enter(), "1")
    booking = Booking(stage.book, stage.house.source.instrument, PAPER_ACCOUNT, SOON)
    booked = booking.take(News([one], [stage.venue.book[one.client_order_id]]))
    stage.book.apply(booked.batch)
    before, account = stage.state(), stage.book.ledger()
    stage.book.apply(replace(booked.batch, plans=booked.batch.plans[-1:]))
    assert (stage.state(), stage.book.ledger()) == (before, account)
    assert stage.book.ledger() == stage.book.replayed()


async def test_funding_that_is_told_again_is_paid_once_in_account_and_trade(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    paid = FundingPayment(SYMBOL, T + H / 2, D("0.001"), D(1), D(100), D("0.1"))
    await stage.hear(stage.trade(await stage.enter(), "1"))
    stage.venue.untold.append(News(funding=[paid]))
    await stage.house.executor.settle(T + H / 2)
    out = stage.venue.execute(stage.name("stop"), "1", "95", T + H)
    stage.venue.untold.append(News([out], [], [paid]))
    await stage.house.executor.settle(T + H)
    assert stage.book.ledger().purses["USDT"].funding == D("0.1")
    (trade,) = stage.book.trades()
    assert trade.funding == D("0.1")


async def test_exits_grow_with_the_entry_and_shrink_with_what_is_left(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("3", targets=[("105", "1"), ("120", "2")])
    for part in ("0.9", "2.1"):
        await stage.hear(stage.trade(entry, part))
    assert sorted((o.leg, o.quantity) for o in stage.venue.amended) == [
        ("stop", D(3)), ("target_1", D(1)), ("target_2", D(2)),
    ]  # fmt: skip
    stage.venue.amended.clear()
    await stage.hear(stage.trade(stage.name("target_1"), "1", "105"))
    assert [(o.leg, o.quantity) for o in stage.venue.amended] == [("stop", D(2))]
    stage.venue.amended.clear()
    await stage.hear(stage.trade(stage.name("stop"), "0.5", "95"))
    assert [(o.leg, o.quantity) for o in stage.venue.amended] == [("target_2", D("1.5"))]
    await stage.hear(stage.trade(stage.name("stop"), "1.5", "95"))
    assert stage.legs()["target_2"][0] == "cancelled"
    assert stage.house.plan_status() == "closed"


async def test_an_entry_that_filled_in_part_and_expired_is_guarded_for_that_part(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("3")
    await stage.hear(stage.trade(entry, "1.25"))
    await stage.house.advance(1)
    assert stage.legs() == {
        "entry": ("expired", D(3), D("1.25")),
        "stop": ("working", D("1.25"), 0),
        "target_1": ("working", D("1.25"), 0),
    }
    await stage.hear(stage.trade(stage.name("stop"), "1.25", "95"))
    (trade,) = stage.book.trades()
    assert (trade.quantity, trade.close_reason) == (D("1.25"), "stop")


async def test_a_stop_that_closes_a_partial_entry_takes_the_rest_of_it_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("3")
    await stage.hear(stage.trade(entry, "1"))
    await stage.hear(stage.trade(stage.name("stop"), "1", "95"))
    assert stage.venue.book[entry].status == "cancelled"
    assert not stage.book.orders(*LIVE)
    assert stage.house.plan_status() == "closed"
    assert len(stage.book.trades()) == 1


async def test_a_target_that_closes_a_partial_entry_takes_its_rest_back_and_then_the_stop(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("3")
    await stage.hear(stage.trade(entry, "1"))
    await stage.hear(stage.trade(stage.name("target_1"), "1", "110"))
    ends = {leg: status for leg, (status, _, _) in stage.legs().items()}
    assert ends == {"entry": "cancelled", "stop": "cancelled", "target_1": "filled"}
    assert not list(await stage.venue.working())
    assert stage.house.plan_status() == "closed"


async def test_an_entry_that_fills_on_while_it_is_taken_back_is_guarded_anew(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("3")
    first = stage.trade(entry, "1")
    await stage.hear(first)
    out, late = stage.trade(stage.name("stop"), "1", "95"), stage.trade(entry, "0.5", "95")
    stage.venue.tell(out, late)
    await stage.house.executor.settle(SOON)
    assert stage.house.held() == D("0.5")
    stops = [(o.status.value, o.quantity) for o in stage.book.orders() if o.leg == "stop"]
    assert sorted(stops) == [("filled", D(1)), ("working", D("0.5"))]
    assert stage.house.plan_status() == "open"


async def test_the_stop_stays_at_the_venue_as_long_as_the_entry_may_fill_on(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    entry = await stage.enter("3")
    await stage.hear(stage.trade(entry, "1"))
    await stage.house.follower.take(News([stage.trade(stage.name("target_1"), "1", "110")]), SOON)
    assert stage.legs()["entry"][0] == "cancelling"
    assert stage.legs()["stop"] == ("working", D(1), 0)
    await stage.house.follower.take(News([stage.trade(entry, "0.5")]), SOON)
    assert stage.legs()["stop"] == ("working", D("0.5"), 0)
    await stage.house.executor.settle(SOON)
    assert [(o.leg, o.quantity) for o in stage.venue.amended] == [("stop", D("0.5"))]
    assert stage.house.plan_status() == "open"


async def test_a_stop_that_the_venue_refuses_closes_the_position_at_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, KeptVenue(refused_legs=frozenset({"stop"})))
    await stage.hear(stage.trade(await stage.enter(), "1"))
    close = stage.house.leg("close")
    assert (close.reason, close.status.value, close.quantity) == ("unguarded", "working", D(1))
    assert stage.house.plan_status() == "closing"
    await stage.hear(stage.trade(close.client_order_id, "1", "99"))
    (trade,) = stage.book.trades()
    assert trade.close_reason == "unguarded"
    assert not stage.book.orders(*LIVE)


async def test_where_stop_and_close_are_refused_another_close_is_tried_later(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, KeptVenue(refused_legs=frozenset({"stop", "close"})))
    await stage.hear(stage.trade(await stage.enter(), "1"))
    closes = [o for o in stage.book.orders() if o.leg == "close"]
    assert [o.status.value for o in closes] == ["rejected"]
    stage.venue.refused_legs = frozenset()
    plan_id = closes[0].plan_id
    stage.house.follower.guard(plan_id, SOON)
    stage.house.follower.guard(plan_id, SOON + H)
    await stage.house.dispatcher.exits(SOON + H)
    found = [o.status.value for o in stage.book.orders() if o.leg == "close"]
    assert found == ["rejected", "working"]


async def test_a_stop_that_the_venue_took_back_is_replaced_where_it_stood(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.hear(stage.trade(await stage.enter(), "1"))
    old = stage.name("stop")
    await stage.venue.cancel(old)
    stage.venue.untold.append(News(orders=[stage.venue.book[old]]))
    await stage.house.executor.settle(SOON)
    working = [o for o in stage.book.orders(*LIVE) if o.leg == "stop"]
    assert [(o.price, o.quantity) for o in working] == [(D(95), D(1))]
    assert working[0].client_order_id != old
    assert stage.venue.book[working[0].client_order_id].status == "working"


BASE = PaperTerms(volume_share_fraction=D(1), buy_fee_currency="base")


async def test_a_fee_taken_in_base_makes_the_exits_smaller(tmp_path: Path) -> None:
    house = await played(tmp_path, [CALM, (100, 111, 99, 105, 9)], kind="spot", terms=BASE)
    assert house.amounts() == [("entry", D(1)), ("target_1", D("0.999"))]
    assert house.plan_status() == "closed"
    assert house.held() == 0
    (trade,) = house.book.trades()
    assert (trade.quantity, trade.gross) == (D("0.999"), D("9.99"))
    assert house.book.ledger().purses["USDT"].cash == D(10_000) - 100 + D("0.999") * D("109.89")
    assert trade.net == house.book.ledger().purses["USDT"].cash - 10_000


async def test_dust_that_cannot_be_sold_does_not_keep_a_plan_open(tmp_path: Path) -> None:
    legs = [("110", "0.5")]
    rows = [CALM, (100, 111, 99, 105, 9), CALM]
    house = await played(tmp_path, rows, kind="spot", terms=BASE, targets=legs)  # type: ignore[arg-type]
    assert house.amounts() == [("entry", D("0.5")), ("target_1", D("0.499"))]
    assert house.held() == D("0.0005")
    assert (house.plan_status(), len(house.book.trades())) == ("closed", 1)
    assert not house.book.orders(*LIVE)
    assert list(await house.venue.working()) == []
    assert house.book.ledger() == house.book.replayed()


async def test_a_target_that_sells_dust_of_earlier_plans_while_it_is_taken_back_closes_its_plan(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, kind="spot")
    for run in ("one", "two", "three"):  # each leaves 0.0005 of a coin
        entry = await stage.enter(run=run)
        await stage.hear(stage.trade(entry, "1", fee="0.0015", currency="base"))
        exits = {o.leg: o.client_order_id for o in stage.book.orders(*LIVE) if o.run_id == run}
        out = stage.trade(exits["stop"], "0.998", "95")
        await stage.house.follower.take(News([out]), SOON)
        if run != "three":
            await stage.house.executor.settle(SOON)
    await stage.hear(stage.trade(exits["target_1"], "0.0015", "110"))
    assert stage.house.held() == 0
    assert [s.status.value for s in stage.book.plans()] == ["closed"] * 3
    assert not stage.book.orders(*LIVE)
    assert sorted(t.quantity for t in stage.book.trades()) == [D("0.998"), D("0.998"), D("0.9995")]
    assert stage.book.ledger() == stage.book.replayed()


async def test_the_journal_holds_what_the_venue_holds_whatever_the_fees(tmp_path: Path) -> None:
    for name, terms in (("base", BASE), ("quote", WHOLE)):
        house = await played(tmp_path / name, [CALM], kind="spot", terms=terms)
        assert await house.venue.positions() == {SYMBOL: house.held()}
        assert house.leg("stop").quantity == house.held()
