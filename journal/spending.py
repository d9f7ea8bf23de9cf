"""The money ledger: every call of a model is set aside at its worst before it is made.

A call that nobody settles (it failed, was cut off, its process died) stays at its worst, so that
what is spent is never less than what the books say. Whether there is room and the setting aside are
one write transaction: of two processes that want the last cent, one gets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, type_coerce, update

from domain.clock import Clock
from domain.errors import OverBudget
from domain.numbers import plain
from domain.spending import Claim, Cost, SpendingCaps, Usage
from journal.spending_tables import MODEL_CALLS
from traces.database import Database

_C, PICO = MODEL_CALLS.c, MODEL_CALLS.c.reserved_usd.type
COUNTS = func.coalesce(_C.settled_usd, _C.reserved_usd)
"""What a call counts for: what it took, else its worst case; NULL where its price is unknown."""


class Spent(NamedTuple):
    """What was spent and set aside."""

    usd: Decimal
    unknown_count: int
    """Calls beside it whose price nobody named."""


class _Limit(NamedTuple):
    """A cap, and the calls that it is about."""

    words: str
    cap: Decimal
    calls: ColumnElement[bool]


class SpendingLedger:
    """What one session may spend on models, and spends."""

    def __init__(self, database: Database, session: str, caps: SpendingCaps, clock: Clock) -> None:
        """Nothing is read yet.

        Args:
            database: All its sessions share a day.
            session: This one.
            caps: How much may be spent.
            clock: The real time, also where a replay has another.
        """
        self.database = database
        self.session = session
        self.caps = caps
        self._clock = clock

    def allowance(
        self, run_id: str, symbol: str, node: str, longest_answer_tokens: int
    ) -> DecisionAllowance:
        """The money of one decision for one of its nodes."""
        return DecisionAllowance(self, run_id, symbol, node, longest_answer_tokens)

    def blind_spots(self) -> list[str]:
        """The caps that cannot be kept, since they are about calls of unknown price already."""
        with self.database.read() as connection:
            limits = self._limits(None, self._clock.now())
            found = [(one, _spent(connection, one.calls)) for one in limits]
        return [_unknown(one, spent) for one, spent in found if spent.unknown_count]

    def reserve(
        self, calls: Sequence[Sequence[Claim]], run_id: str, symbol: str, node: str
    ) -> list[tuple[int, Claim]]:
        """Set calls aside, all of them or none; their numbers, and which claim of each it was.

        Not durable: what a power cut takes is what came after the last decision that was recorded.

        Args:
            calls: Of each what it may cost with one model or another; the first with room counts.
            run_id: The decision.
            symbol: What it is about.
            node: Which one asks.

        Raises:
            OverBudget: a cap leaves no room for their worst cases.
        """
        of = {"session": self.session, "run_id": run_id, "symbol": symbol, "node": node}
        with self.database.begin(durable=False) as connection:
            return [self._set_aside(connection, claims, of) for claims in calls]

    def _set_aside(
        self, connection: Connection, claims: Sequence[Claim], of: dict[str, str]
    ) -> tuple[int, Claim]:
        """One call, beside those that the transaction has set aside before it."""
        at = self._clock.now()  # the day whose cap is looked at is the day that it counts in
        limits = self._limits(of["run_id"], at)
        spent = [(one, _spent(connection, one.calls)) for one in limits]
        claim = _first_with_room(spent, claims)
        worst = claim.worst
        row = {
            **of,
            "model": claim.model,
            "at": at,
            "prompt_tokens": claim.prompt_tokens,
            "answer_tokens": claim.answer_tokens,
            "tool_tokens": dict(claim.tool_tokens),
            "reserved_usd": worst and worst.usd,
            "prompt_usd": worst and worst.prompt_usd,
        }
        made = connection.execute(insert(MODEL_CALLS).values(**row).returning(_C.id))
        return int(made.scalar_one()), claim

    def release(self, number: int) -> None:
        """Forget a call that was never made; one that is settled stays."""
        with self.database.begin(durable=False) as connection:
            mine = (_C.id == number) & _C.settled_at.is_(None)
            connection.execute(delete(MODEL_CALLS).where(mine))

    def settle(self, number: int, usage: Usage, cost: Cost | None) -> None:
        """Put in place of a call's worst case what it took.

        Not durable: what a power cut takes of it counts at its worst again.
        """
        row = {
            "settled_at": self._clock.now(),
            "settled_usd": cost and cost.usd,
            "prompt_usd": cost and cost.prompt_usd,
            "input_tokens": usage.input_tokens,
            "cached_tokens": usage.cached_tokens,
            "output_tokens": usage.output_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "image_tokens": usage.image_tokens,
            "tokens_from": usage.source,
        }
        with self.database.begin(durable=False) as connection:
            mine = (_C.id == number) & _C.settled_at.is_(None)
            connection.execute(update(MODEL_CALLS).where(mine).values(**row))

    def _limits(self, run_id: str | None, at: datetime) -> Iterable[_Limit]:
        """The caps that are set; that of a decision only where one is named."""
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        mine = _C.session == self.session
        today = (_C.at >= midnight) & (_C.at < midnight + timedelta(days=1))
        known = (
            ("decision", self.caps.decision_usd if run_id else None, mine & (_C.run_id == run_id)),
            (f"day {midnight:%Y-%m-%d} (UTC)", self.caps.day_usd, today),
            (f"session {self.session!r}", self.caps.session_usd, mine),
        )
        for words, cap, calls in known:
            if cap is not None:
                yield _Limit(words, cap, calls)


@dataclass(frozen=True, slots=True)
class DecisionAllowance:
    """The money of one decision, for one of its nodes."""

    ledger: SpendingLedger
    run_id: str
    symbol: str
    node: str
    longest_answer_tokens: int

    def reserve(self, claim: Claim) -> Reservation:
        """Set the call's worst case aside.

        Raises:
            OverBudget: a cap leaves no room for it.
        """
        return self.reserve_all([[claim]])[0]

    def reserve_all(self, calls: Sequence[Sequence[Claim]]) -> list[Reservation]:
        """Set the worst cases of several calls aside, all or none.

        Args:
            calls: Of each what it may cost with one model or another; the first with room counts.

        Raises:
            OverBudget: a cap leaves no room for them.
        """
        made = self.ledger.reserve(calls, self.run_id, self.symbol, self.node)
        return [Reservation(self.ledger, number, claim) for number, claim in made]


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was set aside for one call."""

    ledger: SpendingLedger
    number: int
    claim: Claim

    def settle(self, usage: Usage, cost: Cost | None) -> None:
        """What the provider says it took; what it does not say stays at its worst."""
        told = usage.source == "provider"
        self.ledger.settle(self.number, usage, cost if told else self.claim.worst)

    def release(self) -> None:
        """The call was never made."""
        self.ledger.release(self.number)


def _spent(connection: Connection, calls: ColumnElement[bool]) -> Spent:
    total = func.coalesce(func.sum(COUNTS), 0)
    unknown = func.count() - func.count(COUNTS)
    usd, count = connection.execute(select(type_coerce(total, PICO), unknown).where(calls)).one()
    return Spent(usd, count)


def _first_with_room(spent: Sequence[tuple[_Limit, Spent]], claims: Sequence[Claim]) -> Claim:
    """The first that every cap has room for; that there is none is told of the last."""
    *before, last = claims
    for claim in before:
        with suppress(OverBudget):
            return _with_room(spent, claim)
    return _with_room(spent, last)


def _with_room(spent: Sequence[tuple[_Limit, Spent]], claim: Claim) -> Claim:
    for limit, already in spent:
        _require_room(limit, already, claim)
    return claim


def _require_room(limit: _Limit, spent: Spent, claim: Claim) -> None:
    """Refuse unless it is sure that the cap holds."""
    if spent.unknown_count:
        raise OverBudget(_unknown(limit, spent))
    if claim.worst is None:
        raise OverBudget(
            f"nobody named the price of model {claim.model!r}, and the {limit.words} has a cap; "
            "name its price in the file of models"
        )
    if not spent.usd + claim.worst.usd <= limit.cap:
        raise OverBudget(
            f"the next call of model {claim.model!r} may cost {plain(claim.worst.usd)} USD and "
            f"{plain(spent.usd)} of the {plain(limit.cap)} USD of the {limit.words} are spent or "
            "set aside"
        )


def _unknown(limit: _Limit, spent: Spent) -> str:
    return (
        f"{spent.unknown_count} calls of the {limit.words} have a price that nobody named, so that "
        f"what is left of its {plain(limit.cap)} USD is not known; see: plangate cost"
    )
