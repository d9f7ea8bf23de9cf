"""Two decisions held against each other: what was seen, asked, answered, judged, done and spent.

Wall times, latencies and ids differ from run to run and are no difference. Messages are compared as
they read, so that a provider's ids of calls are none either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from traces import events as ev
from traces.blobs import ReadBlob
from traces.differences import Row, by_name, json_of, rows_of, text_row
from traces.opinion_events import VoteCast, VotesCounted
from traces.order_events import Filled, PlanInvalidated
from traces.store import Recorded
from traces.view_words import message

_PASSING = frozenset(
    {"latency_ms", "duration_ms", "plan_id", "client_order_id", "orders", "case", "cached"}
)
"""Fields in which no decision differs from another."""
_BEGUN = ("symbol", "as_of", "model", "market", "policy_hash", "prompt_hash")
_SPENT = ("model_calls", "tool_calls", "input_tokens", "output_tokens", "cost_usd")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two."""

    recorded: Sequence[Recorded]
    read_blob: ReadBlob

    def of(self, *kinds: type[Any]) -> list[Any]:
        """Its events of these kinds, in order."""
        return [item.event for item in self.recorded if isinstance(item.event, kinds)]

    def told(self) -> list[Recorded]:
        """Its events without what a replay alone needs."""
        return [item for item in self.recorded if not item.event.for_replay_only]

    def essence(self, event: Any) -> Row:
        """What of an event counts."""
        dumped = event.model_dump(mode="json", exclude=_PASSING)
        for name in ("messages", "message"):
            if event.kind != "model_failed" and dumped.get(name):
                told = dumped[name] if isinstance(dumped[name], list) else [dumped[name]]
                dumped[name] = [message(self.read_blob(each)) for each in told]
        return dict(dumped)


def diff(a: Side, b: Side) -> Row:
    """Every part in which two decisions differ, the first difference before all."""
    parts = {
        "begun": _fields(a.of(ev.RunStarted), b.of(ev.RunStarted), _BEGUN),
        "market": _market(a, b),
        "prompt": _prompts(a, b),
        "answers": _answers(a, b),
        "tools": _tools(a, b),
        "plan": _bodies(a, b),
        "opinions": _opinions(a, b),
        "verdict": _verdicts(a, b),
        "fills": _fills(a, b),
        "outcome": _fields(a.of(ev.RunEnded), b.of(ev.RunEnded), ("outcome", "reason", "codes")),
        "spent": _fields(a.of(ev.RunEnded), b.of(ev.RunEnded), _SPENT),
    }
    first = _first(a, b)
    return {"equal": first is None, "first": first, "parts": parts}


def _first(a: Side, b: Side) -> Row | None:
    """Where they part; what follows says more of two that begin otherwise, as of two moments."""
    apart = list(_apart(a, b))
    later = [row for row in apart if row["kinds"] != ["run_started", "run_started"]]
    return next(iter(later or apart), None)


def _apart(a: Side, b: Side) -> Iterator[Row]:
    for number, (one, other) in enumerate(zip_longest(a.told(), b.told()), 1):
        if one is None or other is None or one.event.kind != other.event.kind:
            told = [None if item is None else item.event.kind for item in (one, other)]
            nodes = [None if item is None else item.node for item in (one, other)]
            yield {"event": number, "nodes": nodes, "kinds": told, "rows": []}
            return
        found = rows_of("", a.essence(one.event), b.essence(other.event))
        hashes = {name for name, _ in one.event.texts()}
        rows = sorted(found, key=lambda row: row["where"] in hashes)
        if rows:
            kind = one.event.kind
            yield {
                "event": number,
                "nodes": [one.node, other.node],
                "kinds": [kind, kind],
                "rows": rows,
            }


def _fields(a: list[Any], b: list[Any], names: Sequence[str]) -> list[Row]:
    one, other = (each[-1].model_dump(mode="json") if each else {} for each in (a, b))
    return list(rows_of("", *({n: each.get(n) for n in names} for each in (one, other))))


def _market(a: Side, b: Side) -> list[Row]:
    rows: list[Row] = []
    for one, other in zip_longest(a.of(ev.SnapshotTaken), b.of(ev.SnapshotTaken)):
        if one is None or other is None or one.snapshot != other.snapshot:
            seen = [
                None if e is None else json_of(side.read_blob(e.snapshot))
                for side, e in ((a, one), (b, other))
            ]
            rows += rows_of("", *seen)
    return rows


def _prompts(a: Side, b: Side) -> list[Row]:
    """Messages by place, each pair once; what models and tools said is told by its own part."""
    rows: list[Row] = []
    seen: set[tuple[str | None, str | None]] = set()
    pairs = zip_longest(a.of(ev.PromptSent), b.of(ev.PromptSent))
    for number, (one, other) in enumerate(pairs, 1):
        if one is None or other is None:
            rows.append({"where": f"prompt {number}", "a": one and "sent", "b": other and "sent"})
            continue
        if (one.tools, other.tools) not in seen:
            schemas = (json_of(side.read_blob(e.tools)) for side, e in ((a, one), (b, other)))
            rows += rows_of(f"prompt {number}, tools", *schemas)
        for place, pair in enumerate(zip_longest(one.messages, other.messages), 1):
            if pair not in seen:
                rows += _message_row(f"prompt {number}, message {place}", _told(a, b, pair))
        seen |= {(one.tools, other.tools), *zip_longest(one.messages, other.messages)}
    return rows


def _told(a: Side, b: Side, pair: tuple[str | None, str | None]) -> list[tuple[str, str]]:
    """Role and text of either; nothing where there is no such message."""
    return [
        ("", "") if name is None else message(side.read_blob(name))
        for side, name in zip((a, b), pair, strict=True)
    ]


def _message_row(where: str, told: Sequence[tuple[str, str]]) -> list[Row]:
    roles = {role for role, _ in told if role}
    if roles <= {"ai", "tool"}:
        return []
    return text_row(f"{where} ({'/'.join(sorted(roles))})", told[0][1], told[1][1])


def _answers(a: Side, b: Side) -> list[Row]:
    rows: list[Row] = []
    pairs = zip_longest(
        a.of(ev.ModelAnswered, ev.ModelFailed), b.of(ev.ModelAnswered, ev.ModelFailed)
    )
    for number, pair in enumerate(pairs, 1):
        rows += text_row(
            f"answer {number}", *(_said(s, e) for s, e in zip((a, b), pair, strict=True))
        )
    return rows


def _said(side: Side, event: Any) -> str:
    if event is None:
        return ""
    if isinstance(event, ev.ModelFailed):
        return f"no answer: {event.error}"
    return message(side.read_blob(event.message))[1]


def _tools(a: Side, b: Side) -> list[Row]:
    """Calls by their result's id, such as `ohlcv#1`."""
    rows: list[Row] = []
    for name, one, other in by_name(
        lambda e: e.result_id, a.of(ev.ToolAnswered), b.of(ev.ToolAnswered)
    ):
        calls = [_call(side, event) for side, event in ((a, one), (b, other))]
        rows += rows_of(name, *calls)
    return rows


def _call(side: Side, event: ev.ToolAnswered | None) -> Row | None:
    if event is None:
        return None
    content = json_of(side.read_blob(event.content))
    return {"arguments": event.arguments, "refusal": event.refusal, "answer": content}


def _bodies(a: Side, b: Side) -> list[Row]:
    """What was proposed, draft by draft."""
    drafts = [[e for e in side.of(ev.AnswerParsed) if e.answer != "tool_calls"] for side in (a, b)]
    rows: list[Row] = []
    for number, (one, other) in enumerate(zip_longest(*drafts), 1):
        told = [e and {"answer": e.answer, "complaint": e.complaint, **(e.body or {})}
                for e in (one, other)]  # fmt: skip
        rows += rows_of(f"draft {number}", *told)
    return rows


def _opinions(a: Side, b: Side) -> list[Row]:
    def vote(event: VoteCast) -> str:
        return f"{event.voter} {event.repeat or ''}".strip()

    rows: list[Row] = []
    for name, one, other in by_name(vote, a.of(VoteCast), b.of(VoteCast)):
        told = [e and {"answer": e.answer, "agrees": e.agrees, "body": e.body}
                for e in (one, other)]  # fmt: skip
        rows += rows_of(name, *told)
    return rows + _fields(a.of(VotesCounted), b.of(VotesCounted), ("code", "sentence", "body"))


def _verdicts(a: Side, b: Side) -> list[Row]:
    """Verdicts of a stage and version, finding by finding where something else was found."""
    rows: list[Row] = []
    told = by_name(lambda e: f"{e.stage} v{e.version}", a.of(ev.Reviewed), b.of(ev.Reviewed))
    for name, one, other in told:
        rows += rows_of(name, *(e and _verdict(e) for e in (one, other)))
    return rows


def _verdict(event: ev.Reviewed) -> Row:
    found = {
        name: " ".join(
            ["✓" if each["passed"] else "✗", each["measured"], each["limit"], each["unit"]]
        ).rstrip()
        for name, each, _ in by_name(lambda f: f["code"], event.findings, [])
    }
    bracket = event.bracket or {}
    return {"approved": event.approved, "codes": event.codes, "bracket": bracket, **found}


def _fills(a: Side, b: Side) -> list[Row]:
    names = ("side", "quantity", "price", "expected_price", "slippage_bps", "fee", "at")
    rows: list[Row] = []
    for name, one, other in by_name(lambda e: e.leg, a.of(Filled), b.of(Filled)):
        told = [e and e.model_dump(mode="json", include=set(names)) for e in (one, other)]
        rows += rows_of(name, *told)
    left = (a.of(PlanInvalidated), b.of(PlanInvalidated))
    return rows + _fields(*left, names=("condition", "measured"))
