"""A finished run, stepped through again: told from its trace, whatever a person changes of it.

As long as nothing was changed each node is a replay. After an edit what was recorded still answers
what is asked again: account, instrument and market of the moment, so that another draft meets the
gate on the same facts. What nobody said then is not made up. Nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast, get_args

from agent.answers import ANSWERS
from agent.models import NamedModel
from agent.planner import Planner
from agent.recorded_model import RecordedModel
from domain.clock import EPOCH, FixedClock
from domain.errors import StateError
from graph.branches import Stop
from graph.build import RECURSION_LIMIT
from graph.context import RunContext
from graph.debugger import Debugger
from graph.difference import Differs
from graph.reads import Reads, Saying
from graph.replay import context_for, terms_of_tape
from graph.retold import Retold
from graph.stage import Changed, Stage, Texts
from graph.tape import Tape, tape_of
from journal.spending import SpendingLedger
from tools.found import Outcome, told
from tools.protocol import ToolAnswer, ToolCall, ToolComplaint
from traces.database import Database
from traces.events import PromptSent, ToolAnswered
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.store import TraceStore
from traces.visits import Visit

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver

T = TypeVar("T")


class ToolNames(NamedTuple):
    """What the run's model could ask for; in a finished run nobody answers."""

    names: tuple[str, ...]


class Untold(Exception):  # no error of a node: no node may make an outcome of it
    """The record does not say what a node asks."""


class Retelling(Debugger):
    """The debugger of a finished run."""

    async def step(self) -> Stop:
        """As ever.

        Raises:
            StateError: the record does not say what the node asks, or something else than it was.
        """
        try:
            return await super().step()
        except Untold as error:
            raise StateError(str(error)) from error
        except Differs as found:
            raise _changed(found) from found


class StandIn(NamedTuple):
    """A model that is asked in the place of the run's own, once its answers do not fit any more."""

    models: Sequence[NamedModel]
    spending: SpendingLedger
    """What it costs counts as the session's."""
    secrets: Mapping[str, str]


class Rerun:
    """One finished run; `debugger` steps through it."""

    def __init__(
        self,
        database: Database,
        session: str,
        run_id: str,
        tell: Callable[[str], None],
        stand_in: StandIn | None = None,
    ) -> None:
        """Read the run.

        Args:
            database: Where it was recorded.
            session: The run's.
            run_id: The run.
            tell: Told where this release makes something else of it.
            stand_in: Who is asked what nobody was asked then; None: nobody.

        Raises:
            StateError: the trace lacks what it takes, and says what.
        """
        store = TraceStore(database, session)
        self.tape = tape_of(run_id, store.events(run_id))
        self._tell = tell
        self._texts = Texts(database)
        self._stage = Stage(database, session, self._texts)
        self._recorder = Recorder(
            self._stage, Redactor(stand_in.secrets if stand_in else {}), FixedClock(EPOCH)
        )
        try:
            terms = terms_of_tape(self.tape, self._texts)
            schemas = _schemas(self.tape, self._texts)
        except Differs as found:
            raise _changed(found) from found
        except Changed as error:
            raise StateError(
                f"text {error.name!r} of run {run_id!r} is not what it was; see: traces verify"
            ) from error
        names = tuple(one["function"]["name"] for one in schemas)
        self.context = replace(
            context_for(terms, self._recorder),
            planner=_planner(terms.model, schemas, stand_in),
            desk=cast("Any", ToolNames(names)),
            spending=stand_in.spending if stand_in else cast("Any", None),
        )
        self._asks = stand_in is not None

    def reads_for(self, debugger: Callable[[], Debugger]) -> Callable[[RunContext, str], Reads]:
        """How each node is answered, by where the debugger stands."""

        def reads(_: RunContext, node: str) -> Reads:
            here, self._stage.made = debugger(), []
            visit, was_called = self.tape.visit(node, here.trail.count(node))
            parts = (self.tape, visit, self._texts, self._stage, self._recorder)
            if here.stop.edited or not was_called:
                return Reheard(*parts, asks=self._asks)
            return Heard(*parts, self._tell)

        return reads


class Heard(Retold):
    """A node of an unchanged way; what comes out otherwise is told, and the person goes on."""

    def __init__(
        self,
        tape: Tape,
        visit: Visit,
        texts: Texts,
        stage: Stage,
        recorder: Recorder,
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(tape, visit, texts, stage, recorder)
        self._tell = tell

    def done(self, run_id: str, update: Mapping[str, Any]) -> None:
        """Say what differs from the record, if anything does."""
        try:
            super().done(run_id, update)
        except Differs as found:
            one = found.difference
            self._stage.made = []
            self._tell(
                f"{one.node} comes out otherwise than it was recorded: {one.where}: "
                f"{one.expected} was recorded, {one.found} is now"
            )


class Reheard(Retold):
    """A node of a changed way: the record answers what it can."""

    def __init__(
        self,
        tape: Tape,
        visit: Visit,
        texts: Texts,
        stage: Stage,
        recorder: Recorder,
        *,
        asks: bool,
    ) -> None:
        super().__init__(tape, visit, texts, stage, recorder)
        self._asks = asks

    def known(self, question: str, kind: Any, ask: Callable[[], T]) -> T:  # noqa: ARG002  # nobody is asked
        """As it was answered at this node, or at any other."""
        return cast("T", self._recalled(question, kind))

    act = known

    async def seen(self, question: str, kind: Any, ask: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002  # likewise
        """The same."""
        return cast("T", self._recalled(question, kind))

    def counted(self, question: str, kind: Any, ask: Callable[[], T]) -> T:  # noqa: ARG002  # likewise
        """Counted anew: it is about what is at hand."""
        return ask()

    async def said(self, question: Saying, to: Any, ask: Callable[[], Awaitable[T]]) -> T:
        """As models and tools answered, where they were asked the same.

        Raises:
            Untold: they were not.
        """
        if question == "tool answers":
            return cast("T", self._known_tool_answers(to))
        if question == "reply" and not self._same_prompt():
            if self._asks:
                return await ask()
            raise Untold(
                "the model was never asked this, and a finished run has only the answers that were "
                "given; go back and edit the draft, or say with --model who is asked in its place"
            )
        return await super().said(question, to, ask)

    def done(self, run_id: str, update: Mapping[str, Any]) -> None:  # noqa: ARG002  # it is another way
        """Nothing to hold it against."""
        self._recorder.flush()
        self._stage.made = []

    def _recalled(self, question: str, kind: Any) -> Any:
        for visit in (self._visit, *reversed(self._tape.visits)):
            if visit.done is not None and question in visit.done.read:
                self._given.clear()
                other = Retold(self._tape, visit, self._texts, self._stage, self._recorder)
                return other.known(question, kind, lambda: None)
        if kind is None or type(None) in get_args(kind):
            return None
        raise Untold(
            f"{question!r} was never asked in this run, so that its record does not say; go back"
        )

    def _same_prompt(self) -> bool:
        sent, was = (
            [event for event in events if isinstance(event, PromptSent)]
            for events in (self._stage.made, self._visit.events)
        )
        return bool(sent and was) and sent[-1].messages == was[-1].messages

    def _known_tool_answers(self, calls: Sequence[ToolCall]) -> list[ToolAnswer]:
        answered = [event for event in self._tape.events if isinstance(event, ToolAnswered)]
        answers = []
        for call in calls:
            same = [e for e in answered if (e.name, e.arguments) == (call.name, call.arguments)]
            if same:
                answers.append(self._tool_answer(call, same[-1]))
                continue
            complaint = ToolComplaint("UNAVAILABLE", "only what was recorded can be asked again")
            answers.append(
                told(call, len(answered) + len(answers) + 1, Outcome(None, complaint), 0)
            )
        return answers


def _changed(found: Differs) -> StateError:
    one = found.difference
    return StateError(
        f"{one.node}: {one.where}: {one.expected} was expected, {one.found} is recorded; "
        "whether the record was changed says: plangate traces verify"
    )


def _planner(name: str, schemas: Sequence[dict[str, Any]], stand_in: StandIn | None) -> Planner:
    """Under the run's own model's name, which is part of the run's."""
    models = stand_in.models if stand_in else [NamedModel(name, RecordedModel({}))]
    planner = Planner(models, schemas)
    planner.model_name = name
    return planner


def _schemas(tape: Tape, texts: Texts) -> list[dict[str, Any]]:
    """Of the data tools that the model was offered first."""
    sent = next((event for event in tape.events if isinstance(event, PromptSent)), None)
    offered: list[dict[str, Any]] = json.loads(texts.read(sent.tools)) if sent else []
    return [one for one in offered if one["function"]["name"] not in ANSWERS]


def own_thread(run_id: str) -> RunnableConfig:
    """The address of a run that is stepped through again."""
    return {"configurable": {"thread_id": run_id}, "recursion_limit": RECURSION_LIMIT}


def unkept() -> BaseCheckpointSaver[Any]:
    """Checkpoints that are gone with the process."""
    from langgraph.checkpoint.memory import InMemorySaver

    return InMemorySaver()
