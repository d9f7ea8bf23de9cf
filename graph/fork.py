"""A finished run replayed up to one of its nodes, and gone on with from there by another model.

Up to the node everything must come out as it was recorded. From there on a model is asked anew;
account, market and tools answer what they answered in the run. What comes of it is a run of its
own in the traces, and nothing else: no plan is committed, no order can follow.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import select

from domain.clock import Clock, iso, to_ms
from domain.errors import ConfigError, StateError
from domain.strict_json import canonical
from graph.build import RECURSION_LIMIT, build_graph
from graph.context import RunContext
from graph.difference import Differs
from graph.finished import FinishedRun, StandIn
from graph.reads import Noting, Reads, Saying
from graph.rerun import Reheard
from graph.retold import Retold
from graph.stage import Lacks, Stage
from graph.state import RunState
from traces.database import Database
from traces.events import EVENT, FOR_REPLAY_ONLY, FORK, FORKS, ForkOf, RunStarted
from traces.store import TraceStore
from traces.tables import METADATA

T = TypeVar("T")
_RUNS = METADATA.tables["trace_run"]


class Forked(NamedTuple):
    """What came of it."""

    session: str
    run_id: str
    final: RunState


class Fork:
    """One way on from one node."""

    def __init__(
        self,
        database: Database,
        session: str,
        run_id: str,
        node: str,
        stand_in: StandIn,
        clock: Clock,
    ) -> None:
        """Read the run.

        Args:
            database: Where it was recorded, and the fork will be.
            session: The run's.
            run_id: The run.
            node: The first that is run anew: `plan`, or `plan#2` for its second time.
            stand_in: Who is asked from there on.
            clock: The real time, for what is recorded.

        Raises:
            ConfigError: the run has no such node.
            StateError: the trace lacks what it takes, and says what.
        """
        self._kept = Kept(database, session, clock)
        self._run = FinishedRun(self._kept, run_id, stand_in)
        self.context = self._run.context
        names = [visit.name for visit in self._run.tape.visits]
        if node not in names:
            raise ConfigError(f"run {run_id!r} has no node {node!r}; it has {', '.join(names)}")
        self._database = database
        self._first = names.index(node)
        self._of = ForkOf(session=session, run_id=run_id, node=node)

    async def run(self) -> Forked:
        """Replay, go on, and record it.

        Raises:
            StateError: it does not come out as it was recorded before it gets to the node, or the
                new way asks what the run never did.
        """
        run, calls = self._run, list[str]()

        def reads_for(_: RunContext, node: str) -> Reads:
            number, nth = len(calls), calls.count(node)
            calls.append(node)
            noting = Noting(run.recorder, node)
            if number < self._first:
                visit = run.tape.visits[number]
                return Passing(Retold(run.tape, visit, run.stage, run.recorder), noting)
            return Passing(Anew(run, run.tape.visit(node, nth)[0]), noting)

        graph = build_graph(self.context, reads_for).compile()
        started = run.tape.started
        begin = RunState(symbol=started.symbol, as_of=iso(started.as_of))
        try:
            final = await graph.ainvoke(begin, {"recursion_limit": RECURSION_LIMIT})
        except Differs as found:
            one = found.difference
            raise StateError(
                f"{one.node} comes out otherwise than it was recorded ({one.where}), so that "
                f"there is no way to {self._of.node!r}; see: plangate replay {self._of.run_id}"
            ) from None
        except Lacks as error:
            raise StateError(str(error)) from None
        return self._record(cast("RunState", final))

    def _record(self, final: RunState) -> Forked:
        session = self._of.session.removesuffix(FORKS) + FORKS
        run_id = _free_name(self._database, session, self._of.run_id)
        own = {"session": session, "run_id": run_id}
        store = TraceStore(self._database, session)
        for text in self._kept.blobs.own.values():
            store.blobs.put(text)
        store.write(
            [self._mine(row) | own for row in self._kept.noted if row["kind"] != "plan_committed"],
            [row | own for row in self._kept.listings],
        )
        return Forked(session, run_id, final)

    def _mine(self, row: dict[str, Any]) -> dict[str, Any]:
        event = EVENT.validate_json(row["body"])
        if not isinstance(event, RunStarted):
            return row
        told = event.model_copy(update={"fork_of": self._of})
        return row | {"body": canonical(told.model_dump(mode="json"))}


class Kept(Stage):
    """A stage whose events are recorded at the end."""

    def __init__(self, database: Database, session: str, clock: Clock) -> None:
        super().__init__(database, session)
        self.noted: list[dict[str, Any]] = []
        self.listings: list[dict[str, Any]] = []
        self._clock = clock

    def write(self, events: Sequence[dict[str, Any]], runs: Sequence[dict[str, Any]]) -> None:
        """Keep them."""
        super().write([row for row in events if row["kind"] not in FOR_REPLAY_ONLY], runs)
        now = to_ms(self._clock.now())
        self.noted += [row | {"at_ms": now} for row in events]
        self.listings += [row | {"recorded_ms": now} for row in runs]


class Anew(Reheard):
    """A node of the new way: the model is asked, whatever it said before."""

    async def said(self, question: Saying, to: Any, ask: Callable[[], Awaitable[T]]) -> T:
        """The stand-in's answer; of tools and voters what was recorded."""
        return await ask() if question == "reply" else await super().said(question, to, ask)


class Passing:
    """Passes on what the record answers, and notes it, so that a fork can be replayed."""

    def __init__(self, record: Reads, noting: Noting) -> None:
        self._record, self._noting = record, noting

    def known(self, question: str, kind: Any, ask: Callable[[], T]) -> T:
        """As the record has it."""
        return self._noting.known(question, kind, lambda: self._record.known(question, kind, ask))

    def counted(self, question: str, kind: Any, ask: Callable[[], T]) -> T:
        """Likewise, or counted anew."""
        return self._noting.known(question, kind, lambda: self._record.counted(question, kind, ask))

    def act(self, question: str, kind: Any, do: Callable[[], T]) -> T:
        """What came of it then; nothing is written."""
        return self._noting.known(question, kind, lambda: self._record.act(question, kind, do))

    async def seen(self, question: str, kind: Any, ask: Callable[[], Awaitable[T]]) -> T:
        """As the record has it."""
        return await self._noting.seen(
            question, kind, lambda: self._record.seen(question, kind, ask)
        )

    async def said(self, question: Saying, to: Any, ask: Callable[[], Awaitable[T]]) -> T:
        """Likewise, or said anew."""
        return await self._noting.said(question, to, lambda: self._record.said(question, to, ask))

    def done(self, run_id: str, update: Mapping[str, Any]) -> None:
        """Hold it against the record, and note it."""
        self._record.done(run_id, update)
        self._noting.done(run_id, update)


def _free_name(database: Database, session: str, run_id: str) -> str:
    statement = select(_RUNS.c.run_id).where(_RUNS.c.session == session)
    with database.read() as connection:
        taken = set(connection.execute(statement).scalars())
    return next(name for n in count(1) if (name := f"{run_id}{FORK}{n}") not in taken)
