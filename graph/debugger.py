"""Step through one run: stop before every node, look, edit, go back, take the other way.

Built on the checkpointer's own history: going on from an earlier stop forks the run there, and the
earlier branch stays in the file.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_type_hints

from langchain_core.messages import BaseMessage
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.errors import ConfigError
from domain.plan import ExitDraft, PlanDraft, ReplanDraft
from domain.strict_json import JsonRefused, loads
from domain.verdict import Verdict
from graph.build import RECURSION_LIMIT, build_graph
from graph.context import RunContext
from graph.recording import message_of, verdict_of
from graph.run import run_input, thread
from graph.state import RunState
from traces import events

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver


EDITABLE = frozenset(
    {"draft", "reason", "codes", "answer", "tool_turns", "model_calls", "revisions"}
)
"""What a person may change: the draft and counters, not what names stored content or the run."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the run stands: before `node`, or at the end when `node` is None."""

    node: str | None
    came_from: str
    """The node that ran last; `__start__` at the beginning."""
    state: RunState
    config: RunnableConfig


class Debugger:
    """One run, stopped before each node."""

    def __init__(self, context: RunContext, saver: BaseCheckpointSaver[Any]) -> None:
        self.context = context
        self._graph = build_graph(context).compile(checkpointer=saver)
        self._trail: list[Stop] = []
        self._thread: RunnableConfig = {}

    @property
    def stop(self) -> Stop:
        """Where the run stands now."""
        return self._trail[-1]

    @property
    def trail(self) -> list[str]:
        """Names of the nodes that ran on this branch, in order."""
        return [stop.came_from for stop in self._trail[1:]]

    async def start(self, symbol: str, slot: datetime) -> Stop:
        """Open the run and stop before its first node."""
        self._thread = thread(self.context, symbol, slot)
        await self._graph.ainvoke(
            run_input(symbol, slot), self._thread, interrupt_before="*", durability="sync"
        )
        self._trail = [await self._look(self._thread, "__start__")]
        return self.stop

    async def step(self) -> Stop:
        """Run the next node and stop before the one after it."""
        node = self.stop.node
        if node is None:
            return self.stop
        self.context.stopwatch.forget(self.stop.state.get("run_id", ""))  # thinking is not running
        await self._graph.ainvoke(None, self.stop.config, interrupt_before="*", durability="sync")
        self._trail.append(await self._look(self._thread, node))
        return self.stop

    async def back(self) -> Stop:
        """Return to the stop before; going on from there takes a new branch."""
        if len(self._trail) > 1:
            self._trail.pop()
        return self.stop

    async def edit(self, path: str, text: str) -> Stop:
        """Set one value of the state, such as `draft.targets.0.price` to `43000`.

        Raises:
            ConfigError: no such field, or a value that the field cannot take.
        """
        root, before, value = _edited(self.stop.state, path, text)
        config = await self._graph.aupdate_state(
            self.stop.config, {root: value}, as_node=self.stop.came_from
        )
        self.context.recorder.record(
            self.stop.state.get("run_id", "step"),
            "step",
            events.StateEdited(field=path, before=json.dumps(before, default=str), after=text),
        )
        self.context.recorder.flush()
        self._trail[-1] = await self._look(config, self.stop.came_from)
        return self.stop

    def messages(self) -> list[BaseMessage]:
        """The prompt as the model will see it, or has seen it."""
        return [message_of(self.context, h) for h in self.stop.state.get("messages", [])]

    def verdict(self) -> Verdict | None:
        """The last verdict of this branch."""
        versions = self.stop.state.get("versions", [])
        return verdict_of(self.context, versions[-1][1]) if versions else None

    async def _look(self, config: RunnableConfig, came_from: str) -> Stop:
        snapshot = await self._graph.aget_state(config)
        node = snapshot.next[0] if snapshot.next else None
        state: RunState = snapshot.values  # type: ignore[assignment]  # the graph's own schema
        pinned: RunnableConfig = {"recursion_limit": RECURSION_LIMIT, **snapshot.config}
        return Stop(node, came_from, state, pinned)


_DRAFTS: dict[str, type[BaseModel]] = {"exit": ExitDraft, "replan": ReplanDraft}


def _edited(state: RunState, path: str, text: str) -> tuple[str, Any, Any]:
    root, *rest = path.split(".")
    values: dict[str, Any] = dict(state)
    if root not in values:
        known = ", ".join(sorted(EDITABLE & set(values)))
        raise ConfigError(f"the state has no field {root!r}; what can be edited: {known}")
    if root not in EDITABLE:
        raise ConfigError(
            f"{root!r} names something stored and cannot be edited; what can be: "
            + ", ".join(sorted(EDITABLE & set(values)))
        )
    value = _parsed(text)
    if not rest:
        return root, values[root], _checked(state, root, value)
    whole = deepcopy(values[root])
    parent = whole
    for key in rest[:-1]:
        parent = _child(parent, key, path)
    before = _child(parent, rest[-1], path)
    if isinstance(parent, list):
        parent[int(rest[-1])] = value
    else:
        parent[rest[-1]] = value
    return root, before, _checked(state, root, whole)


def _child(parent: Any, key: str, path: str) -> Any:
    if isinstance(parent, list) and key.isdigit() and int(key) < len(parent):
        return parent[int(key)]
    if isinstance(parent, dict) and key in parent:
        return parent[key]
    offered = list(parent) if isinstance(parent, dict) else f"0 to {len(parent or []) - 1}"
    raise ConfigError(f"no {key!r} in {path!r}; there is {offered}")


def _parsed(text: str) -> Any:
    try:
        value = loads(text)
    except JsonRefused:
        return text
    return value if isinstance(value, bool | int | str | list | dict | None) else str(value)


def _checked(state: RunState, root: str, value: Any) -> Any:
    kind: Any = get_type_hints(RunState)[root]
    if root == "draft":
        kind = _DRAFTS.get(state["answer"], PlanDraft)
    try:
        checked = TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([root, *(str(part) for part in first["loc"])])
        raise ConfigError(f"{where} = {first['input']!r}: {first['msg']}") from error
    return checked.model_dump(mode="json") if root == "draft" else checked
