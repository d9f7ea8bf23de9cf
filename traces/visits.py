"""A decision by its nodes, in the order they were entered: what each recorded, took and came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from domain.clock import iso
from domain.errors import ConfigError
from domain.numbers import ZERO, plain
from traces import events as ev
from traces.node_events import NodeDone
from traces.opinion_events import VoteCast, VotesCounted
from traces.order_events import FaultInjected, Filled, OrderChanged, PlanInvalidated
from traces.step_events import BranchTaken, StateEdited
from traces.store import Recorded
from traces.view_words import visible


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in one node, with everything it recorded."""

    number: int
    """From 1."""
    node: str
    name: str
    """The node, from its second visit on with a number: `plan`, `plan#2`."""
    recorded: tuple[Recorded, ...]
    took_ms: float | None
    """Wall time since the node before; None for what came after the decision."""

    @property
    def at(self) -> datetime:
        """Wall time of its last event."""
        return self.recorded[-1].at

    @property
    def events(self) -> tuple[ev.Event, ...]:
        """What it recorded, but for its end."""
        told = (item.event for item in self.recorded)
        return tuple(event for event in told if not isinstance(event, NodeDone))

    @property
    def done(self) -> NodeDone | None:
        """Its end; None: the trace does not have what it asked."""
        last = self.recorded[-1].event if self.recorded else None
        return last if isinstance(last, NodeDone) else None

    def document(self) -> dict[str, Any]:
        """For a program; money is null where a price is unknown, tokens are of models' calls."""
        asked = [e for e in self._of(ev.ModelAnswered, VoteCast) if not _nobody(e)]
        return {
            "number": self.number,
            "node": self.node,
            "name": self.name,
            "at": iso(self.at),
            "took_ms": self.took_ms,
            "model_calls": len(asked) + len(self._of(ev.ModelFailed)),
            "tool_calls": len(self._of(ev.ToolAnswered)),
            "input_tokens": sum(e.input_tokens for e in asked),
            "output_tokens": sum(e.output_tokens for e in asked),
            "cached_tokens": sum(e.cached_tokens for e in asked),
            "cost_usd": _sum(e.cost_usd for e in asked),
            "words": [words for event in self.events if (words := words_of(event))],
        }

    def _of(self, *kinds: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kinds)]


def visits(recorded: Sequence[Recorded]) -> list[Visit]:
    """The nodes of a decision; what orders did afterwards follows it, by whoever recorded it.

    A decision that a crash cut off and that was begun anew is counted anew from there.
    """
    found: list[Visit] = []
    last, over = (recorded[0].at if recorded else None), False
    counts: Counter[str] = Counter()
    for node, group in groupby(recorded, key=lambda item: item.node):
        items = tuple(group)
        if any(isinstance(item.event, ev.RunStarted) for item in items):
            counts.clear()
        counts[node] += 1
        name = node if counts[node] == 1 else f"{node}#{counts[node]}"
        took = None if over or last is None else (items[-1].at - last).total_seconds() * 1000
        found.append(Visit(len(found) + 1, node, name, items, took))
        last = items[-1].at
        over = over or any(isinstance(item.event, ev.RunEnded) for item in items)
    return found


def named(found: Sequence[Visit], names: Collection[str]) -> list[Visit]:
    """Those of these names: `plan` are all of a node, `plan#2` is its second; without names all.

    Raises:
        ConfigError: there is none of a name.
    """
    for name in names:
        if not any(name in {visit.node, visit.name} for visit in found):
            there = ", ".join(dict.fromkeys(visit.name for visit in found))
            raise ConfigError(f"there is no node {name!r}; the decision went through {there}")
    return [visit for visit in found if not names or not {visit.node, visit.name}.isdisjoint(names)]


def tree(visits_: Sequence[Visit]) -> list[str]:
    """One line a node, the whole decision before its details."""
    rows = [visit.document() for visit in visits_]
    lines = []
    for row in rows:
        branch = "└──" if row is rows[-1] else "├──"
        took = "after it" if row["took_ms"] is None else f"{row['took_ms']:,.0f} ms"
        parts = [*_spent(row), *row["words"]]
        line = f"{branch} {row['number']:>2} {row['name']:<12} {took:>9}  {', '.join(parts)}"
        lines.append(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…")
    return lines


_WIDTH = 100


def _spent(row: dict[str, Any]) -> list[str]:
    if not row["model_calls"]:
        return []
    usd = "cost unknown" if row["cost_usd"] is None else f"{row['cost_usd']} USD"
    calls = "1 model call" if row["model_calls"] == 1 else f"{row['model_calls']} model calls"
    return [calls, f"{row['input_tokens']} + {row['output_tokens']} tokens", usd]


def _nobody(event: Any) -> bool:
    """A vote that nobody gave an answer to."""
    return isinstance(event, VoteCast) and event.message is None


def _sum(parts: Any) -> str | None:
    told = list(parts)
    return None if None in told else plain(sum(map(Decimal, told), ZERO))


def words_of(event: ev.Event) -> str:  # noqa: C901  # one line a kind
    """What came of it, in a few words; most kinds need none."""
    match event:
        case ev.SnapshotTaken():
            return f"last {event.last}"
        case ev.Attended():
            return event.code if event.asked else f"quiet: {event.code}"
        case ev.ModelFailed():
            return f"no answer: {event.error}"
        case ev.ToolAnswered():
            return event.result_id + (f" refused {event.refusal}" if event.refusal else "")
        case ev.AnswerParsed() if event.answer != "tool_calls":
            return event.answer
        case VotesCounted():
            return event.code or f"{event.agreed_count} of {event.asked_count} agree"
        case ev.Reviewed():
            codes = "approved" if event.approved else f"denied {' '.join(event.codes)}"
            return f"v{event.version} {codes}" if event.version else codes
        case ev.Revised():
            return f"revision {event.revision}"
        case ev.PlanCommitted():
            return f"plan {event.plan_id[:12]}"
        case Filled():
            return f"{event.leg} {event.side} {event.quantity} at {event.price}"
        case OrderChanged():
            return f"{event.leg} {event.status}"
        case PlanInvalidated():
            return f"left: {visible(event.condition)}"
        case FaultInjected():
            return f"fault {event.fault}"
        case StateEdited():
            return f"edited {event.field}"
        case BranchTaken():
            return f"{event.how} in branch {visible(event.branch)}"
        case ev.RunEnded():
            return event.outcome
        case _:
            return ""
