"""Whether the graph says the same: a record's answers through it under another policy.

Everything is a session's own, LangGraph, prompts and tools among it; only the model is replaced, by
one that gives each decision's recorded answers again. What the gate then says is held against what
the walk says (`app.walking`), plan by plan.

Numbers are not held against their sources again, on neither way: an answer to a denial names what
the session's policy had said there, and another policy says something else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage

from agent.messages import load_message
from agent.queued_model import QueuedModel
from app.walking import Ended, Unwritten, Walker
from backtest.record import StoredDecision, read_decisions
from backtest.walk import Key
from graph.run import Runner
from policies.settings import Policy
from traces.events import ModelAnswered

Word = tuple[bool, tuple[str, ...]]
"""Whether the gate approved a plan, and the codes that denied it."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how far it has come, and how far it is."""


class Proof(NamedTuple):
    """Two ways to the same verdicts, held against each other."""

    decisions_count: int
    plans_count: int
    difference: str | None
    """The first decision that came out otherwise; None: there is none."""


@dataclass
class Again:
    """A `Decider` through the graph, with the record's answers laid before its model."""

    runner: Runner
    model: QueuedModel
    answers: Mapping[Key, Sequence[AIMessage]]

    async def decide(self, symbol: str, slot: datetime) -> dict[str, Any]:
        """One decision of the graph."""
        self.model.lay(self.answers.get((symbol, slot), ()))
        return await self.runner.decide(symbol, slot)


async def proven(walker: Walker, policy: Policy, walked: Ended, progress: Progress) -> Proof:
    """Hold a walk under a policy against the graph under the same one."""
    if policy.evidence != "off":
        policy = Policy.model_validate({**policy.model_dump(), "evidence": "off"})
        walked = await walker.walk(policy, partial(progress, "walked for the graph"))
    model, answers = QueuedModel(), _answers(walker)
    made: list[datetime] = []

    def told(slot: datetime, _final: object) -> None:
        made.append(slot)
        progress("through the graph", len(made), len(walker.record))

    async with walker.opened(policy, model) as wired:
        again = Again(Runner(wired.context, None), model, answers)
        diary = Unwritten(wired.context.recorder, Path(os.devnull))
        await walker.live(wired, again, diary, told)
        wired.context.recorder.flush()
        graph = read_decisions(wired.context.recorder.store)
    return _compared(walked, {(one.symbol, one.as_of): one for one in graph})


def _answers(walker: Walker) -> dict[Key, list[AIMessage]]:
    """What the session's model answered, by decision and in order."""
    keys = {one.run_id: (one.symbol, one.as_of) for one, _ in walker.record}
    found: dict[Key, list[AIMessage]] = {key: [] for key in keys.values()}
    for run_id, event in walker.store.of_kinds("run_started", "model_answered"):
        if run_id not in keys:
            continue
        if isinstance(event, ModelAnswered):
            message = load_message(walker.store.blobs.get(event.message))
            if isinstance(message, AIMessage):
                found[keys[run_id]].append(message)
        else:
            found[keys[run_id]].clear()
    return found


def _compared(walked: Ended, graph: Mapping[Key, StoredDecision]) -> Proof:
    plans = 0
    for one in walked.walked:
        key = one.decision.symbol, one.decision.as_of
        here: list[Word] = [(v.approved, tuple(v.codes)) for v in one.verdicts]
        there: list[Word] = (
            [(p.approved, p.codes) for p in graph[key].plans] if key in graph else []
        )
        if here != there:
            words = f"{one.decision.run_id}: {_words(here)} here, {_words(there)} through the graph"
            return Proof(len(walked.walked), plans, words)
        plans += len(here)
    return Proof(len(walked.walked), plans, None)


def _words(said: Sequence[Word]) -> str:
    told = ("approved" if yes else f"denied {' '.join(codes)}" for yes, codes in said)
    return ", then ".join(told) or "no plan"
