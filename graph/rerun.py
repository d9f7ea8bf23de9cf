"""A finished run, stepped through again: told from its trace, whatever a person changes of it.

As long as nothing was changed each node is a replay. After an edit what was recorded still answers
what is asked again: account, instrument and market of the moment, so that another draft meets the
gate on the same facts. What nobody said then is not made up. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from domain.errors import StateError
from graph.branches import Stop
from graph.build import RECURSION_LIMIT
from graph.context import RunContext
from graph.debugger import Debugger
from graph.difference import Differs
from graph.finished import FinishedRun, changed
from graph.reads import Reads, Saying
from graph.retold import Retold
from graph.stage import Lacks
from tools.found import Outcome, told
from tools.protocol import ToolAnswer, ToolCall, ToolComplaint
from traces.events import PromptSent, ToolAnswered
from traces.visits import Visit

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

T = TypeVar("T")
_OF_TIME = ("now", "clock jump")
"""A finished run's own clock answers where nobody asked: it stands still, and was never set."""


class Retelling(Debugger):
    """The debugger of a finished run."""

    def __init__(self, run: FinishedRun, tell: Callable[[str], None]) -> None:
        """Stand before its beginning.

        Args:
            run: The run.
            tell: Told where this release makes something else of it.
        """
        from langgraph.checkpoint.memory import InMemorySaver

        super().__init__(run.context, InMemorySaver(), mode="finished", reads_for=self._reads_for)
        self._run, self._tell = run, tell

    async def begin(self) -> Stop:
        """Stop before its first node."""
        started = self._run.tape.started
        thread: RunnableConfig = {
            "configurable": {"thread_id": self._run.tape.run_id},
            "recursion_limit": RECURSION_LIMIT,
        }
        return await self.start(started.symbol, started.as_of, thread)

    async def step(self) -> Stop:
        """As ever.

        Raises:
            StateError: the record does not say what the node asks, or something else than it was.
        """
        try:
            return await super().step()
        except Lacks as error:
            raise StateError(str(error)) from error
        except Differs as found:
            raise changed(found) from found

    def _reads_for(self, _: RunContext, node: str) -> Reads:
        """How a node is answered, by where the run stands."""
        run = self._run
        run.stage.made = []
        visit, was_called = run.tape.visit(node, self.trail.count(node))
        if self.stop.edited or not was_called:
            return Reheard(run, visit)
        return Heard(run, visit, self._tell)


class Heard(Retold):
    """A node of an unchanged way; what comes out otherwise is told, and the person goes on."""

    def __init__(self, run: FinishedRun, visit: Visit, tell: Callable[[str], None]) -> None:
        super().__init__(run.tape, visit, run.stage, run.recorder)
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

    def __init__(self, run: FinishedRun, visit: Visit) -> None:
        super().__init__(run.tape, visit, run.stage, run.recorder)
        self._asks = run.asks

    def known(self, question: str, kind: Any, ask: Callable[[], T]) -> T:
        """As it was answered at this node, or at any other."""
        if question in _OF_TIME and not self._was_asked(question):
            return ask()
        return cast("T", self._recalled(question, kind))

    def act(self, question: str, kind: Any, do: Callable[[], T]) -> T:  # noqa: ARG002  # nothing is done
        """What came of it then; of what was not done then nothing comes that is not known."""
        if kind is None and not self._was_asked(question):
            return cast("T", None)
        return cast("T", self._recalled(question, kind))

    async def seen(self, question: str, kind: Any, ask: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002  # likewise
        """The same."""
        return cast("T", self._recalled(question, kind))

    def counted(self, question: str, kind: Any, ask: Callable[[], T]) -> T:  # noqa: ARG002  # likewise
        """Counted anew: it is about what is at hand."""
        return ask()

    async def said(self, question: Saying, to: Any, ask: Callable[[], Awaitable[T]]) -> T:
        """As models and tools answered, where they were asked the same.

        Raises:
            Lacks: they were not, and nobody is asked in their place.
        """
        if question == "tool answers":
            return cast("T", self._known_tool_answers(to))
        if question == "reply" and not self._same_prompt():
            if self._asks:
                return await ask()
            raise Lacks(
                "the model was never asked this, and a finished run has only the answers that were "
                "given; go back and edit the draft, or say with --model who is asked in its place"
            )
        return await super().said(question, to, ask)

    def done(self, run_id: str, update: Mapping[str, Any]) -> None:  # noqa: ARG002  # it is another way
        """Nothing to hold it against."""
        self._recorder.flush()
        self._stage.made = []

    def _recalled(self, question: str, kind: Any) -> Any:
        if visit := self._was_asked(question):
            other = Retold(self._tape, visit, self._stage, self._recorder)
            return other.known(question, kind, lambda: None)
        raise Lacks(f"{question!r} was never asked in this run, so that its record does not say")

    def _was_asked(self, question: str) -> Visit | None:
        """The visit whose answer counts: this node's, else the last one's."""
        for visit in (self._visit, *reversed(self._tape.visits)):
            if visit.done is not None and question in visit.done.read:
                return visit
        return None

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
