"""What must hold of every result, worked out from its own words and the script's.

Nothing here asks the broker or the ledger: plain arithmetic with fractions, so that a fault of
theirs cannot excuse itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from broker.simulate.account_checks import (
    cash_adds_up,
    fees_are_rates,
    fills_add_up,
    nothing_stays_locked,
    positions_are_sums,
)
from broker.simulate.exit_checks import stop_before_target, what_is_held_is_guarded
from broker.simulate.facts import Check, Facts, facts_of
from broker.simulate.fill_checks import (
    a_share_of_the_volume,
    gaps_fill_at_the_open,
    inside_the_bar,
    only_what_came_after,
)
from broker.simulate.script import Script

CHECKS: tuple[Callable[[Facts], Check], ...] = (
    cash_adds_up,
    positions_are_sums,
    fills_add_up,
    fees_are_rates,
    nothing_stays_locked,
    inside_the_bar,
    gaps_fill_at_the_open,
    only_what_came_after,
    stop_before_target,
    a_share_of_the_volume,
    what_is_held_is_guarded,
)


def checked(script: Script, document: Mapping[str, Any]) -> list[Check]:
    """Every invariant, held against a result."""
    facts = facts_of(script, document)
    return [check(facts) for check in CHECKS]
