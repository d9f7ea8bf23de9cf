"""A decision as a tree of spans, as telemetry of programs has them: run, nodes, calls, verdicts.

Made of what is recorded and nothing else, so that whatever the redactor kept out of the trace is
not in a span either. Ids come of session, run and place: a decision told twice is the same spans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from domain.clock import EPOCH
from traces import events as ev
from traces import span_attributes as of
from traces.blobs import ReadBlob
from traces.opinion_events import VoteCast
from traces.span_attributes import Attributes
from traces.store import Recorded
from traces.visits import Visit, visits


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened within a span, and took no time."""

    name: str
    at_ns: int
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took its time; moments are nanoseconds of the wall clock since 1970."""

    name: str
    trace_id: int
    """16 bytes."""
    span_id: int
    """8 bytes."""
    parent_id: int | None
    """None: the whole decision."""
    start_ns: int
    end_ns: int
    attributes: Attributes
    moments: tuple[Moment, ...] = ()
    error: str | None = None
    """Why it failed."""


def spans(
    session: str, run_id: str, recorded: Sequence[Recorded], read_blob: ReadBlob
) -> list[Span]:
    """The decision's spans, the whole first, then node by node with what each did.

    What became of its orders afterwards comes when it comes: a span each event, always behind those
    that were there before.
    """
    if not recorded:
        return []
    return list(_Tree(session, run_id, recorded, read_blob).spans())


class _Tree:
    """What the spans of one decision share."""

    def __init__(
        self, session: str, run_id: str, recorded: Sequence[Recorded], read: ReadBlob
    ) -> None:
        self._name = (session, run_id)
        self._recorded = recorded
        self._read = read
        self._asked: ev.PromptSent | None = None
        self._body: dict[str, object] | None = None
        started = [item.event for item in recorded if isinstance(item.event, ev.RunStarted)]
        self._started = started[0] if started else None

    def spans(self) -> list[Span]:
        found = [self._run()]
        for visit in visits(self._recorded):
            if visit.took_ms is None:
                found += self._afterwards(visit)
                continue
            start = visit.at - timedelta(milliseconds=visit.took_ms)
            inner = self._inner(visit, start)
            found += [self._node(visit, start), *inner]
        return found

    def _run(self) -> Span:
        ends = [item for item in self._recorded if isinstance(item.event, ev.RunEnded)]
        ended = ends[0].event if ends and isinstance(ends[0].event, ev.RunEnded) else None
        return Span(
            name="decision",
            trace_id=self._id("trace", 16),
            span_id=self._id("run"),
            parent_id=None,
            start_ns=_ns(self._recorded[0].at),
            end_ns=_ns((ends[0] if ends else self._recorded[-1]).at),
            attributes=of.of_run(*self._name, self._started, ended),
            error=ended.reason if ended is not None and ended.outcome == "failed" else None,
        )

    def _node(self, visit: Visit, start: datetime) -> Span:
        return self._span(
            visit.node,
            (start, visit.at),
            of.of_node(visit),
            (f"node {visit.number}", "run"),
            moments=tuple(
                Moment(item.event.kind, _ns(item.at), of.of_event(item.event))
                for item in visit.recorded
                if not isinstance(item.event, _SPANS | _UNTOLD) and not item.event.for_replay_only
            ),
        )

    def _inner(self, visit: Visit, start: datetime) -> list[Span]:
        found: list[Span] = []
        before = start
        for number, item in enumerate(visit.recorded, 1):
            told = self._told(item.event)
            if told is not None:
                name, took_ms, attributes, error = told
                begun = before if took_ms is None else item.at - timedelta(milliseconds=took_ms)
                place = f"node {visit.number}"
                ids = (f"{place} event {number}", place)
                between = (max(begun, start), item.at)
                found.append(self._span(name, between, attributes, ids, error=error))
            before = item.at
        return found

    def _afterwards(self, visit: Visit) -> list[Span]:
        found = []
        for number, item in enumerate(visit.recorded, 1):
            told = self._told(item.event)
            own = {of.KIND: "CHAIN", **of.of_event(item.event)}
            name, attributes = (told[0], told[2]) if told else (item.event.kind, own)
            ids = (f"node {visit.number} event {number}", "run")
            attributes["graph.node.name"] = visit.node
            found.append(self._span(name, (item.at, item.at), attributes, ids))
        return found

    def _span(
        self,
        name: str,
        between: tuple[datetime, datetime],
        attributes: Attributes,
        ids: tuple[str, str],
        *,
        moments: tuple[Moment, ...] = (),
        error: str | None = None,
    ) -> Span:
        """One below the whole; `ids` are its own and its parent's."""
        return Span(
            name=name,
            trace_id=self._id("trace", 16),
            span_id=self._id(ids[0]),
            parent_id=self._id(ids[1]),
            start_ns=_ns(between[0]),
            end_ns=_ns(between[1]),
            attributes={**attributes, "session.id": self._name[0]},
            moments=moments,
            error=error,
        )

    def _told(self, event: ev.Event) -> tuple[str, float | None, Attributes, str | None] | None:
        """Name, milliseconds (None: since the event before), attributes, why it failed."""
        model = self._started.model if self._started else ""
        match event:
            case ev.PromptSent():
                self._asked = event
            case ev.AnswerParsed():
                self._body = event.body
            case ev.ModelAnswered():
                sent = of.of_call(event, self._asked, model, self._read)
                return "answer", event.latency_ms, sent, None
            case ev.ModelFailed():
                why = f"{event.error}: {event.message}"
                sent = of.of_call(event, self._asked, model, self._read)
                return "answer", event.latency_ms, sent, why
            case VoteCast():
                why_not = event.complaint if event.message is None else None
                return "vote", event.latency_ms, self._vote(event, model), why_not
            case ev.ToolAnswered():
                return event.name, event.latency_ms, of.of_tool(event, self._read), event.refusal
            case ev.Reviewed():
                return "gate", None, of.of_verdict(event, self._body), None
        return None

    def _vote(self, event: VoteCast, model: str) -> Attributes:
        own: Attributes = {"plangate.voter": event.voter, "plangate.agrees": event.agrees}
        return of.of_call(event, event, model, self._read) | own

    def _id(self, of_what: str, size: int = 8) -> int:
        text = "\0".join((*self._name, of_what))
        return int.from_bytes(blake2b(text.encode(), digest_size=size).digest()) or 1


_SPANS = ev.ModelAnswered | ev.ModelFailed | VoteCast | ev.ToolAnswered | ev.Reviewed
_UNTOLD = ev.RunStarted | ev.RunEnded | ev.PromptSent
"""The first two are the run's, and a prompt is its answer's."""


def _ns(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1) * 1000
