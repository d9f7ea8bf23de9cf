"""A recorded decision as a replay reads it: call by call of a node, with what each had and made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.errors import StateError
from graph.build import NODES
from traces.events import Event, RunStarted
from traces.step_events import BranchTaken, StateEdited
from traces.store import Recorded
from traces.visits import Visit, visits


@dataclass(frozen=True, slots=True)
class Tape:
    """A decision from its beginning to its end."""

    run_id: str
    started: RunStarted
    visits: tuple[Visit, ...]

    @property
    def events(self) -> Iterator[Event]:
        """Of all nodes, but for their ends."""
        return (event for visit in self.visits for event in visit.events)

    def visit(self, node: str, number: int) -> tuple[Visit, bool]:
        """The n-th call of a node, and whether it was called that often.

        Where it was not, the last call stands in, or an empty one of a node that never was.

        Args:
            node: The node.
            number: From 0.
        """
        mine = [visit for visit in self.visits if visit.node == node]
        if number < len(mine):
            return mine[number], True
        return (mine[-1] if mine else Visit(0, node, node, (), None)), False


def tape_of(run_id: str, recorded: Sequence[Recorded]) -> Tape:
    """The decision as it was made the last time, where it was begun anew.

    Raises:
        StateError: there is no beginning, or a person stepped through it and changed its way.
    """
    begun = [n for n, item in enumerate(recorded) if isinstance(item.event, RunStarted)]
    if not begun:
        raise StateError(f"run {run_id!r} has no events from its beginning on; was it pruned?")
    last = recorded[begun[-1] :]
    for item in last:
        if isinstance(item.event, StateEdited | BranchTaken):
            raise StateError(
                f"a person stepped through run {run_id!r} and changed its way "
                f"({item.event.kind}), so that it is not the graph's alone; "
                "see: plangate traces show"
            )
    started = last[0].event
    assert isinstance(started, RunStarted)  # noqa: S101  # as it was found
    if started.fork_of is not None:
        raise StateError(
            f"run {run_id!r} is a fork, and half of it another run's; replay that one: "
            f"plangate replay {started.fork_of.run_id} --session {started.fork_of.session}"
        )
    return Tape(run_id, started, tuple(visits([item for item in last if item.node in NODES])))
