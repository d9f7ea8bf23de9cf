"""What the session may do, as it follows from its equity: open, only reduce, or stand still.

Two limits switch it. A day's loss lets nothing be opened until the next UTC midnight, even if
equity recovers before. A fall from the peak halts for good: nothing here ever ends a halt, only an
operator does. What cannot be reckoned halts too. Exits go on in every state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from domain.clock import iso
from domain.finding import shown
from domain.lifecycle import TradingState
from domain.numbers import ZERO, plain
from policies.arithmetic import gate_arithmetic
from policies.settings import Policy

DISAGREEMENT = "The venue and the journal disagree"
"""How the reason of a halt begins that is not about money."""


@dataclass(frozen=True, slots=True)
class StateEntry:
    """One change of the state."""

    state: TradingState
    at: datetime
    until: datetime | None
    """When it ends by itself; None lasts until another entry."""
    reason: str
    """One sentence with the numbers."""

    @property
    def is_about_money(self) -> bool:
        """Whether a loss called for it, rather than a venue that disagrees."""
        return not self.reason.startswith(DISAGREEMENT)


def state_at(newest: StateEntry | None, now: datetime) -> TradingState:
    """The state at `now`, given the newest entry; without one, and after its end, it is active."""
    if newest is None or (newest.until is not None and now >= newest.until):
        return TradingState.ACTIVE
    return newest.state


def next_state(
    current: StateEntry | None,
    *,
    equity: Decimal,
    day_start_equity: Decimal,
    net_deposits_today: Decimal,
    peak_equity: Decimal,
    policy: Policy,
    now: datetime,
) -> StateEntry | None:
    """The entry to be made now; None when nothing changes.

    Args:
        current: The newest entry so far.
        equity: Value of the account now, in quote.
        day_start_equity: Newest value known at the last UTC midnight, in quote.
        net_deposits_today: Deposits less withdrawals since then, in quote.
        peak_equity: Highest value ever, in quote.
        policy: Gives the two limits.
        now: Where the day lies.
    """
    before = state_at(current, now)
    if before is TradingState.HALTED:
        return None
    with gate_arithmetic():
        halt = _unknown(equity, day_start_equity, net_deposits_today, peak_equity)
        halt = halt or _drawdown(equity, peak_equity, policy.max_drawdown_fraction)
        if halt:
            return StateEntry(TradingState.HALTED, now, None, halt)
        if before is TradingState.REDUCING:
            return None
        until = _next_midnight(now)
        gain = equity - day_start_equity - net_deposits_today
        loss = _day_loss(gain, day_start_equity, policy.max_daily_loss_fraction, until)
    return StateEntry(TradingState.REDUCING, now, until, loss) if loss else None


def _unknown(equity: Decimal, day_start: Decimal, deposits: Decimal, peak: Decimal) -> str:
    known = all(value.is_finite() for value in (equity, day_start, deposits, peak))
    if known and day_start > ZERO and peak > ZERO:
        return ""
    return (
        f"Equity {equity}, {day_start} at UTC midnight and peak {peak} do not give a loss to "
        "check; what cannot be checked halts, until an operator resumes."
    )


def _drawdown(equity: Decimal, peak: Decimal, limit: Decimal) -> str:
    fall = peak - equity
    if fall < limit * peak:
        return ""
    return (
        f"Equity of {_money(equity)} is {_percent(fall / peak)} below its peak of {_money(peak)}, "
        f"the most is {_percent(limit)}: nothing is opened until an operator resumes."
    )


def _day_loss(gain: Decimal, day_start: Decimal, limit: Decimal, until: datetime) -> str:
    if gain > -limit * day_start:
        return ""
    return (
        f"Since UTC midnight {_money(-gain)} of {_money(day_start)} was lost, "
        f"{_percent(-gain / day_start)}, the most is {_percent(limit)}: nothing is opened until "
        f"{iso(until)}."
    )


def _next_midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _percent(fraction: Decimal) -> str:
    return f"{plain(100 * fraction, 2)} %"


def _money(amount: Decimal) -> str:
    return shown(amount, 8)
