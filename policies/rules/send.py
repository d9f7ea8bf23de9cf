"""Has somebody, or something, said stop? Checked last, so that nothing comes after it.

Exits and cancels pass under every one of these: they are not reviewed at all.
"""

from __future__ import annotations

from domain.finding import ABSENT, Finding, Stated
from domain.lifecycle import TradingState
from policies.case import Case


def kill_switch_is_off(case: Case) -> Finding:
    """`KILL_SWITCH`: the operator's switch is readable and off.

    Reason: the one control that needs no thought. What cannot be read counts as tripped. Source:
    EU 2017/589 (RTS 6), article 12: kill functionality.
    """
    return kill_switch_finding(case.account.kill_switch)


def kill_switch_finding(tripped: bool | None) -> Stated:
    """What a switch that is on, off or unreadable (None) comes to."""
    found = {None: "unreadable", True: "tripped", False: "off"}[tripped]
    sentence = f"The kill switch is {found}."
    return Stated("KILL_SWITCH", tripped is False, found, "off", sentence)


def trading_is_active(case: Case) -> Finding:
    """`TRADING_HALTED`: the session's state is active, not reducing or halted; unknown denies.

    `reducing` ends at the next UTC midnight (max_daily_loss_fraction), `halted` when an
    operator resumes (max_drawdown_fraction). Both are kept in the journal and outlive a
    restart. Reason: what halts a session holds for every plan in it. Source: Nautilus Trader's
    TradingState.
    """
    return trading_state_finding(case.account.trading_state)


def trading_state_finding(state: TradingState | None) -> Stated:
    """What a state, or an unknown one, comes to."""
    found = ABSENT if state is None else state.value
    sentence = f"The session's trading state is {'unknown' if state is None else found}."
    passed = state is TradingState.ACTIVE
    return Stated("TRADING_HALTED", passed, found, TradingState.ACTIVE.value, sentence)


def orders_are_reconciled(case: Case) -> Finding:
    """`NOT_RECONCILED`: no order's fate at the venue is a question; unknown denies.

    Reason: an order that may have filled is exposure that no other rule has counted. Source: EU
    2017/589 (RTS 6), article 17: reconciliation.
    """
    sure = case.account.reconciled
    found = {None: ABSENT, True: "reconciled", False: "open questions"}[sure]
    words = "all known" if sure else "not all known"
    sentence = f"The fate of the orders sent is {words}."
    return Stated("NOT_RECONCILED", sure is True, found, "reconciled", sentence)
