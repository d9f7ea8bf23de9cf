"""The laws of ledger, fills and brackets, judged on rows with arithmetic of its own.

Numbered as in the design: L ledger, F fills, B brackets and plans. Nothing of `broker` or `journal`
is used: what they compute is what is judged.
"""

from __future__ import annotations

from tests.properties.order_flow_fill_laws import (
    judge_cursor,
    judge_price,
    judge_sequence,
    judge_volume,
)
from tests.properties.order_flow_ledger_laws import (
    judge_collateral,
    judge_deposits,
    judge_ledger,
    judge_quantities,
)
from tests.properties.order_flow_plan_laws import judge_bracket, judge_history, judge_origins
from tests.properties.order_flow_rows import Picture
from tests.properties.order_flow_step_laws import judge_steps, judge_versions
from tests.properties.order_flow_terms import Account, Market


def judge(now: Picture, before: Picture | None, account: Account, market: Market) -> None:
    """Every law that holds at every moment.

    Raises:
        AssertionError: naming the law.
    """
    judge_ledger(now, account, market)
    judge_deposits(now)
    judge_collateral(now, account, market)
    judge_quantities(now, market)
    for fill in now.venue_fills[len(before.venue_fills) if before else 0 :]:
        judge_price(fill, now, before, market)
    judge_cursor(now, market)
    judge_volume(now, market)
    judge_sequence(now, market)
    for plan in now.plans.values():
        judge_bracket(plan, now, market)
    judge_origins(now)
    judge_steps(now, before)
    judge_versions(now)
    if before is not None:
        judge_history(now, before)
