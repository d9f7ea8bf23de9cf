"""A session's answers carried out under another policy: the same gate, venue and journal.

Each decision's recorded answers come before the gate in the order they were given, with the account
as the walk has it; the first that is approved is traded. What the model would have answered to a
denial that it never had is unknown: such a decision ends there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from backtest.record import StoredDecision
from backtest.regate import ReadPlan
from domain.clock import iso
from domain.errors import MARKET_FAILURES, StateError
from domain.plan import ExitDraft
from domain.verdict import Verdict
from graph.caps import HOPELESS
from graph.context import RunContext
from graph.identity import run_id
from graph.recording import keep_verdict
from graph.replanning import change_of
from graph.reviewing import judged_as
from graph.state import RunState, initial_state
from graph.submitting import submit
from policies.evidence import with_evidence
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.store import TraceStore

Key = tuple[str, datetime]
"""Symbol and moment of a decision."""


class Walked(NamedTuple):
    """What came of one decision on the walk."""

    decision: StoredDecision
    verdicts: tuple[Verdict, ...]
    """Of its plans, as far as they came before the gate."""
    approved: int | None
    """Which plan was approved, counted from 0."""
    outcome: str
    """As a run's; `unknown` where the model would have been asked again."""


@dataclass
class Walk:
    """A `Decider` that gives a record's answers again, and remembers what came of them."""

    context: RunContext
    record: Mapping[Key, tuple[StoredDecision, tuple[ReadPlan, ...]]]
    store: TraceStore
    """The record's own traces."""
    walked: list[Walked] = field(default_factory=list)

    async def decide(self, symbol: str, slot: datetime) -> dict[str, Any]:
        """Carry one decision's answers out; a moment without a decision is passed by."""
        identity = run_id(self.context, symbol, slot)
        state = initial_state(identity, symbol, iso(slot))
        found = self.record.get((symbol, slot))
        if found is not None:
            try:
                done = await self._again(state, *found)
            except MARKET_FAILURES:
                done = Walked(found[0], (), None, "failed")
            self.walked.append(done)
        return {"run_id": identity, "codes": [], "reason": "", "model_calls": 0}

    async def _again(
        self, state: RunState, decision: StoredDecision, plans: Iterable[ReadPlan]
    ) -> Walked:
        if decision.snapshot is None or not (decision.plans or decision.exit):
            return Walked(decision, (), None, decision.outcome)
        context = self._with_texts()
        state["snapshot"] = context.recorder.blob(self.store.blobs.get(decision.snapshot))
        verdicts: list[Verdict] = []
        for number, plan in enumerate(plans):
            if plan.case is None and not plan.plan.replan:
                return Walked(decision, tuple(verdicts), None, "unknown")
            verdict = await _judged(context, state, plan)
            if verdict is None:
                return Walked(decision, tuple(verdicts), None, "no_trade")
            verdicts.append(verdict)
            if verdict.approved:
                outcome = await _committed(context, state, decision)
                return Walked(decision, tuple(verdicts), number, outcome)
            if HOPELESS & set(verdict.codes):
                return Walked(decision, tuple(verdicts), None, "denied")
        if decision.exit is not None:
            outcome = await _left(context, state, decision.exit)
            return Walked(decision, tuple(verdicts), None, outcome)
        return Walked(decision, tuple(verdicts), None, _end(context, decision, verdicts))

    def _with_texts(self) -> RunContext:
        """The context with a recorder whose texts are forgotten after the decision."""
        store = TraceStore(self.context.journal.database, self.context.journal.session)
        return replace(self.context, recorder=Recorder(store, Redactor({}), self.context.clock))


async def _judged(context: RunContext, state: RunState, read: ReadPlan) -> Verdict | None:
    """The gate's word on one recorded answer; None where what it changes is no more."""
    case = read.case
    state["answer"] = "replan" if read.plan.replan else "plan"
    draft = (
        read.plan.body if case is None or read.plan.replan else case.draft.model_dump(mode="json")
    )
    state["draft"] = draft
    state["evidence"] = [e.model_dump(mode="json") for e in case.evidence] if case else []
    try:
        change = change_of(context, state)
    except StateError:
        return None
    found = await judged_as(context, state, change)
    verdict = with_evidence(found.verdict, read.plan.numbers, context.policy)
    pair = [context.recorder.blob(found.plan.model_dump_json()), keep_verdict(context, verdict)]
    state["versions"] = [*state["versions"], pair]
    return verdict


async def _committed(context: RunContext, state: RunState, decision: StoredDecision) -> str:
    """An approved plan's intents, unless others held up this decision's plan on record."""
    if decision.outvoted is not None:
        return "no_trade"
    outcome: str = (await submit(context, state))["outcome"]
    return outcome


async def _left(context: RunContext, state: RunState, body: Mapping[str, Any]) -> str:
    """The exit, where there is anything to leave."""
    journal, symbol = context.journal, state["symbol"]
    if journal.standing_plan(symbol) is None and journal.position(symbol) is None:
        return "no_trade"
    state["answer"] = "exit"
    state["draft"] = ExitDraft.model_validate(body).model_dump(mode="json")
    outcome: str = (await submit(context, state))["outcome"]
    return outcome


def _end(context: RunContext, decision: StoredDecision, verdicts: Sequence[Verdict]) -> str:
    """How a decision ends whose every plan is denied: as on record, where that went on from there.

    Where the record ends with the last of them, the model would have been asked once more.
    """
    if not decision.plans or not (decision.plans[-1].approved or decision.outcome == "denied"):
        return decision.outcome
    used_up = len(verdicts) > context.caps.max_revisions_count
    return "denied" if used_up else "unknown"
