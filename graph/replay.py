"""A recorded decision, made again by the very same graph from nothing but its trace.

Nobody is asked, nothing is written, no order can follow. After each node what it made is held
against what was recorded; the first difference ends the replay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from agent.models import NamedModel
from agent.opinions import Opinions, Voter
from agent.planner import Planner
from agent.recorded_model import RecordedModel
from domain.clock import EPOCH, FixedClock, iso
from domain.errors import StateError
from graph.build import RECURSION_LIMIT, build_graph
from graph.context import RunContext
from graph.difference import ABSENT, Difference, Differs
from graph.reads import Reads
from graph.retold import STILL, Retold
from graph.stage import Changed, Lacks, Stage, Texts
from graph.state import RunState
from graph.tape import Tape, tape_of
from graph.terms import RunTerms, read_terms
from traces.database import Database
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.visits import Visit


class Nobody:
    """Stands where a session has the world; whoever asks it has gone past `graph.world`."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a replay asks nobody, and was asked for {name!r}")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one replay."""

    run_id: str
    nodes: tuple[str, ...]
    """Calls of nodes that came out the same, in order."""
    difference: Difference | None
    final: RunState | None
    """The state at the end; None where it differs."""


class Replayer:
    """Replays the decisions of one session."""

    def __init__(self, database: Database, session: str) -> None:
        self._stage = Stage(database, session)
        self._recorder = Recorder(self._stage, Redactor({}), FixedClock(EPOCH))
        self._graphs: dict[str, Any] = {}
        self._now: tuple[Tape, list[str]]
        """The run that is replayed, and the nodes that it has come by."""

    async def replay(self, run_id: str) -> Replayed:
        """Make one decision again.

        Raises:
            StateError: the trace lacks what it takes, and says what.
        """
        tape = tape_of(run_id, self._stage.events(run_id))
        nodes: list[str] = []
        try:
            final = await self._run(tape, nodes)
        except Differs as found:
            return Replayed(run_id, tuple(nodes), found.difference, None)
        except Lacks as error:
            raise StateError(str(error)) from None
        if len(nodes) < len(tape.visits):
            missed = tape.visits[len(nodes)].name
            ended = Difference(run_id, missed, "nodes", f"node {missed}", f"{ABSENT} more")
            return Replayed(run_id, tuple(nodes), ended, None)
        return Replayed(run_id, tuple(nodes), None, final)

    async def _run(self, tape: Tape, nodes: list[str]) -> RunState:
        graph = self._graph(tape)
        self._recorder.flush()  # what a replay left that ended early
        self._stage.clear()
        self._now = tape, nodes
        begin = RunState(symbol=tape.started.symbol, as_of=iso(tape.started.as_of))
        try:
            final = await graph.ainvoke(begin, {"recursion_limit": RECURSION_LIMIT})
        except Differs:
            nodes.pop()
            raise
        return cast("RunState", final)

    def _graph(self, tape: Tape) -> Any:
        """Compiled once for all runs of the same terms."""
        terms = terms_of_tape(tape, self._stage.texts)
        if terms.text not in self._graphs:
            context = context_for(terms, self._recorder)
            self._graphs[terms.text] = build_graph(context, self._reads_for).compile()
        return self._graphs[terms.text]

    def _reads_for(self, _: RunContext, node: str) -> Reads:
        tape, nodes = self._now
        visit = _next(tape, nodes, node)
        nodes.append(visit.name)
        return Retold(tape, visit, self._stage, self._recorder)


def terms_of_tape(tape: Tape, texts: Texts) -> RunTerms:
    """What a recorded run was decided by.

    Raises:
        StateError: the trace does not say it, or another release does.
        Differs: it is not what was recorded.
    """
    name = tape.started.terms
    if name is None:
        raise StateError(
            f"run {tape.run_id!r} cannot be replayed: it was recorded before 0.3: its trace "
            f"has neither the limits it was decided by nor the account at 'observe'. {STILL}"
        )
    try:
        return read_terms(texts.read(name))
    except Changed as changed:
        found = f"hash {changed.found}: {changed.text[:120]}"
        where = Difference(tape.run_id, "observe", "run_started.terms", f"hash {name}", found)
        raise Differs(where) from None
    except ValueError as error:
        raise StateError(
            f"run {tape.run_id!r} was decided by terms that this release does not know "
            f"({str(error).splitlines()[0]}); replay it with the release that recorded it"
        ) from error


def context_for(terms: RunTerms, recorder: Recorder) -> RunContext:
    """A context of what a run was decided by, in which nobody can be asked."""
    clock, nobody = FixedClock(EPOCH), cast("Any", Nobody())
    opinions = Opinions(
        tuple(Voter(voter.name, _mute(voter.name), voter.personality) for voter in terms.voters),
        Voter("itself", _mute(terms.model), terms.personality) if terms.itself else None,
        terms.repeats_count,
        terms.agreement,
        terms.personality,
    )
    return RunContext(
        planner=_mute(terms.model),
        desk=nobody,
        source=nobody,
        observer=nobody,
        journal=nobody,
        recorder=recorder,
        policy=terms.policy,
        caps=terms.caps,
        clock=clock,
        replay=terms.replay,
        symbols=terms.symbols,
        timeframe=terms.timeframe,
        prompt_hash=terms.prompts_hash(),
        spending=nobody,
        charts=terms.charts,
        prompt=terms.prompt,
        attention=terms.attention,
        opinions=opinions,
        account_name=terms.account,
    )


def _mute(name: str) -> Planner:
    """A planner of a model's name that has no answers of its own."""
    return Planner([NamedModel(name, RecordedModel({}))], ())


def _next(tape: Tape, nodes: list[str], node: str) -> Visit:
    """The call of a node that comes next in the trace.

    Raises:
        Differs: it is another node's, or there is none.
    """
    if len(nodes) < len(tape.visits) and tape.visits[len(nodes)].node == node:
        return tape.visits[len(nodes)]
    nodes.append(node)  # the one that is at fault, as any other
    expected = tape.visits[len(nodes) - 1].name if len(nodes) <= len(tape.visits) else ABSENT
    raise Differs(Difference(tape.run_id, node, "the next node", expected, node))
