"""From the model's message to an answer of ours, strictly, or to a complaint it can act on.

LangChain reads tool arguments leniently (of two equal keys the last wins, NaN passes) and drops
their text. So the text is kept beside the message (`RAW_ARGUMENTS`) and parsed again here by
`domain.strict_json`, then by the domain's models in strict mode. Nothing is repaired: an answer
that must be guessed at is sent back with the exact complaint. JSON in plain text is such an answer.

Data calls are not judged here: unreadable arguments and unknown names travel on to the desk, which
answers each with a typed refusal.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from langchain_core.messages import AIMessage
from pydantic import ValidationError

from agent.answers import ANSWERS
from agent.schema_complaint import schema_complaint
from domain.plan import Answer
from domain.strict_json import Json, JsonRefused, canonical, loads

RAW_ARGUMENTS = "raw_arguments"
"""Key in `additional_kwargs`: call id to the argument text exactly as the provider sent it."""

SHOWN_CHARACTERS = 400
"""Most of what the model said that a complaint repeats."""

_INTEGERS = {
    name
    for model in ANSWERS.values()
    for name, field in model.model_fields.items()
    if field.annotation is int
}


@dataclass(frozen=True, slots=True)
class CallRequest:
    """One call as the model made it; its arguments are still text."""

    call_id: str
    name: str
    arguments_text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The model wants data before it answers."""

    calls: tuple[CallRequest, ...]


@dataclass(frozen=True, slots=True)
class Invalid:
    """The message is no answer; the complaint goes back to the model."""

    code: str
    """`SCHEMA_INVALID`, `UNKNOWN_FIELD`, `NUMBER_INVALID`, `DUPLICATE_KEY`, or why there is no
    answer at all: `NO_TOOL_CALL`, `EMPTY_ANSWER`, `MIXED_ANSWER`, `TWO_ANSWERS`, `UNKNOWN_TOOL`,
    `REFUSED`, `TRUNCATED`."""
    complaint: str


Parsed = Asked | Answer | Invalid


def parse_answer(message: AIMessage, data_tools: Collection[str]) -> Parsed:
    """What the model's message says.

    Args:
        message: The model's message.
        data_tools: Names of the tools it may ask for data.
    """
    calls = call_requests(message)
    if cut := _cut_short(message):
        return cut
    if not calls:
        return _without_calls(message)
    final = [call for call in calls if call.name in ANSWERS]
    if not final:
        return _asked(calls, data_tools)
    if len(final) > 1:
        names = " and ".join(call.name for call in final)
        return Invalid("TWO_ANSWERS", f"you gave {len(final)} answers at once ({names}); give one")
    if len(calls) > 1:
        others = ", ".join(repr(call.name[:64]) for call in calls if call.name not in ANSWERS)
        return Invalid(
            "MIXED_ANSWER",
            f"you called {final[0].name} together with {others}; ask for data first, read the "
            "results, then answer with one call alone",
        )
    return _answer(final[0])


def call_requests(message: AIMessage) -> tuple[CallRequest, ...]:
    """Every call of the message, readable or not; none hides another, whatever its id."""
    raw = message.additional_kwargs.get(RAW_ARGUMENTS)
    texts = raw if isinstance(raw, dict) else {}
    ids = [c["id"] for c in (*message.tool_calls, *message.invalid_tool_calls)]
    out: list[CallRequest] = []
    for call in message.tool_calls:
        known = texts.get(call["id"]) if ids.count(call["id"]) == 1 else None
        text = known if isinstance(known, str) else canonical(call["args"])
        out.append(CallRequest(call["id"] or "", call["name"], text))
    for broken in message.invalid_tool_calls:
        text = broken["args"] or ""
        out.append(CallRequest(broken["id"] or "", broken["name"] or "", text))
    return tuple(out)


def _cut_short(message: AIMessage) -> Invalid | None:
    reason = message.response_metadata.get("finish_reason")
    if reason == "length":
        return Invalid("TRUNCATED", "your answer was cut off at the length limit; be shorter")
    if reason == "content_filter":
        return Invalid("REFUSED", "the provider's content filter withheld the answer")
    return None


def _without_calls(message: AIMessage) -> Invalid:
    if refusal := message.additional_kwargs.get("refusal"):
        return Invalid("REFUSED", f"the model refused: {_shown(str(refusal))}")
    names = ", ".join(ANSWERS)
    if not message.text.strip():
        return Invalid("EMPTY_ANSWER", f"the answer was empty; call one of {names}")
    return Invalid(
        "NO_TOOL_CALL",
        f"the answer was text without a tool call, {_shown(message.text)}; text is not read, call "
        f"one of {names}, or a data tool",
    )


def _asked(calls: tuple[CallRequest, ...], data_tools: Collection[str]) -> Asked | Invalid:
    if any(call.name in data_tools for call in calls):
        return Asked(calls)
    known = [*ANSWERS, *sorted(data_tools)]
    name = calls[0].name[:64]
    near = get_close_matches(name, known, n=1)
    offer = f"did you mean {near[0]!r}? " if near else ""
    return Invalid("UNKNOWN_TOOL", f"there is no tool {name!r}; {offer}Known: {', '.join(known)}")


def _answer(call: CallRequest) -> Answer | Invalid:
    try:
        value = loads(call.arguments_text)
        if not isinstance(value, dict):
            raise JsonRefused("SCHEMA_INVALID", "the arguments must be one JSON object")
        return ANSWERS[call.name].model_validate(_strict(value), strict=True)
    except JsonRefused as error:
        return Invalid(error.code, f"{call.name}: {_cap(str(error))}")
    except ValidationError as error:
        code, complaint = schema_complaint(ANSWERS[call.name], error)
        return Invalid(code, f"{call.name}: {complaint}")


def _strict(value: Json, *, integer: bool = False) -> Any:
    """JSON as strict models want it: lists are tuples, numbers `Decimal` but for integer fields."""
    if isinstance(value, dict):
        return {key: _strict(item, integer=key in _INTEGERS) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_strict(item) for item in value)
    if isinstance(value, int) and not isinstance(value, bool) and not integer:
        return Decimal(value)
    return value


def _shown(text: str) -> str:
    return _cap(repr(text.strip()))


def _cap(text: str) -> str:
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]}… ({len(text)} characters)"
