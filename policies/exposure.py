"""What is already at stake, as the plan would add to it. Signed by the plan's direction.

Working entries count at full size. They may add to an exposure and never relieve one: they may not
fill. A position whose correlation is unknown counts as moving along with the plan.
"""

from __future__ import annotations

from decimal import Decimal

from domain.numbers import ONE, ZERO
from policies.case import Case
from policies.facts import known

CORRELATED_AT = Decimal("0.7")
"""Correlation of 4 h returns over 30 days from which two symbols count as one bet."""


def open_risk(case: Case) -> Decimal | None:
    """What is lost if every stop fires, in quote; None when one of them is unknown."""
    account, total = case.account, ZERO
    risks = [p.open_risk for p in account.positions] + [
        w.open_risk for w in account.working_entries
    ]
    for amount in risks:
        risk = known(amount)
        if risk is None or risk < ZERO:
            return None
        total += risk
    return total


def net_exposure(case: Case) -> Decimal:
    """Value held in the plan's direction less what is held against it, in quote."""
    held = sum((position.value for position in case.account.positions), ZERO) * case.direction
    working = (entry.value * case.direction for entry in case.account.working_entries)
    return held + sum((value for value in working if value > ZERO), ZERO)


def correlated_exposure(case: Case) -> Decimal:
    """The same among the symbols that move together with the plan's, in quote."""
    total = ZERO
    for position in case.account.positions:
        rho = correlation(case, position.symbol)
        if rho is None:
            total += abs(position.value)
        elif rho >= CORRELATED_AT:
            total += position.value * case.direction
    for entry in case.account.working_entries:
        rho = correlation(case, entry.symbol)
        if rho is None:
            total += entry.notional
        elif rho >= CORRELATED_AT:
            total += max(ZERO, entry.value * case.direction)
    return total


def correlation(case: Case, symbol: str) -> Decimal | None:
    """Correlation with the plan's symbol; 1 with itself, None when unknown."""
    if symbol == case.instrument.symbol:
        return ONE
    return known(case.market.correlations.get(symbol))
