"""What is already at stake counts in full, and what is not known relieves nothing."""

from __future__ import annotations

import pytest

from policies.exposure import correlated_exposure, correlation, net_exposure, open_risk
from policies.facts import Held, WorkingEntry
from tests.policies.cases import D, make_case

LONG_ETH = Held("ETH/USDT", D(2), D(100), D(7))
SHORT_XRP = Held("XRP/USDT", D(-3), D(10), D(1))
BUY = WorkingEntry("SOL/USDT", "buy", D(40), D(2))
SELL = WorkingEntry("SOL/USDT", "sell", D(50), D(4))
ALL = {
    "account__positions": (LONG_ETH, SHORT_XRP),
    "account__working_entries": (BUY, SELL),
}
KNOWN = {"ETH/USDT": D("0.7"), "XRP/USDT": D("0.69"), "SOL/USDT": D("0.9")}


def test_every_stop_is_counted_and_none_is_guessed():
    assert open_risk(make_case()) == 0
    assert open_risk(make_case(**ALL)) == 14
    for odd in (None, D("NaN"), D("Infinity"), D(-1)):
        held = Held("ETH/USDT", D(2), D(100), odd)
        assert open_risk(make_case(account__positions=(held,))) is None
        entry = WorkingEntry("SOL/USDT", "buy", D(40), odd)
        assert open_risk(make_case(account__working_entries=(entry,))) is None


def test_net_is_signed_by_the_plans_side_and_working_entries_only_add():
    # 200 - 30 held; of the entries 40 to buy and 50 to sell only those on the plan's side count
    assert net_exposure(make_case(**ALL)) == 210
    assert net_exposure(make_case("short", **ALL)) == -120


def test_only_what_moves_along_is_correlated():
    # ETH at 0.7 counts, XRP at 0.69 does not, and entries only add
    case = make_case(**ALL, market__correlations=KNOWN)
    assert correlated_exposure(case) == 240
    short = make_case("short", **ALL, market__correlations=KNOWN)
    assert correlated_exposure(short) == -150


@pytest.mark.parametrize("side", ["long", "short"])
@pytest.mark.parametrize("rho", [None, D("NaN"), D("Infinity")])
def test_an_unknown_correlation_adds_whatever_its_side(side, rho):
    correlations = {} if rho is None else dict.fromkeys(KNOWN, rho)
    case = make_case(side, **ALL, market__correlations=correlations)
    assert correlated_exposure(case) == 200 + 30 + 40 + 50


def test_a_symbol_moves_along_with_itself():
    assert correlation(make_case(), "BTC/USDT") == 1
    assert correlation(make_case(), "btc/usdt") is None
    opposite = make_case(market__correlations={"ETH/USDT": D(-1)})
    assert correlation(opposite, "ETH/USDT") == -1


def test_a_stop_that_locks_a_gain_in_risks_nothing_and_is_known():
    entry = WorkingEntry("SOL/USDT", "buy", D(40), D(0))
    held = Held("ETH/USDT", D(2), D(100), D(0))
    case = make_case(account__positions=(held,), account__working_entries=(entry,))
    assert open_risk(case) == 0


def test_a_working_entry_counts_as_correlated_from_the_same_figure_on_as_a_position():
    case = make_case(account__working_entries=(BUY,), market__correlations={"SOL/USDT": D("0.7")})
    assert correlated_exposure(case) == 40
    apart = {"SOL/USDT": D("0.699")}
    assert correlated_exposure(make_case(**ALL, market__correlations=KNOWN | apart)) == 200
