"""A session's decisions as its traces have them: what was proposed, and what the gate saw of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from domain.errors import StateError
from domain.numbers import ZERO
from graph.branches import MAIN
from policies.evidence import CheckedNumber
from traces import events as ev
from traces.opinion_events import VotesCounted
from traces.order_events import Filled
from traces.step_events import BranchTaken
from traces.store import TraceStore

KINDS = (
    *("run_started", "snapshot_taken", "answer_parsed", "reviewed", "votes_counted"),
    *("run_ended", "filled", "branch_taken"),
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
    ended_with: tuple[str, ...] = ()
    """The codes of its end."""

    @property
    def approved(self) -> int | None:
        """Which of its plans was approved, counted from 0; None: none was, or others held it up."""
        if self.outvoted is not None:
            return None
        return next((n for n, plan in enumerate(self.plans) if plan.approved), None)


class _Answer(NamedTuple):
    kind: Literal["plan", "replan", "exit"]
    body: dict[str, Any]


@dataclass(slots=True)
class _Way:
    """One way through a decision: a person who steps through it may take several."""

    decision: StoredDecision
    answers: list[_Answer] = field(default_factory=list)

    def copy(self) -> _Way:
        return _Way(replace(self.decision, plans=[*self.decision.plans]), [*self.answers])

    def note(self, event: ev.Event) -> None:
        """What happened on it."""
        match event:
            case ev.SnapshotTaken():
                self.decision.snapshot = event.snapshot
            case ev.Reviewed(stage="review"):
                answer = self.answers[-1] if self.answers else None
                self.decision.plans.append(_plan(event, answer))
            case VotesCounted(code=str()):
                self.decision.outvoted = event.code
            case _:
                pass

    def end(self, event: ev.RunEnded) -> None:
        """It has come to its end."""
        self.decision.outcome, self.decision.ended_with = event.outcome, tuple(event.codes)
        if event.outcome == "exit" and self.answers:
            self.decision.exit = self.answers[-1].body

    def undo(self, node: str | None) -> None:
        """Stand before a node again."""
        self.decision.outcome, self.decision.exit = "unfinished", None
        if node == "plan" and self.answers:
            self.answers.pop()
        elif node == "review" and self.decision.plans:
            self.decision.plans.pop()
        elif node == "consult":
            self.decision.outvoted = None


@dataclass(slots=True)
class _Told:
    """What was read of one decision so far."""

    ways: dict[str, _Way]
    here: str = MAIN
    ended: StoredDecision | None = None
    """As the way that ended last has it: it is the one that the journal has."""

    @property
    def way(self) -> _Way:
        return self.ways[self.here]

    @property
    def decision(self) -> StoredDecision:
        return self.ended or self.way.decision

    def turn(self, to: BranchTaken) -> None:
        """Go on where the person did."""
        if to.how == "fork":
            self.ways[to.branch] = self.way.copy()
        self.here = to.branch if to.branch in self.ways else self.here
        if to.how == "back":
            self.way.undo(to.before)


def read_decisions(store: TraceStore) -> list[StoredDecision]:
    """Every decision of a session, oldest first; of one that was begun anew, the last time.

    Of one that a person stepped through, the way that ended last counts; what was left is not
    there.

    Raises:
        StateError: there is none.
    """
    found: dict[str, _Told] = {}
    for run_id, event in store.of_kinds(*KINDS):
        if isinstance(event, ev.RunStarted):
            begun = StoredDecision(run_id, event.symbol, event.as_of, event.model)
            found[run_id] = _Told({MAIN: _Way(begun)})
        elif run_id in found:
            _note(found[run_id], event)
    if not found:
        raise StateError(
            f"session {store.session!r} has no traces (pruned?); expected one with its decisions "
            "in it: plangate traces list"
        )
    return sorted((one.decision for one in found.values()), key=lambda one: (one.as_of, one.symbol))


def _note(told: _Told, event: ev.Event) -> None:
    way = told.way
    match event:
        case BranchTaken():
            told.turn(event)
        case ev.AnswerParsed(answer="plan" | "replan" | "exit" as kind, body=dict(body)):
            way.answers.append(_Answer(kind, body))
        case VotesCounted(code=None, body=dict(body)) if way.answers:
            way.answers[-1] = way.answers[-1]._replace(body=body)
        case ev.RunEnded():
            way.end(event)
            told.ended = way.copy().decision
        case ev.Reviewed(stage="send"):
            told.decision.denied_at_send = () if event.approved else tuple(event.codes)
        case Filled(leg="entry"):
            told.decision.filled = True
        case _:
            way.note(event)


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
