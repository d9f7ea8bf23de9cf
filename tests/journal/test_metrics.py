from __future__ import annotations

import math

import pytest

from domain.trade import ClosedTrade
from journal.metrics import EquityPoint, Performance, drawdowns, performance
from tests.journal.hand import D, H, T


def points(*equity: str) -> list[EquityPoint]:
    return [EquityPoint(T + n * H, D(value)) for n, value in enumerate(equity)]


def trade(gross: str, *, fees: str = "0", risk: str = "10") -> ClosedTrade:
    return ClosedTrade(
        "p", "BTC/USDT", "long", D(1), D(100), D(100) + D(gross), T, T + H,
        D(gross), D(fees), D(0), D(risk), "target",
    )  # fmt: skip


def of(*equity: str) -> Performance:
    return performance(points(*equity), [], 100.0)


def test_ratios_by_hand() -> None:
    # returns 0.1, -0.1, 0.2: mean 1/15, sample deviation sqrt(7/300), downside sqrt(0.01/3)
    found = of("100", "110", "99", "118.8")
    per_period = (1 / 15) / math.sqrt(7 / 300)
    assert found.returns_count == 3
    assert found.total_return_fraction == pytest.approx(0.188)
    assert found.sharpe_ratio == pytest.approx(per_period * 10)
    assert found.sharpe_ratio == pytest.approx(4.3643578)
    assert found.sortino_ratio == pytest.approx((1 / 15) / math.sqrt(0.01 / 3) * 10)
    assert found.max_drawdown_fraction == pytest.approx(0.1)


def test_the_standard_error_of_the_sharpe_ratio_is_los() -> None:
    found = of("100", "110", "99", "118.8")
    # SR per period 0.43643578, SR² = 4/21: sqrt((1 + 2/21) / 3) per period, times sqrt(100)
    assert found.sharpe_standard_error == pytest.approx(math.sqrt(23 / 63) * 10)


def test_each_point_has_its_drawdown_and_a_deposit_is_none() -> None:
    falls = drawdowns([100, 110, 99, 120, 60], [0.0] * 5)
    assert falls == pytest.approx([0, 0, 0.1, 0, 0.5])
    assert drawdowns([100, 150, 90], [0, 50, 0]) == pytest.approx([0, 0, 0.1])


def test_a_drawdown_is_measured_from_the_highest_point_before_it() -> None:
    assert of("100", "80", "120", "90", "150", "140").max_drawdown_fraction == pytest.approx(0.25)
    assert of("100", "101", "102").max_drawdown_fraction == 0


def test_what_is_undefined_is_none_and_not_zero_or_infinity() -> None:
    nothing = of()
    assert nothing == Performance(
        None, None, None, None, None, 0, 0, None, None, None, None, None, 0
    )
    one = of("100")
    assert (one.total_return_fraction, one.max_drawdown_fraction, one.sharpe_ratio) == (
        None,
        0,
        None,
    )
    still = of("100", "100", "100")
    assert (still.sharpe_ratio, still.sharpe_standard_error, still.sortino_ratio) == (
        None,
        None,
        None,
    )
    assert of("100", "110").sharpe_ratio is None
    assert of("100", "110", "132").sortino_ratio is None


def test_an_account_that_began_with_nothing_has_no_return() -> None:
    found = of("0", "0", "5")
    assert found.total_return_fraction is None
    assert found.returns_count == 0
    assert found.max_drawdown_fraction == 0


def test_trades_are_counted_after_costs() -> None:
    found = performance(
        points("100"), [trade("30", fees="5"), trade("-8", fees="2"), trade("0")], 1
    )
    assert (found.trades_count, found.win_fraction) == (3, pytest.approx(1 / 3))
    assert found.profit_factor_ratio == pytest.approx(2.5)
    assert (found.mean_r, found.best_r, found.worst_r) == (pytest.approx(0.5), 2.5, -1.0)
    assert found.net == 15


def test_without_a_loss_there_is_no_profit_factor() -> None:
    assert performance([], [trade("5")], 1).profit_factor_ratio is None


def test_a_trade_without_planned_risk_has_no_multiple() -> None:
    found = performance([], [trade("5", risk="0")], 1)
    assert (found.mean_r, found.trades_count, found.net) == (None, 1, 5)


def test_money_paid_in_or_taken_out_is_neither_gain_nor_loss() -> None:
    rows = [(100, 0), (110, 0), (1110, 1000), (999, 1000), (499, 500)]
    valued = [EquityPoint(T + n * H, D(equity), D(paid)) for n, (equity, paid) in enumerate(rows)]
    told = performance(valued, [], 365)
    assert told.total_return_fraction == pytest.approx(1.1 * 1.0 * 0.9 * 1.0 - 1)
    assert told.max_drawdown_fraction == pytest.approx(1 - 499 / (110 + 500))
