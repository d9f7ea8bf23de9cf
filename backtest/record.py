"""A session's decisions as its traces have them: what was proposed, and what the gate saw of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from domain.errors import StateError
from domain.numbers import ZERO
from policies.evidence import CheckedNumber
from traces import events as ev
from traces.opinion_events import VotesCounted
from traces.order_events import Filled
from traces.store import TraceStore

KINDS = (
    *("run_started", "snapshot_taken", "answer_parsed", "reviewed", "votes_counted"),
    *("run_ended", "filled"),
)
"""Events that are read."""


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """One version of a plan that the gate has judged."""

    plan_id: str
    version: int
    approved: bool
    codes: tuple[str, ...]
    case: str | None
    """Blob hash of the case as the gate saw it; None in traces of 0.1."""
    body: dict[str, Any]
    """The answer as it was read: a plan's draft, or a replan's."""
    replan: bool
    """Whether it changes a plan that stands."""
    bracket: dict[str, Any] | None
    numbers: tuple[CheckedNumber, ...]
    """Its numbers beside their sources; empty where the policy asked for none."""


@dataclass(slots=True)
class StoredDecision:
    """One decision; plans in the order they were judged."""

    run_id: str
    symbol: str
    as_of: datetime
    model: str
    snapshot: str | None = None
    """Blob hash of what the market was seen to be; None where it could not be seen."""
    plans: list[StoredPlan] = field(default_factory=list)
    exit: dict[str, Any] | None = None
    """What it closes, where it ended in an exit."""
    outvoted: str | None = None
    """The code under which others held up what the gate had let through; None: they did not."""
    denied_at_send: tuple[str, ...] = ()
    filled: bool = False
    """Whether its entry filled, in whole or in part."""
    outcome: str = "unfinished"

    @property
    def approved(self) -> int | None:
        """Which of its plans was approved, counted from 0; None: none was, or others held it up."""
        if self.outvoted is not None:
            return None
        return next((n for n, plan in enumerate(self.plans) if plan.approved), None)


class _Answer(NamedTuple):
    kind: Literal["plan", "replan", "exit"]
    body: dict[str, Any]


def read_decisions(store: TraceStore) -> list[StoredDecision]:
    """Every decision of a session, oldest first; of one that was begun anew, the last time.

    Raises:
        StateError: there is none.
    """
    found: dict[str, StoredDecision] = {}
    answers: dict[str, _Answer] = {}
    for run_id, event in store.of_kinds(*KINDS):
        if isinstance(event, ev.RunStarted):
            found[run_id] = StoredDecision(run_id, event.symbol, event.as_of, event.model)
            answers.pop(run_id, None)
        elif run_id in found:
            _note(found[run_id], event, answers)
    if not found:
        raise StateError(
            f"session {store.session!r} has no traces (pruned?); expected one with its decisions "
            "in it: plangate traces list"
        )
    return sorted(found.values(), key=lambda one: (one.as_of, one.symbol))


def _note(decision: StoredDecision, event: ev.Event, answers: dict[str, _Answer]) -> None:
    name = decision.run_id
    match event:
        case ev.AnswerParsed(answer="plan" | "replan" | "exit" as kind, body=dict(body)):
            answers[name] = _Answer(kind, body)
        case VotesCounted(code=None, body=dict(body)) if name in answers:
            answers[name] = answers[name]._replace(body=body)
        case ev.Reviewed(stage="review"):
            decision.plans.append(_plan(event, answers.get(name)))
        case ev.RunEnded():
            decision.outcome = event.outcome
            if event.outcome == "exit" and name in answers:
                decision.exit = answers[name].body
        case _:
            _note_fate(decision, event)


def _note_fate(decision: StoredDecision, event: ev.Event) -> None:
    match event:
        case ev.SnapshotTaken():
            decision.snapshot = event.snapshot
        case ev.Reviewed(stage="send"):
            decision.denied_at_send = () if event.approved else tuple(event.codes)
        case VotesCounted(code=str()):
            decision.outvoted = event.code
        case Filled(leg="entry"):
            decision.filled = True
        case _:
            pass


def _plan(event: ev.Reviewed, answer: _Answer | None) -> StoredPlan:
    return StoredPlan(
        plan_id=event.plan_id,
        version=event.version,
        approved=event.approved,
        codes=tuple(event.codes),
        case=event.case,
        body=answer.body if answer else {},
        replan=answer is not None and answer.kind == "replan",
        bracket=event.bracket,
        numbers=tuple(_checked(event.numbers)),
    )


def _checked(rows: Sequence[dict[str, Any]]) -> Iterable[CheckedNumber]:
    for row in rows:
        found = row["found"]
        yield CheckedNumber(
            where=row["where"],
            number=Decimal(row["number"]),
            source=row["source"],
            found=None if found is None else Decimal(found),
            tolerance=Decimal(row["tolerance"]) if row["tolerance"] else ZERO,
        )
