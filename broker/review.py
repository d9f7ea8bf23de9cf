"""The word that an entry needs before it is sent: the gate's, on what is known then."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from broker.marks import marks
from domain.candles import Timeframe
from domain.clock import Clock
from domain.errors import MARKET_FAILURES
from domain.finding import Stated
from domain.verdict import Denied, Verdict
from journal.books import Journal
from journal.reading import StoredPlan
from journal.standing import AccountReader, standing_facts
from market.observe import Observer
from market.protocol import MarketSource
from policies.case import Case, case_of
from policies.conditions import readings
from policies.facts import market_facts
from policies.gate import review
from policies.settings import Policy


class Reviewed(NamedTuple):
    """A word on a plan, and what it was based on."""

    verdict: Verdict
    case: Case | None
    """None where nothing could be seen, or nothing was looked at."""


class Review(Protocol):
    """Judges a plan whose entry is about to be sent."""

    async def review(self, stored: StoredPlan, answered: Collection[str]) -> Reviewed:
        """Judge it now.

        Args:
            stored: The plan.
            answered: Half-sent orders that the venue has just said it never had.
        """
        ...


class GateReview:
    """The gate on fresh data, against the price that the plan was decided at."""

    def __init__(
        self,
        journal: Journal,
        source: MarketSource,
        observer: Observer,
        policy: Policy,
        clock: Clock,
        symbols: Sequence[str],
        timeframe: Timeframe,
    ) -> None:
        self._journal = journal
        self._source = source
        self._observer = observer
        self._policy = policy
        self._clock = clock
        self._symbols = tuple(symbols)
        self._account = AccountReader(journal, policy, timeframe, source.instrument)

    async def review(self, stored: StoredPlan, answered: Collection[str]) -> Reviewed:
        """The gate on what is known now; what cannot be seen denies."""
        now, plan = self._clock.now(), stored.plan
        try:
            snapshot = await self._observer.snapshot(plan.symbol, now)
            prices = await marks(self._journal, self._source, now, snapshot)
        except MARKET_FAILURES as error:
            return Reviewed(Denied((_unseen(str(error)),)), None)
        account = self._account.facts(
            plan.symbol,
            prices,
            now,
            exclude_runs={plan.run_id, self._journal.stored_plan(plan.plan_id).plan.run_id},
            answered=answered,
        )
        case = case_of(
            plan,
            self._source.instrument(plan.symbol),
            self._symbols,
            market_facts(snapshot, now, self._clock.jump_s()),
            account,
            self._policy,
            self._journal.head_version(plan),
            standing_facts(self._journal, plan),
            readings(plan.draft.invalid_if, snapshot),
        )
        return Reviewed(review(case), case)


def _unseen(message: str) -> Stated:
    sentence = f"The market could not be seen at send: {message}"
    return Stated("STALE_DATA", False, "absent", "fresh data at send", sentence)
