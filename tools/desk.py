"""The one way from a model to data: what is asked, what is allowed, what comes back.

Every call passes the same stack: allowlist, arguments, budget, rate, cache, latency, size. What
stops at one of them comes back as a typed answer that the model can read; nothing a tool or a model
does raises through the graph. The desk offers data only: whatever a tool answers, no order can come
of it but through the gate.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from langchain_core.tools import BaseTool
from pydantic import BaseModel

from domain.clock import Clock, iso, parse_moment
from domain.errors import ConfigError, PlangateError
from tools.arguments import checked, offered
from tools.cache import AnswerCache, Found, cache_key
from tools.limits import RateLimit, ToolLimits
from tools.protocol import ToolAnswer, ToolCall, ToolComplaint, ToolRequest

REQUEST = "request"
"""The argument by which a tool of ours is given the `ToolRequest`."""
EXTERNAL = "external"
"""Origin of what a tool answers that is not ours: nobody vouches for where it got it."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one call came to, before it is told."""

    found: Found | None
    complaint: ToolComplaint | None = None
    latency_ms: float = 0.0
    cached: bool = False


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A call that may run."""

    tool: BaseTool
    arguments: dict[str, Any]
    key: str


class Desk:
    """Answers a model's calls for data, within limits."""

    def __init__(self, tools: Sequence[BaseTool], limits: ToolLimits, clock: Clock) -> None:
        """Open the desk.

        Raises:
            ConfigError: two tools share a name, or a limit names no tool.
        """
        self._tools = {tool.name: tool for tool in tools}
        if len(self._tools) < len(tools):
            raise ConfigError(f"two tools share a name: {sorted(t.name for t in tools)}")
        for name in limits.tools:
            if name not in self._tools:
                known = ", ".join(self._tools)
                raise ConfigError(f"limits for unknown tool {name!r}; known: {known}")
        self._limits = limits
        self._rate = RateLimit(clock)
        self._cache = AnswerCache(clock)

    @property
    def schemas(self) -> list[BaseTool]:
        """The allowed tools, for `bind_tools`; what the desk injects is not in their schemas."""
        return [tool for name, tool in self._tools.items() if self._limits.of(name).allowed]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the allowed tools."""
        return tuple(tool.name for tool in self.schemas)

    async def answer(
        self, calls: Sequence[ToolCall], request: ToolRequest, used: int
    ) -> list[ToolAnswer]:
        """Answer all calls of one turn, at once, in their order.

        Equal calls of a turn run once; each still counts. `used` is how many calls this decision
        has already made: the answers are numbered from there on.
        """
        admitted = [self._admit(call, request, used + place) for place, call in enumerate(calls)]
        first: dict[str, _Admitted] = {}
        for one in admitted:
            if isinstance(one, _Admitted):
                first.setdefault(one.key, one)
        async with asyncio.TaskGroup() as group:
            running = {
                key: group.create_task(self._run(one, request)) for key, one in first.items()
            }
        done = {key: task.result() for key, task in running.items()}
        answers = []
        for number, (call, one) in enumerate(zip(calls, admitted, strict=True), start=used + 1):
            if isinstance(one, _Admitted):
                outcome = done[one.key]
                if first[one.key] is not one:
                    outcome = _Outcome(outcome.found, outcome.complaint, cached=True)
            else:
                outcome = _Outcome(None, one)
            answers.append(self._told(call, number, outcome))
        return answers

    def _admit(self, call: ToolCall, request: ToolRequest, made: int) -> _Admitted | ToolComplaint:
        """Allowlist, arguments, budget, rate: all that can be said before anything runs."""
        if call.name not in self.names:
            offer = f"there is: {', '.join(self.names)}"
            return ToolComplaint("NOT_ALLOWED", f"no tool {call.name[:64]!r} here; {offer}")
        tool, limit = self._tools[call.name], self._limits.of(call.name)
        try:
            arguments = checked(tool, call.arguments)
        except ToolComplaint as complaint:
            return complaint
        budget = self._limits.calls_per_decision_count
        if made >= budget:
            return ToolComplaint(
                "BUDGET_SPENT",
                f"all {budget} calls of this decision are made; decide on what you have",
            )
        wait_s = self._rate.admit(call.name, limit.per_minute_count)
        if wait_s is not None:
            return ToolComplaint(
                "RATE_LIMITED",
                f"{call.name} may be called {limit.per_minute_count} times a minute, next in "
                f"{wait_s:.0f} s; go on without it",
            )
        return _Admitted(tool, arguments, cache_key(call.name, arguments, request))

    async def _run(self, one: _Admitted, request: ToolRequest) -> _Outcome:
        """Cache, tool, size; never raises."""
        limit = self._limits.of(one.tool.name)
        kept = self._cache.get(one.key, limit.cache_s)
        if kept is not None:
            return _Outcome(kept, cached=True)
        started = time.perf_counter()
        try:
            found = await self._ask(one, request, limit.max_latency_s)
            _fits(found, limit.max_bytes, one.tool)
            self._cache.put(one.key, found)
            return _Outcome(found, latency_ms=_ms_since(started))
        except ToolComplaint as complaint:
            return _Outcome(None, complaint, latency_ms=_ms_since(started))

    async def _ask(self, one: _Admitted, request: ToolRequest, max_latency_s: float) -> Found:
        """Run the tool; whatever goes wrong in there is a `ToolComplaint` out here."""
        name = one.tool.name
        injected = {REQUEST: request} if _is_ours(one.tool) else {}
        limit = asyncio.timeout(max_latency_s)
        try:
            async with limit:
                result = await one.tool.ainvoke({**one.arguments, **injected})
            return _found(result, one.tool, request)
        except ToolComplaint:
            raise
        except PlangateError as error:
            raise ToolComplaint("FAILED", f"{name} failed: {error}") from error
        except Exception as error:  # a tool may be anybody's and raise anything
            if limit.expired():
                text = f"{name} took longer than {max_latency_s:g} s and was stopped"
                raise ToolComplaint("TIMED_OUT", text) from error
            # Its text is not passed on: it may quote a key, or speak to the model.
            raise ToolComplaint("FAILED", f"{name} failed: {type(error).__name__}") from error

    def _told(self, call: ToolCall, number: int, outcome: _Outcome) -> ToolAnswer:
        """The answer under its result id, which comes first so that a plan can name it."""
        known_name = call.name if _NAME.fullmatch(call.name) else "unknown"
        result_id = f"{known_name}#{number}"
        found, complaint = outcome.found, outcome.complaint
        refusal = complaint.refusal if complaint else None
        body = found.body if found else _members({"refused": refusal, "message": str(complaint)})
        return ToolAnswer(
            call=call,
            result_id=result_id,
            content=f'{{"id":"{result_id}",{body}}}',
            refusal=refusal,
            latency_ms=outcome.latency_ms,
            cached=outcome.cached,
            source=found.source if found else "",
            origin=found.origin if found else "",
            known_at=found.known_at if found else None,
        )


def _is_ours(tool: BaseTool) -> bool:
    """Whether the tool takes the request, which only tools of this house do."""
    schema = tool.args_schema
    if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        return False
    field = schema.model_fields.get(REQUEST)
    return field is not None and field.annotation is ToolRequest


def _found(result: Any, tool: BaseTool, request: ToolRequest) -> Found:
    """What a tool returned, as text. Raises what JSON raises on what it cannot hold.

    Raises:
        ToolComplaint: FAILED when the answer was not known yet at `as_of`.
    """
    if not _is_ours(tool):
        body = {"source": tool.name, "origin": EXTERNAL, "known_at": None, "data": result}
        return Found(_members(body), tool.name, EXTERNAL, None)
    stamp = result["known_at"]
    known_at: datetime | None = None if stamp is None else parse_moment(stamp)
    if known_at is not None and known_at > request.as_of:
        raise ToolComplaint(
            "FAILED",
            f"{tool.name} answered with data of {stamp} when asked as of {iso(request.as_of)}",
        )
    return Found(_members(result), str(result["source"]), str(result["origin"]), known_at)


def _members(body: dict[str, Any]) -> str:
    """Compact JSON without the braces; NaN is refused, half of a surrogate pair becomes `?`."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace").decode("utf-8")[1:-1]


def _fits(found: Found, max_bytes: int, tool: BaseTool) -> None:
    size = len(found.body.encode("utf-8"))
    if size > max_bytes:
        names = ", ".join(offered(tool)) or "none"
        raise ToolComplaint(
            "TOO_LARGE",
            f"{tool.name} answered {size} bytes, at most {max_bytes} are shown; "
            f"ask for less by its arguments ({names})",
        )


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
