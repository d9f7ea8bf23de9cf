"""Pieces of a trace as text: messages, brackets, JSON, and nothing that moves a terminal."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from traces.events import RunStarted
from traces.opinion_events import VoteCast
from traces.prompt_events import ChartDrawn, PromptSection


def message(text: str) -> tuple[str, str]:
    """Role and readable text of a stored message; a text that is none stays as it is."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return "text", text
    if not isinstance(body, dict):
        return "text", text
    calls = "\n".join(
        f"{call.get('name')} {compact(call.get('args'))}" for call in body.get("tool_calls") or []
    )
    content = body.get("content") or ""
    words = content if isinstance(content, str) else "\n".join(map(_part, content))
    return str(body.get("type", "text")), "\n".join(part for part in (words, calls) if part)


def _part(part: Any) -> str:
    """A part of a message that has several."""
    if isinstance(part, dict) and part.get("type") == "text":
        return str(part.get("text"))
    if isinstance(part, dict) and part.get("type") == "picture":
        return f"[picture {str(part.get('blob'))[:12]}] {part.get('caption')}"
    return compact(part)


def fork(event: RunStarted) -> str:
    """Which run it goes on from, and where; nothing of a run that is no fork."""
    of = event.fork_of
    return "" if of is None else f"\nfork of {of.run_id} (session {of.session}) from {of.node}"


def spaced(text: str) -> str:
    """JSON with spaces after its separators, so that it breaks into lines between values."""
    try:
        return compact(json.loads(text))
    except (ValueError, RecursionError):
        return text


def number_words(row: dict[str, Any]) -> str:
    """One number of a plan beside what its source says."""
    says = "" if row["found"] is None else f", which is {row['found']} ± {row['tolerance']}"
    mark, source = "✓" if row["agrees"] else "✗", row["source"] or "no source"
    return f"{mark} {row['where']} {row['number']} from {source}{says}"


def bracket(bracket: dict[str, Any]) -> str:
    """What was judged, on one line."""
    targets = ", ".join(f"{t['quantity']} at {t['price']}" for t in bracket["targets"])
    return (
        f"{bracket['side']} {bracket['quantity']} {bracket['entry_kind']} at "
        f"{bracket['entry_price']}, stop {bracket['stop_price']}, targets {targets}, "
        f"risk {Decimal(bracket['risk_amount']):.2f}, "
        f"net reward/risk {Decimal(bracket['reward_risk']):.2f}"
    )


def vote(event: VoteCast) -> str:
    """Who was asked, what for, what it took and what it came to, on one line."""
    asked = event.voter if event.repeat is None else f"again, {event.repeat} changed"
    by = "" if event.model in {None, event.voter} else f", by {event.model}"
    cost = "cost unknown" if event.cost_usd is None else f"{event.cost_usd} USD"
    return (
        f"vote      {asked}: {'agrees' if event.agrees else 'does not'} ({event.answer}){by}, "
        f"{event.latency_ms:.0f} ms, {event.input_tokens} + {event.output_tokens} tokens, {cost}"
    )


def chart(event: ChartDrawn) -> str:
    """What was drawn, how large it is and where it is kept, on one line."""
    levels = f", {', '.join(event.levels)}" if event.levels else ""
    return (
        f"{event.width_px}x{event.height_px}, {event.size_bytes / 1000:.0f} KB, "
        f"{event.candles_count} candles{levels}, {event.picture[:12]}"
    )


def section(one: PromptSection) -> str:
    """A section's tokens, and what was left out of it."""
    gone = f" ({one.left_out} of {one.rows} rows left out)" if one.left_out else ""
    return f"{one.name} {one.tokens}{gone}"


def compact(value: Any) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "), default=str)


def visible(text: str) -> str:
    """Control, escape and bidirectional characters made visible; newlines stay."""
    return "".join(
        c if c == "\n" or c.isprintable() else ("    " if c == "\t" else repr(c)[1:-1])
        for c in text
    )
