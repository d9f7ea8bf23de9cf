from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lifecycle import TradingState
from policies.settings import Policy
from policies.trading_state import StateEntry, next_state, state_at
from tests.policies.cases import NOW, D

H = timedelta(hours=1)
MIDNIGHT = NOW.replace(hour=0)
TOMORROW = MIDNIGHT + 24 * H
POLICY = Policy(max_daily_loss_fraction=D("0.03"), max_drawdown_fraction=D("0.10"))
MONEY = st.decimals(0, 20_000, places=2)


def step(
    equity: str | Decimal,
    current: StateEntry | None = None,
    *,
    start: str | Decimal = "10000",
    peak: str | Decimal = "10000",
    deposits: str = "0",
    now: datetime = NOW,
) -> StateEntry | None:
    return next_state(
        current,
        equity=D(equity),
        day_start_equity=D(start),
        net_deposits_today=D(deposits),
        peak_equity=D(peak),
        policy=POLICY,
        now=now,
    )


def entry(state: str, until: datetime | None = None) -> StateEntry:
    return StateEntry(TradingState(state), NOW, until, "by hand")


def test_a_session_without_entries_is_active() -> None:
    assert state_at(None, NOW) == TradingState.ACTIVE


@pytest.mark.parametrize("equity", ["10000", "9700.01", "12000"])
def test_a_bearable_loss_changes_nothing(equity: str) -> None:
    assert step(equity, peak="10000" if D(equity) < 10_000 else equity) is None


def test_the_daily_limit_itself_reduces_until_the_next_midnight_and_says_why() -> None:
    change = step("9700")
    assert change is not None
    assert (change.state, change.at, change.until) == (TradingState.REDUCING, NOW, TOMORROW)
    assert change.reason == (
        "Since UTC midnight 300 of 10000 was lost, 3 %, the most is 3 %: nothing is opened until "
        "2024-03-06T00:00:00Z."
    )


def test_reducing_lasts_although_equity_recovers_and_ends_by_itself_at_midnight() -> None:
    change = step("9700")
    assert step("10500", change, peak="10500", now=NOW + H) is None
    assert state_at(change, TOMORROW - H / 3600) == TradingState.REDUCING
    assert state_at(change, TOMORROW) == TradingState.ACTIVE


def test_a_new_day_may_reduce_again_and_only_then() -> None:
    change = step("9700")
    assert step("9600", change, now=TOMORROW - H) is None
    assert step("9500", change, start="9600", now=TOMORROW + H) is None
    again = step("9300", change, start="9600", now=TOMORROW + H)
    assert again is not None
    assert (again.state, again.until) == (TradingState.REDUCING, TOMORROW + 24 * H)


def test_money_that_was_taken_out_or_put_in_is_no_loss_and_no_gain() -> None:
    assert step("9600", deposits="-400") is None
    hidden = step("10100", deposits="400", peak="10500")
    assert hidden is not None
    assert hidden.state == TradingState.REDUCING


def test_the_drawdown_limit_halts_without_an_end_and_says_why() -> None:
    change = step("9000", start="9100")
    assert change is not None
    assert (change.state, change.at, change.until) == (TradingState.HALTED, NOW, None)
    assert change.reason == (
        "Equity of 9000 is 10 % below its peak of 10000, the most is 10 %: nothing is opened until "
        "an operator resumes."
    )
    assert state_at(change, NOW + 10_000 * H) == TradingState.HALTED


def test_a_halt_beats_a_day_of_reducing() -> None:
    change = step("9000")
    assert change is not None
    assert change.state == TradingState.HALTED
    later = step("8900", step("9700"), now=NOW + H)
    assert later is not None
    assert later.state == TradingState.HALTED


@given(st.lists(st.tuples(MONEY, MONEY, MONEY, st.integers(0, 500)), max_size=20))
def test_a_halt_never_ends_by_itself_whatever_happens(
    days: list[tuple[Decimal, Decimal, Decimal, int]],
) -> None:
    halt = step("9000")
    for equity, start, peak, hours in days:
        now = NOW + hours * H
        assert step(equity, halt, start=start, peak=peak, now=now) is None
        assert state_at(halt, now) == TradingState.HALTED


def test_after_an_operators_word_the_limits_hold_anew() -> None:
    resumed = entry("active")
    assert step("9950", resumed) is None
    assert step("9700", resumed) is not None


@pytest.mark.parametrize("bad", ["NaN", "sNaN", "Infinity", "0", "-1"])
@pytest.mark.parametrize("field", ["start", "peak"])
def test_what_cannot_be_reckoned_halts(field: str, bad: str) -> None:
    change = step("10000", **{field: bad})
    assert change is not None
    assert (change.state, change.until) == (TradingState.HALTED, None)
    assert "cannot be checked" in change.reason


def test_an_equity_or_deposit_that_is_no_number_halts() -> None:
    for change in (step("NaN"), step("10000", deposits="NaN")):
        assert change is not None
        assert change.state == TradingState.HALTED


def test_an_account_that_is_gone_halts() -> None:
    change = step("-5")
    assert change is not None
    assert change.state == TradingState.HALTED


@given(MONEY, MONEY, MONEY)
def test_a_callers_decimal_context_moves_no_limit(
    equity: Decimal, start: Decimal, peak: Decimal
) -> None:
    expected = step(equity, start=start, peak=peak)
    with localcontext(Context(prec=2)):
        assert step(equity, start=start, peak=peak) == expected


def test_odd_money_and_percentages_are_told_to_eight_and_to_two_places() -> None:
    change = step("9123.456789012", start="9500.123456789")
    assert change is not None
    assert change.reason == (
        "Since UTC midnight 376.66667 of 9500.1235 was lost, 3.96 %, the most is 3 %: nothing is "
        "opened until 2024-03-06T00:00:00Z."
    )


@pytest.mark.parametrize("now", [NOW, MIDNIGHT, TOMORROW - timedelta(microseconds=1)])
def test_a_day_of_reducing_ends_at_midnight_to_the_microsecond(now: datetime) -> None:
    late = now + timedelta(minutes=34, seconds=56, microseconds=7) if now == NOW else now
    change = step("9700", now=late)
    assert change is not None
    assert change.until == TOMORROW


def test_what_cannot_be_reckoned_is_told_with_the_numbers() -> None:
    change = step("10000", peak="NaN")
    assert change is not None
    assert change.reason == (
        "Equity 10000, 10000 at UTC midnight and peak NaN do not give a loss to check; what "
        "cannot be checked halts, until an operator resumes."
    )
