"""A denial or an unreadable answer, told to the model so that it can do better.

Providers want one tool message per call of the answer that came before, so the critique travels as
the result of the proposal's own call. It says the failed findings as sentences, the bracket that
was judged, what would have passed, and the figures as JSON that a program reads (the rules planner
does). Nothing the model wrote is repeated as an instruction.
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from agent.parse import Invalid, call_requests
from domain.numbers import plain
from domain.outside_text import unmarked
from domain.strict_json import canonical
from domain.verdict import Bracket, Denied

_DIGITS = 8
"""Places after the point in what is shown; the exact figures are in the trace."""


def critique_messages(
    message: AIMessage,
    denied: Denied,
    number: int,
    revisions_left: int,
    *,
    merged: bool = False,
) -> list[BaseMessage]:
    """The run's `number`-th denial as the answer to the proposal in `message`.

    `merged` as in `critique_text`.
    """
    return _in_reply(message, critique_text(denied, number, revisions_left, merged=merged))


def complaint_messages(
    message: AIMessage, invalid: Invalid, revisions_left: int
) -> list[BaseMessage]:
    """The complaint as the answer to `message`, which could not be read."""
    return _in_reply(message, complaint_text(invalid, revisions_left))


def critique_text(denied: Denied, number: int, revisions_left: int, *, merged: bool = False) -> str:
    """Failed findings as sentences, what was judged, and both as one JSON line at the end.

    Args:
        denied: The gate's word, that on the plan's numbers before it.
        number: The how many-th of the run: a plan's `numbers` can name its figures by that.
        revisions_left: After this one.
        merged: Whether what was judged has parts of others who agreed.
    """
    result_id = denial_id(number)
    sentences = "\n".join(f"- {finding.code}: {finding.sentence}" for finding in denied.failed)
    judged = "" if denied.bracket is None else f"\nJudged: {_judged(denied.bracket)}"
    nearest = "" if denied.nearest is None else f"\n{denied.nearest.sentence}"
    return (
        f"DENIED ({result_id}).\n{sentences}{judged}{_MERGED if merged else ''}{nearest}\n"
        "Propose a plan that meets every rule and still follows from the data, or call no_trade: "
        f"abstaining is a good answer. {_left(revisions_left)}\n"
        f"{canonical({'id': result_id, **_facts(denied)})}"
    )


_MERGED = (
    "\nThat is your plan with the most careful entry, targets, invalidation and horizon of "
    "others who would do the same. Theirs stand: your next plan is merged with them again, and "
    "only what is more careful still changes anything."
)


def denial_id(number: int) -> str:
    """`gate#1`: what a run's first denial is called."""
    return f"gate#{number}"


def complaint_text(invalid: Invalid, revisions_left: int) -> str:
    """What could not be read, with its code.

    No answer is named but the one that every moment allows: the others are those among the tools.
    """
    return (
        f"NOT READ ({invalid.code}): {invalid.complaint}.\n"
        "Answer again with one call of an answer among your tools; no_trade is always one. "
        f"{_left(revisions_left)}"
    )


def answer_receipts(message: AIMessage, text: str) -> list[ToolMessage]:
    """One tool message per call: the first carries `text`, the others say that they did not run."""
    receipts = []
    for index, call in enumerate(call_requests(message)):
        content = text if index == 0 else "Not run: see the reply to your first call."
        receipts.append(ToolMessage(content, tool_call_id=call.call_id, name=call.name or None))
    return receipts


def _in_reply(message: AIMessage, text: str) -> list[BaseMessage]:
    """As tool messages where the answer had calls, else as a plain message."""
    text = unmarked(text)  # it quotes what the model wrote, which may quote a stranger
    receipts: list[BaseMessage] = [*answer_receipts(message, text)]
    return receipts or [HumanMessage(text)]


def _left(revisions: int) -> str:
    if revisions <= 0:
        return "This is your last try."
    return f"After this try you have {revisions} more."


def _judged(bracket: Bracket) -> str:
    targets = ", ".join(plain(target.price) for target in bracket.targets)
    return (
        f"{bracket.side} {bracket.entry_kind} entry {_short(bracket.entry_price)}, stop "
        f"{plain(bracket.stop_price)}, targets {targets}, risk per unit "
        f"{_short(bracket.risk_per_unit)}, net reward/risk {_short(bracket.reward_risk)}."
    )


def _facts(denied: Denied) -> dict[str, Any]:
    bracket = denied.bracket
    return {
        "denied": [
            {"code": f.code, "measured": f.measured, "limit": f.limit, "unit": f.unit}
            for f in denied.failed
        ],
        "bracket": None
        if bracket is None
        else {
            "side": bracket.side,
            "entry": _short(bracket.entry_price),
            "stop": plain(bracket.stop_price),
            "targets": [plain(target.price) for target in bracket.targets],
            "risk_per_unit": _short(bracket.risk_per_unit),
            "reward_risk": _short(bracket.reward_risk),
        },
    }


def _short(value: Any) -> str:
    return plain(value, _DIGITS)
