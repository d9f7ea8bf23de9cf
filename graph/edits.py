"""What a person may change of a run's state, and what a change has to be.

A path names a value: `reason`, `draft.targets.0.price`, `messages.3` (the text of a message, such
as a tool's answer), `snapshot.last`. Sealed is what names the run, and what gate, journal and clock
have said: who wants another verdict changes what is judged. While decisions are committed the world
is sealed too.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from decimal import Decimal
from typing import Any, NamedTuple, get_type_hints

from langchain_core.messages import AIMessage, BaseMessage
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.errors import ConfigError
from domain.numbers import is_amount
from domain.plan import ExitDraft, PlanDraft, ReplanDraft
from domain.snapshot import Snapshot
from domain.strict_json import JsonRefused, loads
from graph.context import RunContext
from graph.recording import keep, message_of
from graph.state import RunState

SEALED = frozenset({"run_id", "symbol", "as_of", "versions", "approved", "orders", "known"})
"""What names the run, and what gate, journal and clock have said of it."""
WORLD = frozenset({"snapshot", "evidence", "opinions", "consults"})
"""What was seen and what others think: sealed where what is approved is committed."""
COMMITTED, ENDED = ("approved", "replan", "exit"), ("no_trade", "denied", "failed", "quiet")
"""Ends that an order intent follows from, which the commit alone says, and the others."""
MOST_COUNT = 2**31 - 1
MOST_CHARS = 1_000_000
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,60}")
_DRAFTS: dict[str, type[BaseModel]] = {"plan": PlanDraft, "exit": ExitDraft, "replan": ReplanDraft}


class Edit(NamedTuple):
    """One change that holds what it has to."""

    root: str
    """The field of the state."""
    value: Any
    """What it is from now on."""
    before: str
    """What the path named, as text."""


def editable(state: RunState, *, armed: bool) -> list[str]:
    """The fields of which something may be changed."""
    return sorted(set(state) - SEALED - (WORLD if armed else frozenset()))


def text_of(context: RunContext, state: RunState, path: str, *, armed: bool) -> str:
    """What a path names, as the text that an editor is given: a message's words, or JSON.

    Raises:
        ConfigError: there is nothing of that name, or it is sealed.
    """
    root, rest = _opened(state, path, armed=armed)
    if root == "messages" and rest:
        return _laid_out(_message(context, state, rest, path).text)
    value = _content(context, state, root)
    for key in rest:
        value = _child(value, key, path)
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def edited(context: RunContext, state: RunState, path: str, text: str, *, armed: bool) -> Edit:
    """The change that sets what `path` names to `text`.

    Raises:
        ConfigError: no such value, a sealed one, or one that the text cannot be.
    """
    if len(text) > MOST_CHARS:
        raise ConfigError(f"{path} was given {len(text)} characters; at most {MOST_CHARS} are read")
    root, rest = _opened(state, path, armed=armed)
    if root == "messages":
        return _edited_message(context, state, rest, path, text)
    value = _parsed(text)
    before = _content(context, state, root)
    if rest:
        whole, before = _replaced(before, rest, value, path)
        value = whole
    if root == "snapshot":
        value = context.recorder.blob(_snapshot(value).model_dump_json())
    else:
        value = _checked(context, state, root, value)
    return Edit(root, context.recorder.clean(value), json.dumps(before, default=str))


def _opened(state: RunState, path: str, *, armed: bool) -> tuple[str, list[str]]:
    root, *rest = path.split(".")
    offered = editable(state, armed=armed)
    if root not in state:
        raise ConfigError(f"the state has no field {root!r}; {_offer(offered)}")
    if root in offered:
        return root, rest
    why = (
        "names the run or was said by gate, journal or clock"
        if root in SEALED
        else "was seen, and is not changed where decisions are committed (ARMED)"
    )
    raise ConfigError(f"{root!r} {why}; {_offer(offered)}")


def _offer(names: list[str]) -> str:
    if not names:
        return "before the first node has run there is nothing to edit"
    return f"what can be edited: {', '.join(names)}"


def _content(context: RunContext, state: RunState, root: str) -> Any:
    values: dict[str, Any] = dict(state)
    if root == "snapshot":
        return json.loads(context.recorder.read_blob(state["snapshot"]), parse_float=Decimal)
    return values[root]


def _replaced(whole: Any, keys: list[str], value: Any, path: str) -> tuple[Any, Any]:
    """The whole with one value in it replaced, and what that was."""
    whole = deepcopy(whole)
    parent = whole
    for key in keys[:-1]:
        parent = _child(parent, key, path)
    before = _child(parent, keys[-1], path)
    parent[int(keys[-1]) if isinstance(parent, list) else keys[-1]] = value
    return whole, before


def _child(parent: Any, key: str, path: str) -> Any:
    if isinstance(parent, list) and key.isdecimal() and int(key) < len(parent):
        return parent[int(key)]
    if isinstance(parent, dict) and key in parent:
        return parent[key]
    offered = list(parent) if isinstance(parent, dict) else f"0 to {len(parent or []) - 1}"
    if not isinstance(parent, dict | list):
        offered = "nothing below it"
    raise ConfigError(f"no {key!r} in {path!r}; there is {offered}")


def _parsed(text: str) -> Any:
    try:
        value = loads(text)
    except JsonRefused:
        return text.strip()
    return value if isinstance(value, bool | int | str | list | dict | None) else str(value)


def _snapshot(value: Any) -> Snapshot:
    try:
        return Snapshot.model_validate_json(json.dumps(value, default=str))
    except ValidationError as error:
        raise _refused("snapshot", error) from error


def _checked(context: RunContext, state: RunState, root: str, value: Any) -> Any:
    """The value as the state keeps it; together with the others it has to make sense."""
    kind: Any = get_type_hints(RunState)[root]
    if root == "draft":
        kind = _DRAFTS.get(state["answer"], PlanDraft)
    try:
        checked = TypeAdapter(kind).validate_python(value)
        if root == "answer" and checked in _DRAFTS:
            _DRAFTS[checked].model_validate(state["draft"])
    except ValidationError as error:
        raise _refused(root, error) from error
    complaint = _complaint(context, root, checked)
    if complaint:
        raise ConfigError(f"{root} = {value!r}: {complaint}")
    return checked.model_dump(mode="json") if root == "draft" else checked


def _refused(root: str, error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    where = ".".join([root, *(str(part) for part in first["loc"])])
    shown = repr(first["input"])
    return ConfigError(f"{where} = {shown[:200]}: {first['msg']}")


def _complaint(context: RunContext, root: str, value: Any) -> str | None:
    """What its type does not say of a value."""
    if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value <= MOST_COUNT:
        return f"a count was expected, 0 to {MOST_COUNT}"
    if root == "cost_usd" and value is not None and not is_amount(value):
        return "an amount in USD was expected, such as 0.05, or null where it is unknown"
    if root == "outcome" and value in COMMITTED:
        return f"that is what a commit says; {', '.join(ENDED)} or null were expected"
    if root == "codes" and not all(_CODE.fullmatch(code) for code in value):
        return "codes such as RR_BELOW_MIN were expected"
    if root == "complaint" and len(value) not in {0, 2}:
        return "a code and a sentence were expected, or nothing"
    if root == "offers" and (unknown := set(value) - _offered(context)):
        return f"{sorted(unknown)[0]!r} is no tool; there is {', '.join(sorted(_offered(context)))}"
    return None


def _offered(context: RunContext) -> set[str]:
    return {one["function"]["name"] for one in json.loads(context.planner.tools_text())}


def _message(context: RunContext, state: RunState, rest: list[str], path: str) -> BaseMessage:
    if len(rest) != 1:
        raise ConfigError(f"{path!r} names no message; write messages.N, such as messages.1")
    message = message_of(context, _child(state["messages"], rest[0], path))
    if isinstance(message, AIMessage):
        raise ConfigError(
            f"{path!r} is what the model said; edit what it was read as: answer, draft, reason"
        )
    return message


def _edited_message(
    context: RunContext, state: RunState, rest: list[str], path: str, text: str
) -> Edit:
    """Other words of a message; a tool's answer stays the JSON that the model was told to expect.

    Raises:
        ConfigError: no such message, or the answer is no JSON object any more.
    """
    message = _message(context, state, rest, path)
    if not isinstance(message.content, str):
        raise ConfigError(f"{path!r} has a picture in it and cannot be edited")
    before = message.content
    words = text.strip()
    if isinstance(_json_of(before), dict):
        told = _json_of(words)
        if not isinstance(told, dict):
            raise ConfigError(f"{path} was expected to be a JSON object; got {words[:80]!r}")
        if told.get("id") != _json_of(before).get("id"):
            raise ConfigError(f"{path}: id is {_json_of(before).get('id')!r} and stays so")
        words = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    if not words:
        raise ConfigError(f"{path} was expected to have words in it")
    hashes = list(state["messages"])
    hashes[int(rest[0])] = keep(context, message.model_copy(update={"content": words}))
    return Edit("messages", hashes, before)


def _json_of(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _laid_out(text: str) -> str:
    """JSON with a line for each value, other words as they are."""
    value = _json_of(text)
    return json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else text
