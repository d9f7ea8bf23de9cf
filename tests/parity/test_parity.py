"""The same signals through plangate's paper venue and through backtesting.py.

Where the two differ by design, a test says what each of them does.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.parity import theirs
from tests.parity.cases import CASES, LONG, small
from tests.parity.ours import in_a_session, played, trades
from tests.parity.task import Case, Trade

D = Decimal
SHIPPED = "shipped candles"


async def ours(case: Case, folder: Path, slippage: str = "0") -> list[Trade]:
    return trades(await played(case, folder, D(slippage)))


async def both(name: str, folder: Path) -> tuple[Trade, Trade]:
    """The only trade of a small case: ours and theirs."""
    (one,), (other,) = await ours(CASES[name](), folder), theirs.stored(name)
    return one, other


def assert_same(found: list[Trade], expected: list[Trade]) -> None:
    """The same bars and prices, to the digit; fees to what a float can say."""
    assert [trade[:5] for trade in found] == [trade[:5] for trade in expected]
    for trade, other in zip(found, expected, strict=True):
        assert abs(trade.fees - other.fees) < D("1e-9")


async def test_every_trade_on_the_shipped_candles_is_the_same_in_both_engines(
    tmp_path: Path,
) -> None:
    case, expected = CASES[SHIPPED](), theirs.stored(SHIPPED)
    assert len(case.rows) == 9554
    assert len(expected) > 250
    assert {trade.side for trade in expected} == {1, -1}
    assert any(trade.entry_bar == trade.exit_bar for trade in expected)
    assert_same(await ours(case, tmp_path), expected)


async def test_the_journal_of_a_session_closes_the_same_trades(tmp_path: Path) -> None:
    whole = CASES[SHIPPED]()
    bars = 600
    signals = {bar: signal for bar, signal in whole.signals.items() if bar < bars}
    expected = [trade for trade in theirs.stored(SHIPPED) if trade.exit_bar < bars]
    assert len(expected) > 12
    assert_same(await in_a_session(Case(whole.rows[:bars], signals), tmp_path), expected)


@pytest.mark.parametrize(
    "name",
    [
        "stop in the bar of entry",
        "target in the bar of entry",
        "stop and target in one bar",
        "stop and target in one bar, short",
        "gap over the stop",
        "gap over the stop, short",
        "gap over the stop before the entry",
        "gap over the target",
        "limit entry and target in one bar",
    ],
)
async def test_both_engines_do_the_same(name: str, tmp_path: Path) -> None:
    one, other = await both(name, tmp_path)
    assert_same([one], [other])


async def test_of_stop_and_target_in_one_bar_both_take_the_stop(tmp_path: Path) -> None:
    one, other = await both("stop and target in one bar", tmp_path)
    assert one.exit_price == other.exit_price == D("94.995")


async def test_a_gap_over_the_target_is_ours_even_where_the_bar_then_reaches_the_stop(
    tmp_path: Path,
) -> None:
    """Ours: the open comes first, and it is beyond the target. Theirs: the stop comes first."""
    one, other = await both("gap over the target, and the stop in the same bar", tmp_path)
    assert (one.exit_price, other.exit_price) == (D(112), D("94.995"))
    assert one[:4] == other[:4]


async def test_a_gap_over_the_stop_costs_slippage_with_us_and_none_with_them(
    tmp_path: Path,
) -> None:
    """Ours: the open, worse by the stop's slippage, at worst the bar's end. Theirs: the open."""
    (other,) = theirs.stored("gap over the stop")
    for slippage, price in (("0", "90"), ("0.5", "89.5"), ("3", "88")):
        folder = tmp_path / slippage
        folder.mkdir()
        (one,) = await ours(CASES["gap over the stop"](), folder, slippage)
        assert one.exit_price == D(price)
    assert other.exit_price == D(90)


async def test_an_entry_never_fills_on_the_close_that_it_was_decided_on(tmp_path: Path) -> None:
    """Ours: at the next open, always. Theirs: so too, unless `trade_on_close` is asked for."""
    one, other = await both("entry on the same close", tmp_path)
    assert (one.entry_bar, one.entry_price) == (other.entry_bar, other.entry_price) == (2, D(102))
    folder = tmp_path / "allowed"
    folder.mkdir()
    one, other = await both("entry on the same close, allowed", folder)
    assert (one.entry_bar, one.entry_price) == (2, D(102))
    assert (other.entry_bar, other.entry_price) == (1, D(100))


async def test_an_order_larger_than_the_volume_fills_in_parts_with_us_and_whole_with_them(
    tmp_path: Path,
) -> None:
    """Ours: 2 of 4 at one open and 2 at the next. Theirs: knows no volume, 4 at once."""
    one, other = await both("more than the bar's volume", tmp_path)
    assert (one.entry_price, other.entry_price) == (D(101), D(100))
    told = await played(CASES["more than the bar's volume"](), _made(tmp_path / "parts"))
    assert [(e.quantity, e.price) for e in told] == [(2, 100), (2, 102), (4, 111)]


async def test_a_bar_without_volume_fills_nothing_with_us(tmp_path: Path) -> None:
    """Ours: nobody traded, so we did not; at the next open. Theirs: at that bar's open."""
    one, other = await both("a bar without volume", tmp_path)
    assert (one.entry_bar, one.entry_price) == (3, D(101))
    assert (other.entry_bar, other.entry_price) == (2, D(100))


async def test_after_a_limit_entry_the_stop_works_in_the_same_bar_with_us(tmp_path: Path) -> None:
    """Ours: the cautious reading, stopped in that bar. Theirs: looks again in the next bar."""
    one, other = await both("limit entry and stop in one bar", tmp_path)
    assert (one.entry_price, other.entry_price) == (D(98), D(98))
    assert (one.exit_bar, one.exit_price) == (2, D("94.995"))
    assert (other.exit_bar, other.exit_price) == (3, D(92))


async def test_a_position_that_is_still_open_is_no_trade(tmp_path: Path) -> None:
    told = await played(small((100, 101, 99, 100, 1e6), signal=LONG), tmp_path)
    assert len(told) == 1
    assert trades(told) == []


def test_the_stored_answers_are_backtesting_py_s_own() -> None:
    pytest.importorskip("backtesting", reason=theirs.WHY_SKIPPED)
    for name, make in CASES.items():
        assert [Trade.of(row) for row in theirs.asked(make())] == theirs.stored(name), name


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
