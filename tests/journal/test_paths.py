from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.candles import Timeframe
from journal.paths import PathBar, bar_of_entry, bar_of_exit, bucketed, excursions
from journal.trades import close_trade
from tests.journal.hand import D, H, T, fill

LONG = close_trade([fill("buy", "2", "100"), fill("sell", "2", "104", hour=4)], [], D(10))
SHORT = close_trade([fill("sell", "2", "100"), fill("buy", "2", "104", hour=4)], [], D(10))


def bar(high: str, low: str, close: str, *, hour: float = 0, lasts: float = 1) -> PathBar:
    at = T + timedelta(hours=hour)
    return PathBar(at, at + lasts * H, D(high), D(low), D(close))


def test_a_long_trade_is_hurt_below_its_entry_and_helped_above() -> None:
    found = excursions(LONG, [bar("101", "97", "99"), bar("108", "99", "104", hour=1)])
    assert found is not None
    assert (found.mae, found.mfe) == (D(3), D(8))
    assert (found.mae_r, found.mfe_r) == (D("0.6"), D("1.6"))


def test_a_short_trade_is_hurt_above_its_entry_and_helped_below() -> None:
    found = excursions(SHORT, [bar("101", "97", "99"), bar("108", "99", "104", hour=1)])
    assert found is not None
    assert (found.mae, found.mfe) == (D(8), D(3))


def test_a_price_that_never_went_one_way_is_an_excursion_of_nothing() -> None:
    found = excursions(LONG, [bar("110", "103", "104")])
    assert found is not None
    assert (found.mae, found.mfe) == (D(0), D(10))


def test_without_a_path_nothing_is_said_and_without_a_risk_nothing_in_r() -> None:
    assert excursions(LONG, []) is None
    found = excursions(replace(LONG, risk_amount=D(0)), [bar("101", "97", "99")])
    assert found is not None
    assert (found.mae, found.mae_r, found.mfe_r) == (D(3), None, None)


@pytest.mark.parametrize(("side", "high", "low"), [("long", "103", "95"), ("short", "109", "100")])
def test_of_the_bar_of_entry_the_favourable_end_does_not_count(
    side: str, high: str, low: str
) -> None:
    whole = bar("109", "95", "103")
    found = bar_of_entry(whole, "long" if side == "long" else "short", [D(100), D(101)])
    assert (found.high, found.low, found.close) == (D(high), D(low), D(103))


def test_of_the_bar_of_exit_only_what_was_paid_counts() -> None:
    found = bar_of_exit(T, T + H, [D(105), D(95)])
    assert (found.high, found.low, found.close) == (D(105), D(95), D(95))


def test_bars_are_put_together_into_buckets_and_a_bucket_goes_on() -> None:
    quarters = [
        bar(str(100 + i), str(90 + i), str(95 + i), hour=i / 4, lasts=0.25) for i in range(6)
    ]
    at_once = bucketed(quarters, Timeframe.H1, None)
    assert [(b.at, b.until) for b in at_once] == [(T, T + H), (T + H, T + 1.5 * H)]
    assert [(b.high, b.low, b.close) for b in at_once] == [
        (D(103), D(90), D(98)),
        (D(105), D(94), D(100)),
    ]
    for cut in range(7):
        first = bucketed(quarters[:cut], Timeframe.H1, None)
        rest = bucketed(quarters[cut:], Timeframe.H1, first[-1] if first else None)
        assert first[:-1] + rest == at_once
