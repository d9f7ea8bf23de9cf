from __future__ import annotations

from dataclasses import replace

from journal.trades import close_trade
from tests.journal.hand import D, fill, payment

RISK = D(20)


def test_a_round_trip_is_folded_into_one_trade() -> None:
    trade = close_trade(
        [
            fill("buy", "2", "100", fee="0.2"),
            fill("buy", "1", "106", fee="0.1", hour=1),
            fill("sell", "1", "110", fee="0.3", hour=2, reason="target"),
            fill("sell", "2", "95", fee="0.4", hour=9, reason="stop"),
        ],
        [payment("1.5", hour=8)],
        RISK,
    )
    assert (trade.side, trade.quantity) == ("long", D(3))
    assert (trade.entry_price, trade.exit_price) == (D(102), D(100))
    assert (trade.gross, trade.fees, trade.funding) == (D(-6), D(1), D("1.5"))
    assert trade.net == D("-8.5")
    assert trade.r_multiple == D("-0.425")
    assert trade.close_reason == "stop"
    assert (trade.opened_at, trade.closed_at) == (
        fill("buy", "1", "1").at,
        fill("buy", "1", "1", hour=9).at,
    )


def test_a_short_trade_gains_what_it_sold_above() -> None:
    trade = close_trade([fill("sell", "1", "100"), fill("buy", "1", "90", hour=1)], [], RISK)
    assert (trade.side, trade.gross, trade.entry_price) == ("short", D(10), D(100))
    assert trade.close_reason == "exit"


def test_a_fee_in_base_is_dear_at_its_own_price_and_what_it_took_was_never_sold() -> None:
    bought = replace(fill("buy", "1", "100"), fee=D("0.001"), fee_currency="base")
    trade = close_trade([bought, fill("sell", "0.999", "110", hour=1)], [], RISK)
    assert (trade.quantity, trade.entry_price, trade.exit_price) == (D("0.999"), D(100), D(110))
    assert trade.gross == D("0.999") * 10
    assert trade.fees == D("0.1")


def test_dust_that_stays_is_no_part_of_the_trade() -> None:
    bought = replace(fill("buy", "1", "100"), fee=D("0.0015"), fee_currency="base")
    trade = close_trade([bought, fill("sell", "0.998", "110", hour=1)], [], RISK)
    assert trade.gross == D("0.998") * 10


def test_only_funding_while_the_position_stood_counts() -> None:
    fills = [fill("buy", "1", "100", hour=8), fill("sell", "1", "100", hour=16)]
    paid = [payment(amount, hour=h) for h, amount in [(0, "1"), (8, "2"), (16, "4"), (24, "8")]]
    trade = close_trade(fills, paid, RISK)
    assert trade.funding == D(4)
