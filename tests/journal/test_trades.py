from __future__ import annotations

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
    assert trade is not None
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
    assert trade is not None
    assert (trade.side, trade.gross, trade.entry_price) == ("short", D(10), D(100))
    assert trade.close_reason == "exit"


def test_what_is_still_open_or_never_began_is_no_trade() -> None:
    assert close_trade([], [], RISK) is None
    assert close_trade([fill("buy", "2", "100"), fill("sell", "1", "110")], [], RISK) is None


def test_only_funding_while_the_position_stood_counts() -> None:
    fills = [fill("buy", "1", "100", hour=8), fill("sell", "1", "100", hour=16)]
    paid = [payment(amount, hour=h) for h, amount in [(0, "1"), (8, "2"), (16, "4"), (24, "8")]]
    trade = close_trade(fills, paid, RISK)
    assert trade is not None
    assert trade.funding == D(4)
