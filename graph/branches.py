"""The ways that a person has taken through one run, each with the stops it has come by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graph.state import RunState

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

MAIN = "main"
"""The name of the way that a run begins with."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a run stands: before `node`, or at the end when `node` is None."""

    node: str | None
    came_from: str
    """The node that ran last; `__start__` at the beginning."""
    state: RunState
    config: RunnableConfig
    edited: bool = False
    """Whether a person has changed anything on the way here."""


@dataclass(slots=True)
class Branch:
    """One way through the run, with a thread of its own in the checkpoint file."""

    name: str
    thread: RunnableConfig
    parent: str | None = None
    """The branch that it was forked from; None of the first."""
    forked_before: str | None = None
    """The node that would have run next there; None also at the end."""
    trail: list[Stop] = field(default_factory=list)

    @property
    def stop(self) -> Stop:
        """Where it stands now."""
        return self.trail[-1]
