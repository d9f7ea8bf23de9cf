"""The one way from a model to data: what is asked, what is allowed, what comes back.

Every call passes the same stack: allowlist and moment, arguments, budget, what is known already,
cost, whether the tool rests, its rate, its time, its size. What stops at one of them comes back as
a typed answer that the model can read; nothing a tool or a model does raises through the graph. The
desk offers data only: whatever a tool answers, no order can come of it but through the gate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.tools import BaseTool

from domain.clock import Clock
from domain.errors import ConfigError
from tools.arguments import checked
from tools.breaker import Breaker
from tools.cache import AnswerCache, cache_key
from tools.errands import Errand, Errands, outcome_of
from tools.flights import Flight
from tools.found import Outcome, is_ours, told
from tools.limits import ToolLimit, ToolLimits
from tools.limits_file import require_known
from tools.protocol import Spent, ToolAnswer, ToolCall, ToolComplaint, ToolRequest
from tools.rates import Rates


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A call that has an answer, or will have one."""

    awaited: Outcome | Flight[Outcome]
    cost_units: int = 0
    """Only a call that reaches its tool costs."""
    shares: bool = False
    """An equal call, of this or another decision, had gone out before."""


class Desk:
    """Answers a model's calls for data, within limits."""

    def __init__(
        self,
        tools: Sequence[BaseTool],
        limits: ToolLimits,
        clock: Clock,
        rates: Rates | None = None,
    ) -> None:
        """Open the desk.

        Args:
            tools: What may be asked at all.
            limits: How much.
            clock: The session's.
            rates: Where tokens are kept; None: in memory.

        Raises:
            ConfigError: two tools share a name, or a limit names no tool.
        """
        self._tools = {tool.name: tool for tool in tools}
        if len(self._tools) < len(tools):
            raise ConfigError(f"two tools share a name: {sorted(t.name for t in tools)}")
        require_known(limits, list(self._tools))
        self.limits = limits
        self._cache = AnswerCache(clock)
        self._errands = Errands(self._cache, Breaker(clock), rates or Rates(clock))

    @property
    def schemas(self) -> list[BaseTool]:
        """The allowed tools, for `bind_tools`; what the desk injects is not in their schemas."""
        return [tool for name, tool in self._tools.items() if self.limits.of(name).allowed]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the allowed tools."""
        return tuple(tool.name for tool in self.schemas)

    def close(self) -> None:
        """Let go of what foreign tools run in."""
        self._errands.close()

    async def answer(
        self, calls: Sequence[ToolCall], request: ToolRequest, spent: Spent
    ) -> list[ToolAnswer]:
        """Answer all calls of one turn, at once, in their order.

        Equal calls run once; each still counts. The answers are numbered on from the calls that the
        decision has already made.
        """
        admitted: list[_Admitted | ToolComplaint] = []
        cost_units = spent.cost_units
        for place, call in enumerate(calls):
            so_far = replace(spent, calls_count=spent.calls_count + place, cost_units=cost_units)
            one = self._admit(call, request, so_far)
            cost_units += _cost(one)
            admitted.append(one)
        async with asyncio.TaskGroup() as group:
            ends = [
                group.create_task(_end(call.name, one, spent.remaining_s))
                for call, one in zip(calls, admitted, strict=True)
            ]
        rows = zip(calls, admitted, ends, strict=True)
        return [
            told(call, number, end.result(), _cost(one))
            for number, (call, one, end) in enumerate(rows, start=spent.calls_count + 1)
        ]

    def _admit(
        self, call: ToolCall, request: ToolRequest, spent: Spent
    ) -> _Admitted | ToolComplaint:
        """All that can be said before anything runs, and off it goes."""
        try:
            tool, limit = self._allowed(call, spent)
            arguments = checked(tool, call.arguments)
            self._within_calls(spent)
            errand = self._errand(tool, limit, arguments, request)
            kept = self._cache.get(errand.key, limit.cache_s)
            if kept is not None:
                return _Admitted(Outcome(kept, cached=True))
            if (flying := self._errands.find(errand.key)) is not None:
                return _Admitted(flying, shares=True)
            self._within_cost(errand, spent)
            flight = self._errands.begin(errand, spent.remaining_s)
            return _Admitted(flight, limit.cost_units)
        except ToolComplaint as complaint:
            return complaint

    def _allowed(self, call: ToolCall, spent: Spent) -> tuple[BaseTool, ToolLimit]:
        if call.name not in self.names:
            offer = f"there is: {', '.join(self.names)}"
            raise ToolComplaint("NOT_ALLOWED", f"no tool {call.name[:64]!r} here; {offer}")
        limit = self.limits.of(call.name)
        if limit.when == "first_turn" and spent.turns_count > 0:
            raise ToolComplaint("NOT_NOW", f"{call.name} is for the first turn of a decision only")
        if limit.when == "before_proposal" and spent.proposals_count > 0:
            raise ToolComplaint("NOT_NOW", f"{call.name} is for the time before a plan is proposed")
        return self._tools[call.name], limit

    def _within_calls(self, spent: Spent) -> None:
        budget = self.limits.calls_per_decision_count
        if spent.calls_count >= budget:
            raise ToolComplaint(
                "BUDGET_SPENT",
                f"all {budget} calls of this decision are made; decide on what you have",
            )

    def _within_cost(self, errand: Errand, spent: Spent) -> None:
        budget, price = self.limits.cost_per_decision_units, errand.limit.cost_units
        if spent.cost_units + price > budget:
            raise ToolComplaint(
                "BUDGET_SPENT",
                f"{errand.tool.name} costs {price} units and {max(0, budget - spent.cost_units)} "
                f"of {budget} are left in this decision; decide on what you have",
            )

    def _errand(
        self, tool: BaseTool, limit: ToolLimit, arguments: dict[str, Any], request: ToolRequest
    ) -> Errand:
        ours = is_ours(tool)
        place = f"{tool.name}@{request.source.info.name}" if ours else tool.name
        key = cache_key(tool.name, arguments, request)
        return Errand(tool, arguments, request, limit, key, place, ours)


async def _end(name: str, one: _Admitted | ToolComplaint, remaining_s: float) -> Outcome:
    """What a call came to."""
    if isinstance(one, ToolComplaint):
        return Outcome(None, one)
    if isinstance(one.awaited, Outcome):
        return one.awaited
    outcome = await outcome_of(one.awaited, name, remaining_s)
    return replace(outcome, cached=True, latency_ms=0.0) if one.shares else outcome


def _cost(one: _Admitted | ToolComplaint) -> int:
    return one.cost_units if isinstance(one, _Admitted) else 0
