"""Compares the venue with the journal: at the start, after a silence, and every so often.

Same code always. What the venue did and we have not booked is booked; what it has and we do not
know is never explained away: the session halts, and an operator decides. No trade is invented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from broker.follower import BEFORE_THE_ORDER, Follower
from broker.protocol import Broker, News
from domain.lifecycle import AT_THE_VENUE, LIVE, OrderStatus, PlanStatus, TradingState
from domain.numbers import ZERO, plain
from journal.books import Journal
from policies.trading_state import DISAGREEMENT, StateEntry

GUARDED = (PlanStatus.APPROVED, PlanStatus.WORKING, PlanStatus.OPEN, PlanStatus.CLOSING)
"""Plans whose orders may still matter."""


class Reconciled(NamedTuple):
    """What a comparison came to."""

    at: datetime
    booked: int
    """Fills and payments that were not in the journal yet."""
    mismatches: Sequence[str]
    """Where the two disagree, as sentences; none is agreement."""


class Reconciler:
    """Brings the journal up to the venue, and says where it cannot."""

    def __init__(self, journal: Journal, broker: Broker, follower: Follower) -> None:
        self._journal = journal
        self._broker = broker
        self._follower = follower
        self._since: dict[str, datetime] = {}
        """What differs, and since when it has."""

    async def reconcile(self, now: datetime) -> Reconciled:
        """Book what is missing, look after every position, and compare.

        Raises:
            Unreachable: the venue did not answer; nothing is concluded from that.
        """
        before = len(self._journal.entries())
        await self._catch_up(now)
        for stored in self._journal.plans(*GUARDED):
            self._follower.guard(stored.plan.plan_id, now)
        differing = {**await self._orders(), **await self._positions()}
        mismatches = self._lasting(differing, now)
        self._journal.mismatches = tuple(mismatches)
        if mismatches and self._journal.trading_state(now) != TradingState.HALTED:
            reason = f"{DISAGREEMENT}: {'; '.join(mismatches)}."
            self._journal.record_state(StateEntry(TradingState.HALTED, now, None, reason))
        return Reconciled(now, len(self._journal.entries()) - before, mismatches)

    async def _catch_up(self, now: datetime) -> None:
        """What happened since the oldest thing that is still under way was made."""
        orders = self._journal.orders(*LIVE)
        plans = self._journal.plans(*GUARDED)
        made = [*(o.created_at for o in orders), *(p.approved_at for p in plans)]
        if made:
            since = min(made) - BEFORE_THE_ORDER
            executions = await self._broker.executions(since)
            payments = await self._broker.payments(since)
            known = {o.client_order_id for o in self._journal.orders()}
            ours = [e for e in executions if e.client_order_id in known or e.forced]
            await self._follower.take(News(ours, (), payments), now)
        for order in orders:
            found = await self._broker.find(order.client_order_id)
            if found is not None:
                await self._follower.take(News(orders=[found]), now)

    def _lasting(self, differing: Mapping[str, str], now: datetime) -> list[str]:
        """What differs and is believed: a venue that shows things late is asked twice."""
        # A clock that is set back must not hold up what was seen before: then it is seen now.
        self._since = {key: min(self._since.get(key, now), now) for key in differing}
        wait = self._broker.traits.settles_within
        return [words for key, words in differing.items() if now - self._since[key] >= wait]

    async def _orders(self) -> dict[str, str]:
        """Working at the venue and unknown or over here, or the other way round; words by key."""
        theirs = {o.client_order_id: o for o in await self._broker.working()}
        ours = {o.client_order_id: o for o in self._journal.orders(*AT_THE_VENUE)}
        sending = {o.client_order_id for o in self._journal.orders(OrderStatus.SENDING)}
        unknown = {
            f"unknown {name}": (
                f"order {name} of {theirs[name].symbol} works at the venue and not in the journal"
            )
            for name in sorted(set(theirs) - set(ours) - sending)
        }
        gone = {
            f"gone {name}": (
                f"order {name} of {ours[name].symbol} works in the journal and not at the venue"
            )
            for name in sorted(set(ours) - set(theirs))
        }
        return {**unknown, **gone}

    async def _positions(self) -> dict[str, str]:
        theirs = await self._broker.positions()
        ours = {s: p.quantity for s, p in self._journal.ledger().positions.items()}
        return {
            f"position {s}": (
                f"{plain(theirs.get(s, ZERO))} {s} held at the venue, "
                f"{plain(ours.get(s, ZERO))} here"
            )
            for s in sorted({*theirs, *ours})
            if theirs.get(s, ZERO) != ours.get(s, ZERO)
        }
