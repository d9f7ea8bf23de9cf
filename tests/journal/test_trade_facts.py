from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from domain.orders import Fill, Leg
from journal.books import Journal
from journal.metrics import by_reason, mean
from journal.paths import PathBar
from journal.trade_facts import facts_of, mean_slippage, trade_facts
from journal.trades import close_trade, lost_so_far
from tests.broker.house import House
from tests.broker.venue import CALM, OTHER, SYMBOL, VenueSource, approved, bars
from tests.journal.hand import D, H, T, fill


def paid(leg: Leg, of: Fill, bps: str) -> Fill:
    return replace(of, leg=leg, slippage_bps=D(bps))


FILLS = [
    paid("entry", fill("buy", "2", "100"), "4"),
    paid("target_1", fill("sell", "1", "110", hour=2), "0"),
    paid("stop", fill("sell", "1", "90", hour=5, reason="stop"), "10"),
]
TRADE = close_trade(FILLS, [], D(20))
PATH = [PathBar(T, T + H, D(112), D(90), D(90))]


def test_slippage_is_weighed_by_value_and_none_without_a_fill() -> None:
    assert mean_slippage(FILLS) == (4 * D(200) + 10 * D(90)) / D(400)
    assert mean_slippage([]) is None


def test_a_perpetual_ties_up_its_value_over_the_leverage() -> None:
    facts = trade_facts(TRADE, FILLS, PATH, D(1000), D(5))
    assert (facts.notional, facts.margin_used, facts.exposure_ratio) == (D(200), D(40), D("0.2"))
    assert facts.held_s == 5 * 3600
    assert facts.return_on_equity_fraction == TRADE.net / 1000
    assert (facts.entry_slippage_bps, facts.exit_slippage_bps) == (D(4), D("4.5"))
    assert facts.excursions is not None
    assert (facts.excursions.mae, facts.excursions.mfe_r) == (D(10), D("1.2"))


def test_what_is_not_known_is_none() -> None:
    facts = trade_facts(TRADE, FILLS, [], D(0), None)
    assert facts.excursions is None
    assert facts.margin_used is None
    assert facts.exposure_ratio is None
    assert facts.return_on_equity_fraction is None


def test_a_mean_says_of_how_many_values_it_is() -> None:
    assert (mean([D(1), None, 2.0]).value, mean([D(1), None, 2.0]).count) == (1.5, 2)
    assert mean([None]).value is None


def test_trades_are_counted_by_why_they_closed_the_most_frequent_first() -> None:
    won = replace(TRADE, close_reason="target", gross=D(40))
    stop, target = by_reason([TRADE, replace(TRADE, gross=D(-20)), won])
    assert (stop.reason, stop.trades_count, stop.win_fraction) == ("stop", 2, 0.0)
    assert (stop.mean_r, stop.net) == (-0.5, -20.0)
    assert (target.reason, target.mean_r, target.win_fraction) == ("target", 2.0, 1.0)
    assert by_reason([replace(TRADE, risk_amount=D(0))])[0].mean_r is None


async def closed(folder: Path) -> Journal:
    """A journal with one trade, stopped in its second bar."""
    rows = [CALM, (100, 101, 94, 95, 10), CALM]
    house = House(folder, VenueSource({SYMBOL: bars(rows), OTHER: bars(rows)}))
    await house.work(*approved())
    await house.advance(3)
    return house.book


async def test_the_equity_at_entry_is_the_newest_recorded_up_to_it(tmp_path: Path) -> None:
    book = await closed(tmp_path)
    (facts,) = facts_of(book, book.trades())
    assert facts.equity_at_entry == D(10_000)
    for at, equity in ((T - H, D(9000)), (T, D(8000)), (T + H, D(7000))):
        book.record_equity(at, {"USDT": equity})
    (facts,) = facts_of(book, book.trades())
    assert facts.equity_at_entry == D(8000)
    assert (facts.leverage_ratio, facts.excursions) == (None, None)


async def test_a_plan_keeps_what_was_known_at_its_entry(tmp_path: Path) -> None:
    book = await closed(tmp_path)
    plan, verdict = approved(run="other", at=T + 3 * H)
    known = {"leverage_ratio": "3", "regime": {"trend": None}}
    book.commit_plan(plan, verdict, [], entry=known)
    book.commit_plan(plan, verdict, [], entry={"leverage_ratio": "4"})
    first, second = book.plans()
    assert (first.entry, second.entry) == (None, known)
    assert book.entry_leverages() == {plan.plan_id: D(3)}


def test_what_parts_have_lost_so_far_is_never_less_than_nothing() -> None:
    entry, target, stop = FILLS
    assert lost_so_far([entry]) == 0
    assert lost_so_far([entry, target]) == 0
    assert lost_so_far([entry, stop]) == 10
    assert lost_so_far([entry, replace(stop, fee=D(1))]) == 11
    assert lost_so_far(FILLS) == 0
