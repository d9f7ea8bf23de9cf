"""Where a run that goes on by itself stops: before a node, at a tool's call, at a code.

A code is one that the gate denies with, or one that a run ends with, such as `RR_BELOW_MIN` or
`MODEL_UNAVAILABLE`.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from domain.errors import ConfigError
from graph.branches import Stop
from graph.build import NODES
from graph.caps import HOPELESS
from policies.evidence import CODES as EVIDENCE_CODES
from policies.rulebook import RULES

OTHER_CODES = frozenset(
    {
        "NO_TOOL_CALL", "UNKNOWN_TOOL", "SCHEMA_INVALID", "EMPTY_ANSWER", "TWO_ANSWERS",
        "MIXED_ANSWER", "NO_PLAN", "NO_POSITION", "NO_QUORUM", "UNSTABLE", "DISPERSED",
        "DATA_UNAVAILABLE", "MODEL_UNAVAILABLE", "MODEL_REFUSED", "MONEY_CAP", "CALLS_CAP",
        "TOKENS_CAP", "TOOL_TURNS_CAP", "DEADLINE", "REFUSED", "TRUNCATED",
    }
)  # fmt: skip
"""What answers are refused for, and runs end with, beside the gate's codes."""
CODES = frozenset(rule.code for rule in RULES) | EVIDENCE_CODES | HOPELESS | OTHER_CODES


class Breakpoints:
    """A person's breakpoints, in the order in which they were set."""

    def __init__(self, tools: Collection[str]) -> None:
        self._tools = frozenset(tools)
        self._set: list[str] = []

    @property
    def names(self) -> tuple[str, ...]:
        """What is stopped at."""
        return tuple(self._set)

    def add(self, name: str) -> None:
        """Stop at a node, tool or code from now on.

        Raises:
            ConfigError: there is none of that name.
        """
        known = self._tools | set(NODES) | CODES
        found = name if name in known else name.upper()
        if found not in known:
            near = get_close_matches(found, known, n=3) or get_close_matches(name, known, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "see: plangate policy explain"
            raise ConfigError(
                f"{name!r} is no node ({', '.join(NODES)}), no tool "
                f"({', '.join(sorted(self._tools))}) and no code such as RR_BELOW_MIN; {hint}"
            )
        if found not in self._set:
            self._set.append(found)

    def clear(self, name: str) -> None:
        """Stop there no more; `all` clears every one.

        Raises:
            ConfigError: it was not set.
        """
        if name == "all":
            self._set = []
            return
        for found in (name, name.upper()):
            if found in self._set:
                self._set.remove(found)
                return
        raise ConfigError(
            f"{name!r} is no breakpoint; set: {', '.join(self._set) or 'none'} (all clears all)"
        )

    def hit(self, stop: Stop, before: Stop, calls: Collection[str]) -> str | None:
        """The first breakpoint that a stop is at.

        Args:
            stop: Where the run stands.
            before: Where it stood before.
            calls: The tools that the model has just asked for.
        """
        codes, old = stop.state.get("codes", []), before.state.get("codes", [])
        for name in self._set:
            if name == stop.node or (stop.node == "call_tools" and name in calls):
                return name
            if name in codes and (stop.came_from == "review" or name not in old):
                return name
        return None
