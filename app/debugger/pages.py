"""What a person looks at between two nodes: state, prompt, tools, verdict.

Everything comes from models, tools and markets: no word of it is markup, and what could move a
terminal is made visible.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from agent.picture import pictures_of
from domain.errors import ConfigError
from domain.verdict import Verdict
from traces.view_words import compact, spaced, visible

if TYPE_CHECKING:
    from rich.text import Text

    from graph.debugger import Debugger


def state_page(debugger: Debugger, field: str | None = None) -> Text:
    """The state, or one field of it, as JSON.

    Raises:
        ConfigError: there is no such field.
    """
    state: dict[str, Any] = dict(debugger.stop.state)
    if field is not None and field not in state:
        raise ConfigError(f"the state has no field {field!r}; there is {', '.join(state)}")
    shown = state if field is None else state[field]
    return _text(json.dumps(shown, indent=2, ensure_ascii=False, default=str))


def prompt_page(debugger: Debugger) -> Text:
    """The messages in order, each with its number; before a call also what goes with it."""
    page = _text("")
    planner, state = debugger.context.planner, debugger.stop.state
    messages = debugger.messages()
    if debugger.stop.node == "plan":
        count = planner.count(messages, state["offers"])
        page.append(f"{count.tokens} tokens ({count.source}) to {visible(planner.model_name)}\n")
        page.append(visible(f"tools offered: {', '.join(state['offers'])}\n"))
    elif not messages:
        page.append("no prompt yet\n")
    for number, message in enumerate(messages):
        page.append(f"\n[{number}] {message.type}\n", style="bold")
        page.append(visible(_words(message)) + "\n")
    return page


def _words(message: BaseMessage) -> str:
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    pictures = [f"[picture {p.blob[:12]}] {p.caption}" for p, _ in pictures_of(message)]
    said = [f"{call['name']} {compact(call['args'])}" for call in calls]
    words = message.text
    return "\n".join(filter(None, [words, *said, *pictures]))


def tools_page(debugger: Debugger) -> Text:
    """Each call with its answer and the path by which the answer is edited."""
    page = _text("")
    messages = debugger.messages()
    asked = {
        call["id"]: call
        for message in messages
        if isinstance(message, AIMessage)
        for call in message.tool_calls
    }
    answered = set()
    for number, message in enumerate(messages):
        if not isinstance(message, ToolMessage):
            continue
        answered.add(message.tool_call_id)
        call = asked.get(message.tool_call_id)
        words = compact(call["args"]) if call else ""
        page.append(visible(f"{message.name} {words}"), style="bold")
        page.append(f"  e messages.{number}\n", style="dim")
        page.append(visible(spaced(message.text)) + "\n\n")
    for name in debugger.calls():
        page.append(visible(f"{name}: asked for, not called yet\n"), style="bold")
    return page if page.plain else _text("no tool was called yet")


def verdict_page(debugger: Debugger) -> Text:
    """The last verdict: what was judged, each rule with its numbers, and what would pass."""
    verdict = debugger.verdict()
    if verdict is None:
        return _text("no verdict yet")
    page = verdict_brief(verdict)
    page.append("\n")
    for finding in sorted(verdict.findings, key=lambda f: f.passed is True):
        mark = "✓" if finding.passed else "✗"
        row = f"{mark} {finding.code:<22} {finding.measured:<26} {finding.limit:<20} {finding.unit}"
        page.append("\n" + visible(row.rstrip()), style="" if finding.passed else "bold red")
    return page


def verdict_brief(verdict: Verdict) -> Text:
    """Approved, or denied for what; the bracket on one line."""
    head = "approved" if verdict.approved else "denied: " + ", ".join(verdict.codes)
    page = _text(head, "bold green" if verdict.approved else "bold red")
    if bracket := verdict.bracket:
        page.append(
            f"\n{bracket.side} {bracket.quantity} at {bracket.entry_price}, stop "
            f"{bracket.stop_price}, net reward/risk {bracket.reward_risk:.2f}",
            style="not bold default",
        )
    for finding in verdict.findings:
        if not finding.passed:
            page.append("\n✗ " + visible(finding.sentence), style="not bold default")
    if verdict.nearest:
        page.append("\n" + visible(verdict.nearest.sentence), style="not bold default")
    return page


def _text(words: str, style: str = "") -> Text:
    from rich.text import Text

    page = Text()
    page.append(visible(words), style=style or None)
    return page
