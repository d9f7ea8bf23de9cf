"""A plan as the machine draws it, and what it comes to as plan, verdict and entry order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from broker.outbox import PAPER_ACCOUNT, entry_order
from domain.numbers import plain
from domain.orders import Order
from domain.plan import TradePlan
from domain.verdict import Approved, Bracket, TargetLeg
from tests.broker.venue import TICK, D, H, draft, plan_of

STEP = D("0.001")


@dataclass(frozen=True)
class Wish:
    """A plan as the machine draws it; prices in ticks from the last close."""

    symbol: str
    long: bool
    entry_ticks: int | None
    stop_ticks: int
    target_ticks: Sequence[int]
    quantities: Sequence[int]
    """Of each target, in steps."""
    expiry_bars: int
    horizon_bars: int
    slippage_ticks: int = 3


class Wanted(NamedTuple):
    """What is committed for a wish."""

    plan: TradePlan
    verdict: Approved
    order: Order

    @property
    def seen(self) -> dict[str, str]:
        """Of the snapshot that is kept with the plan, what is judged."""
        price = plain(self.plan.decision_price)
        return {"decision_price": price, "policy_hash": self.plan.policy_hash}


def wanted(wish: Wish, run: str, last: Decimal, at: datetime) -> Wanted:
    """A plan that the gate has approved as it was drawn."""
    sign = 1 if wish.long else -1
    limit = None if wish.entry_ticks is None else last + wish.entry_ticks * TICK
    side = "long" if wish.long else "short"
    plan = plan_of(draft(side, limit), run=run, symbol=wish.symbol, at=at, price=last)
    entry = limit or last
    bracket = Bracket(
        symbol=wish.symbol,
        side="long" if wish.long else "short",
        entry_kind="market" if limit is None else "limit",
        entry_price=entry,
        quantity=sum(wish.quantities) * STEP,
        stop_price=entry - sign * wish.stop_ticks * TICK,
        targets=tuple(
            TargetLeg(entry + sign * ticks * TICK, steps * STEP)
            for ticks, steps in zip(wish.target_ticks, wish.quantities, strict=False)
        ),
        expires_at=at + wish.expiry_bars * H,
        close_at=at + wish.horizon_bars * H - timedelta(minutes=10),
        risk_per_unit=D(1),
        risk_amount=sum(wish.quantities) * STEP,
        reward_risk=D(2),
        stop_slippage=wish.slippage_ticks * TICK,
        entry_slippage_bps=D(0),
        sizing=(),
        book_origin=None,
    )
    order = entry_order(plan, bracket, TICK, at, PAPER_ACCOUNT)
    return Wanted(plan, Approved(bracket, ()), order)
