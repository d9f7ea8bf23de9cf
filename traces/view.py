"""A decision as a person reads it, in 100 columns: what was asked, answered, judged and done.

Each prompt shows only the messages that are new since the last one. Long texts are cut, with how
much was left out, unless everything is asked for. Control characters in what came from outside are
made visible, so that a text cannot rewrite the terminal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from domain.clock import iso
from traces import events as ev
from traces.blobs import ReadBlob
from traces.opinion_events import VoteCast, VotesCounted
from traces.order_events import FaultInjected, Filled, OrderChanged, PlanInvalidated
from traces.prompt_events import ChartDrawn, PromptWritten
from traces.step_events import BranchTaken, StateEdited
from traces.store import Recorded
from traces.view_words import (
    bracket,
    chart,
    compact,
    fork,
    message,
    number_words,
    section,
    spaced,
    visible,
    vote,
)
from traces.visits import Visit, named, tree, visits

if TYPE_CHECKING:
    from rich.text import Text

WIDTH = 100
SHOWN_LINES = 14


def render(
    recorded: Sequence[Recorded],
    read_blob: ReadBlob,
    *,
    full: bool = False,
    nodes: Collection[str] = (),
) -> Text:
    """The decision, at most 100 columns wide; as Rich's text, in which no bracket is markup.

    Args:
        recorded: Its events.
        read_blob: The text of a hash.
        full: Nothing is cut.
        nodes: Only these in detail, as `traces.visits.named` takes them; none: all.

    Raises:
        ConfigError: there is none of a name.
    """
    from rich.text import Text

    page = _Page(read_blob, full=full)
    found = visits(recorded)
    started = [item.event for item in recorded if isinstance(item.event, ev.RunStarted)]
    page.begin(started, tree(found))
    for visit in named(found, nodes):
        page.enter(visit)
    return Text("\n".join(line.rstrip() for line in page.lines))


class _Page:
    """Lines so far, and which messages were shown already."""

    def __init__(self, read_blob: ReadBlob, *, full: bool) -> None:
        self.lines: list[str] = []
        self._read = read_blob
        self._full = full
        self._seen: set[str] = set()
        self._model: str | None = None
        self._show: dict[type[Any], Callable[[Any], None]] = {
            ev.RunStarted: lambda _: None,
            ev.SnapshotTaken: self._snapshot_taken,
            ev.Attended: self._attended,
            PromptWritten: self._prompt_written,
            ChartDrawn: self._chart_drawn,
            ev.PromptSent: self._prompt_sent,
            ev.ModelAnswered: self._model_answered,
            ev.ModelFailed: self._model_failed,
            ev.ToolAnswered: self._tool_answered,
            ev.AnswerParsed: self._answer_parsed,
            VoteCast: self._vote_cast,
            VotesCounted: self._votes_counted,
            ev.Reviewed: self._reviewed,
            ev.Revised: self._revised,
            ev.PlanCommitted: self._plan_committed,
            OrderChanged: self._order_changed,
            Filled: self._filled,
            PlanInvalidated: self._plan_invalidated,
            FaultInjected: self._fault_injected,
            StateEdited: self._state_edited,
            BranchTaken: self._branch_taken,
            ev.Certified: self._certified,
            ev.RunEnded: self._run_ended,
        }

    def begin(self, started: Sequence[ev.RunStarted], tree_lines: Sequence[str]) -> None:
        """What was decided about, by whom, and the nodes in short."""
        for event in started:
            self._model = event.model
            self._put(f"{event.symbol}  as of {iso(event.as_of)}{fork(event)}")
            self._put(f"model {event.model}  market {event.market}")
            self._put(f"policy {event.policy_hash[:12]}  prompt {event.prompt_hash[:12]}")
        self.lines += map(visible, tree_lines)

    def enter(self, visit: Visit) -> None:
        """Append one node's events."""
        self.lines += ["", f"── {visit.number} {visible(visit.name)} ".ljust(WIDTH, "─")]
        for event in visit.events:
            self._show[type(event)](event)

    def _head(self, text: str) -> None:
        self.lines.append("")
        self._put(text)

    def _put(self, text: str, indent: int = 0) -> None:
        pad = " " * indent
        for line in visible(text).splitlines() or [""]:
            self.lines += wrap(
                line,
                WIDTH,
                initial_indent=pad,
                subsequent_indent=pad,
                break_on_hyphens=False,
                drop_whitespace=False,
            ) or [""]

    def _text(self, text: str, indent: int = 4) -> None:
        if not text:
            return
        before = len(self.lines)
        self._put(text, indent)
        over = len(self.lines) - before - SHOWN_LINES
        if over > 0 and not self._full:
            del self.lines[before + SHOWN_LINES :]
            self._put(f"… {over} more lines (--full shows them)", indent)

    def _snapshot_taken(self, event: ev.SnapshotTaken) -> None:
        self._head(f"observe   last {event.last}  snapshot {event.snapshot[:12]}")
        for name, source in sorted(event.provenance.items()):
            self._put(
                f"{name:<14} {source['origin']} from {source['source']}, "
                f"known at {source['known_at']}",
                4,
            )
        told = (("missing", event.missing), ("flaw", event.quality), ("sit out", event.sit_out))
        for what, sentences in told:
            for sentence in sentences:
                self._put(f"{what}: {sentence}", 4)

    def _attended(self, event: ev.Attended) -> None:
        self._head(f"{'asked' if event.asked else 'quiet'}     {event.code}: {event.sentence}")

    def _prompt_sent(self, event: ev.PromptSent) -> None:
        new = [name for name in event.messages if name not in self._seen]
        self._head(
            f"prompt    {len(event.messages)} messages, {len(new)} new, {event.tokens} tokens "
            f"({event.tokens_from})"
        )
        for name in new:
            self._seen.add(name)
            role, text = message(self._read(name))
            if role not in {"ai", "tool"}:
                self._put(f"[{role}]", 2)
                self._text(text)

    def _prompt_written(self, event: PromptWritten) -> None:
        self._head(
            f"sections  situation {event.situation_tokens} of {event.most_tokens} tokens, after "
            f"{event.before_tokens} of rules and tools ({event.tokens_from})"
        )
        self._put(", ".join(map(section, event.sections)), 4)

    def _chart_drawn(self, event: ChartDrawn) -> None:
        self._head(f"chart     {chart(event)}")

    def _model_answered(self, event: ev.ModelAnswered) -> None:
        self._seen.add(event.message)
        cost = "cost unknown" if event.cost_usd is None else f"{event.cost_usd} USD"
        self._head(
            f"answer    {event.latency_ms:.0f} ms, {event.input_tokens} + {event.output_tokens} "
            f"tokens ({event.tokens_from}; {event.cached_tokens} cached), {cost}"
            + (f", by {event.model}" if event.model not in {None, self._model} else "")
        )
        _, text = message(self._read(event.message))
        self._text(text)

    def _model_failed(self, event: ev.ModelFailed) -> None:
        who = f" of {event.model}" if event.model else ""
        self._head(f"answer    none{who}: {event.error} after {event.latency_ms:.0f} ms")
        self._text(event.message)

    def _tool_answered(self, event: ev.ToolAnswered) -> None:
        how = "cached" if event.cached else f"{event.latency_ms:.1f} ms"
        how += ", in part" if event.partial else ""
        known = f", known at {iso(event.known_at)}" if event.known_at else ""
        where = f"{event.origin} from {event.source}{known}" if event.source else ""
        self._head(f"tool      {event.result_id}  {compact(event.arguments)}")
        self._put(f"REFUSED {event.refusal}, {how}" if event.refusal else f"{how}  {where}", 4)
        self._text(spaced(self._read(event.content)))

    def _answer_parsed(self, event: ev.AnswerParsed) -> None:
        if event.complaint:
            self._put(f"could not be used: {event.complaint}", 4)

    def _vote_cast(self, event: VoteCast) -> None:
        self._head(vote(event))
        self._text(event.complaint or spaced(json.dumps(event.body)))

    def _votes_counted(self, event: VotesCounted) -> None:
        self._head(f"opinions  {event.code or 'agreed'}: {event.sentence}")
        if event.dispersion_atr_ratio is not None:
            self._put(f"their levels lie {Decimal(event.dispersion_atr_ratio):.2f} ATR apart", 4)
        if event.body is not None:
            self._text(spaced(json.dumps(event.body)))

    def _reviewed(self, event: ev.Reviewed) -> None:
        word = "APPROVED" if event.approved else "DENIED " + ", ".join(event.codes)
        stage = "review" if event.stage == "review" else "at send"
        version = f"v{event.version} " if event.version else ""
        self._head(f"{stage:<9} {version}{event.plan_id[:12]}  {word}")
        if event.bracket:
            self._put(bracket(event.bracket), 4)
        for row in event.numbers:
            self._put(number_words(row), 4)
        if event.stage == "send" and event.approved and not self._full:
            self._put(f"all {len(event.findings)} rules passed again, on fresh data", 4)
            return
        for finding in event.findings:
            mark = "✓" if finding["passed"] else "✗"
            measured = finding["measured"] + (" (modelled)" if finding.get("modelled") else "")
            self._put(
                f"{mark} {finding['code']:<22} {measured:<30} {finding['limit']:<22} "
                f"{finding['unit']}".rstrip(),
                4,
            )
        for finding in event.findings:
            if not finding["passed"]:
                self._put(f"✗ {finding['sentence']}", 4)
        if event.nearest:
            self._put(event.nearest["sentence"], 4)

    def _revised(self, event: ev.Revised) -> None:
        self._head(f"revise    {event.revision}: {', '.join(event.codes)}")

    def _plan_committed(self, event: ev.PlanCommitted) -> None:
        self._head(f"submit    plan {event.plan_id[:12]}, intents {', '.join(event.orders)}")

    def _order_changed(self, event: OrderChanged) -> None:
        why = f" ({event.reason})" if event.reason else ""
        self._put(f"order     {event.leg:<9} {event.status}{why}  {event.client_order_id}")

    def _filled(self, event: Filled) -> None:
        self._put(
            f"fill      {event.leg:<9} {event.side} {event.quantity} at {event.price}, wanted "
            f"{event.expected_price} ({event.slippage_bps} bps), fee {event.fee}, {iso(event.at)}"
        )

    def _plan_invalidated(self, event: PlanInvalidated) -> None:
        self._put(f"left      {event.condition}: it is {event.measured}, {iso(event.at)}")

    def _fault_injected(self, event: FaultInjected) -> None:
        self._put(f"fault     {event.fault} on {event.call}, on purpose  {event.client_order_id}")

    def _state_edited(self, event: StateEdited) -> None:
        self._head(f"edited    {event.field}: {event.before} → {event.after}")

    def _branch_taken(self, event: BranchTaken) -> None:
        self._head(f"{event.how:<9} branch {event.branch}, {event.before or 'at the end'} is next")

    def _certified(self, event: ev.Certified) -> None:
        for source, newest in event.newest.items():
            sign = "≤" if newest.known_at <= newest.as_of else "AFTER"
            self._put(
                f"knew      {source}: newest {iso(newest.known_at)} {sign} {iso(newest.as_of)}"
            )

    def _run_ended(self, event: ev.RunEnded) -> None:
        cost = "cost unknown" if event.cost_usd is None else f"{event.cost_usd} USD"
        self._head(f"outcome   {event.outcome} {' '.join(event.codes)}".rstrip())
        self._text(event.reason)
        self._put(
            f"{event.model_calls} model calls, {event.tool_calls} tool calls, "
            f"{event.input_tokens} + {event.output_tokens} tokens, {cost}, "
            f"{event.duration_ms:.0f} ms",
            4,
        )
        self.lines.append("")
