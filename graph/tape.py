"""A recorded decision as a replay reads it: call by call of a node, with what each had and made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.errors import StateError
from graph.build import NODES
from traces.events import FORK, Event, RunStarted
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
    def name(self) -> str:
        """What the graph names it: a fork as the run that it goes on from."""
        return self.run_id.partition(FORK)[0]

    @property
    def is_fork(self) -> bool:
        """Whether half of it is another run's."""
        return self.name != self.run_id

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
    if started.fork_of is not None:  # said beside it: no node made it
        started = started.model_copy(update={"fork_of": None})
    begin = last[0]._replace(event=started)
    own = [item for item in (begin, *last[1:]) if item.node in NODES]
    return Tape(run_id, started, tuple(visits(own)))
