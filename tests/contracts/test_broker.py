"""What every broker promises, run on the paper venue and on one that keeps a book by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pytest
from typing_extensions import override

from broker.fault_rates import Faults
from broker.faults import FaultyBroker
from broker.outbox import entry_order
from broker.protocol import Ack, Broker, Execution, News
from domain.book import OrderSide
from domain.orders import Order, OrderKind
from tests.broker.house import paper
from tests.broker.kept_venue import KeptVenue
from tests.broker.venue import (
    CALM,
    OTHER,
    SYMBOL,
    TICK,
    D,
    H,
    T,
    VenueSource,
    approved,
    bars,
    open_journal,
)


class Stand(Protocol):
    """A venue, and its market in the hands of the test."""

    venue: Broker

    def trade(self) -> datetime:
        """Whatever is at the market now fills whole near 100, up to the moment that is returned."""
        ...

    def shut(self, symbol: str) -> None:
        """Take no more entries in a symbol."""
        ...


class Paper(Stand):
    def __init__(self, folder: Path) -> None:
        self.source = VenueSource({SYMBOL: bars([CALM] * 9), OTHER: bars([CALM] * 9)})
        self.venue = paper(open_journal(folder), self.source)
        self.now = T

    @override
    def trade(self) -> datetime:
        self.now += 2 * H
        return self.now

    @override
    def shut(self, symbol: str) -> None:
        self.source.inactive = frozenset({symbol})


class Kept(Stand):
    def __init__(self, _: Path) -> None:
        self.kept = KeptVenue()
        self.venue = self.kept

    @override
    def trade(self) -> datetime:
        for order in self.kept.taken.values():
            if order.kind == "market" and self.kept.book[order.client_order_id].status == "working":
                self.kept.tell(
                    self.kept.execute(order.client_order_id, order.quantity, "100", T, fee="0.1")
                )
        return T

    @override
    def shut(self, symbol: str) -> None:
        self.kept.refuses = frozenset({symbol})


class FaultlessPaper(Paper):
    """Behind a wrapper whose faults are switched off."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.venue = FaultyBroker(self.venue, Faults(), 0)


class FaultlessKept(Kept):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.venue = FaultyBroker(self.venue, Faults(), 0)


Make = Callable[[Path], Stand]
VENUES = pytest.mark.parametrize("make", [Paper, Kept, FaultlessPaper, FaultlessKept])


def made(
    name: str,
    kind: OrderKind = "limit",
    price: str | None = "90",
    *,
    side: OrderSide = "buy",
    symbol: str = SYMBOL,
    exits: bool = False,
) -> Order:
    """An order for one contract; a limit far from the market unless said."""
    plan, verdict = approved(symbol=symbol)
    return replace(
        entry_order(plan, verdict.bracket, TICK, T, "paper"),
        client_order_id=name,
        leg="close" if exits else "entry",
        kind=kind,
        side=side,
        price=None if price is None else D(price),
        reduce_only=exits,
    )


async def told(stand: Stand) -> list[News]:
    """Everything that the venue tells when the market trades."""
    until = stand.trade()
    heard = []
    while (news := await stand.venue.news(until)) is not None:
        heard.append(news)
    return heard


async def bought(stand: Stand, name: str = "in", symbol: str = SYMBOL) -> list[Execution]:
    await stand.venue.send(made(name, "market", None, symbol=symbol))
    return [e for news in await told(stand) for e in news.executions]


@VENUES
async def test_what_was_never_sent_is_not_at_the_venue(make: Make, tmp_path: Path) -> None:
    venue = make(tmp_path).venue
    assert await venue.find("pg-unknown") is None
    assert list(await venue.working()) == []
    assert dict(await venue.positions()) == {}


@VENUES
async def test_what_was_accepted_is_found_as_it_was_sent(make: Make, tmp_path: Path) -> None:
    venue = make(tmp_path).venue
    assert await venue.send(made("a")) == Ack(True)
    found = await venue.find("a")
    assert found is not None
    assert found == ("a", SYMBOL, "working", D(1), D(90), D(0), "")
    assert list(await venue.working()) == [found]


@VENUES
async def test_an_id_that_is_seen_again_gets_the_same_answer_and_does_nothing(
    make: Make, tmp_path: Path
) -> None:
    stand = make(tmp_path)
    venue = stand.venue
    stand.shut(OTHER)
    orders = [made("a"), made("refused", symbol=OTHER), made("back")]
    answers = [await venue.send(o) for o in orders]
    await venue.cancel("back")
    before = [await venue.find(o.client_order_id) for o in orders]
    assert [await venue.send(replace(o, quantity=D(7))) for o in orders] == answers
    assert [await venue.find(o.client_order_id) for o in orders] == before
    assert len(await venue.working()) == 1


@VENUES
async def test_an_order_sent_again_after_its_fill_fills_no_more(make: Make, tmp_path: Path) -> None:
    stand = make(tmp_path)
    (one,) = await bought(stand)
    assert (await stand.venue.send(made("in", "market", None))).accepted
    assert await told(stand) == []
    assert list(await stand.venue.executions(T)) == [one]


@VENUES
async def test_a_refusal_is_an_answer_with_a_reason(make: Make, tmp_path: Path) -> None:
    stand = make(tmp_path)
    stand.shut(OTHER)
    ack = await stand.venue.send(made("a", symbol=OTHER))
    assert not ack.accepted
    assert OTHER in ack.reason
    found = await stand.venue.find("a")
    assert found is None or found.status == "rejected"
    assert list(await stand.venue.working()) == []


@VENUES
async def test_an_exit_is_accepted_where_entries_are_refused(make: Make, tmp_path: Path) -> None:
    stand = make(tmp_path)
    await bought(stand, symbol=OTHER)
    stand.shut(OTHER)
    assert not (await stand.venue.send(made("more", symbol=OTHER))).accepted
    out = made("out", "stop", "80", side="sell", symbol=OTHER, exits=True)
    assert (await stand.venue.send(out)).accepted


@VENUES
async def test_an_amendment_sets_quantity_and_price_and_may_be_repeated(
    make: Make, tmp_path: Path
) -> None:
    venue = make(tmp_path).venue
    await venue.send(made("a"))
    for _ in range(2):
        assert await venue.amend(replace(made("a", price="91"), quantity=D(2))) == Ack(True)
    found = await venue.find("a")
    assert found is not None
    assert (found.status, found.quantity, found.price) == ("working", D(2), D(91))
    assert list(await venue.working()) == [found]


@VENUES
async def test_what_is_not_working_cannot_be_amended(make: Make, tmp_path: Path) -> None:
    stand = make(tmp_path)
    await bought(stand)
    await stand.venue.send(made("back"))
    await stand.venue.cancel("back")
    for name in ("in", "back", "pg-unknown"):
        before = await stand.venue.find(name)
        ack = await stand.venue.amend(replace(made(name), quantity=D(9)))
        assert not ack.accepted
        assert ack.reason
        assert await stand.venue.find(name) == before


@VENUES
async def test_a_working_order_is_taken_back_once(make: Make, tmp_path: Path) -> None:
    venue = make(tmp_path).venue
    await venue.send(made("a"))
    assert (await venue.cancel("a")).accepted
    found = await venue.find("a")
    assert found is not None
    assert found.status == "cancelled"
    assert list(await venue.working()) == []
    assert not (await venue.cancel("a")).accepted


@VENUES
async def test_what_is_not_working_cannot_be_taken_back(make: Make, tmp_path: Path) -> None:
    stand = make(tmp_path)
    await bought(stand)
    for name in ("in", "pg-unknown"):
        ack = await stand.venue.cancel(name)
        assert not ack.accepted
        assert name in ack.reason


@VENUES
async def test_what_was_taken_back_fills_no_more(make: Make, tmp_path: Path) -> None:
    stand = make(tmp_path)
    await stand.venue.send(made("a", "market", None))
    await stand.venue.cancel("a")
    assert await told(stand) == []
    assert list(await stand.venue.executions(T)) == []


@VENUES
async def test_a_trade_is_told_listed_and_held(make: Make, tmp_path: Path) -> None:
    stand = make(tmp_path)
    await stand.venue.send(made("in", "market", None))
    (news,) = await told(stand)
    (one,) = news.executions
    assert (one.client_order_id, one.symbol, one.side) == ("in", SYMBOL, "buy")
    assert (one.quantity, one.fee, one.fee_currency) == (D(1), D("0.1"), "quote")
    (order,) = news.orders
    assert (order.status, order.filled) == ("filled", D(1))
    assert await stand.venue.find("in") == order
    assert list(await stand.venue.executions(one.at)) == [one]
    assert list(await stand.venue.executions(one.at + H)) == []
    assert dict(await stand.venue.positions()) == {SYMBOL: D(1)}
    assert list(await stand.venue.payments(T)) == []


@VENUES
async def test_every_trade_has_an_id_of_its_own_and_a_flat_symbol_is_not_held(
    make: Make, tmp_path: Path
) -> None:
    stand = make(tmp_path)
    await bought(stand, "one")
    await bought(stand, "two", OTHER)
    await stand.venue.send(made("out", "market", None, side="sell", exits=True))
    await told(stand)
    trades = await stand.venue.executions(T)
    assert len({e.trade_id for e in trades}) == len(trades) == 3
    assert dict(await stand.venue.positions()) == {OTHER: D(1)}


@VENUES
async def test_news_come_to_an_end(make: Make, tmp_path: Path) -> None:
    stand = make(tmp_path)
    await bought(stand)
    until = stand.trade()
    assert await stand.venue.news(until) is None
    assert await stand.venue.news(until) is None


def test_what_may_be_expected_of_the_paper_venue(tmp_path: Path) -> None:
    traits = Paper(tmp_path).venue.traits
    assert traits.dedupes
    assert not traits.settles_within
