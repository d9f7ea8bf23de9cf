"""How a node's questions to the world are answered: by asking, and noting what came of it.

Every way out of a node leads through `graph.world`, and from there through `Reads`. A replay puts
another `Reads` in its place (`graph.replay`), so that the very same nodes run on what was noted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, Protocol, TypeVar

from pydantic_core import to_json

from domain.errors import PlangateError
from domain.strict_json import content_hash
from traces.node_events import NodeDone
from traces.recorder import Recorder

T = TypeVar("T")
Saying = Literal["reply", "tool answers", "votes"]

SHORT_CHARACTERS = 48
"""Longer answers are texts of their own: most of them come again with the next decision."""
RAISED = "raised"
"""Names the error that came instead of an answer; no answer has such a key."""


class Reads(Protocol):
    """What one call of a node asks and is told."""

    def known(self, question: str, kind: Any, ask: Callable[[], T]) -> T:
        """What record, market or clock say of the run's moment.

        Args:
            question: Names it within the run.
            kind: The answer's type, as Pydantic reads it back.
            ask: Finds the answer.
        """
        ...

    async def seen(self, question: str, kind: Any, ask: Callable[[], Awaitable[T]]) -> T:
        """The same, of what has to be waited for; market failures are answers too."""
        ...

    def counted(self, question: str, kind: Any, ask: Callable[[], T]) -> T:
        """What the session's own parts say of what is at hand, such as the size of a prompt."""
        ...

    async def said(self, question: Saying, to: Any, ask: Callable[[], Awaitable[T]]) -> T:
        """What a model, tools or voters answer; it is noted by events of its own.

        Args:
            question: Who is asked.
            to: What they are asked: calls, or ballots.
            ask: Asks; an error of ours may come instead of an answer.
        """
        ...

    def act(self, question: str, kind: Any, do: Callable[[], T]) -> T:
        """What is written into the journal, and what came of that."""
        ...

    def done(self, run_id: str, update: Mapping[str, Any]) -> None:
        """The node has run, and changes the state so."""
        ...


class Asking:
    """Asks, and notes nothing: for what is tried outside the run's own path."""

    def known(self, question: str, kind: Any, ask: Callable[[], T]) -> T:  # noqa: ARG002  # as above
        """Ask."""
        return ask()

    async def seen(self, question: str, kind: Any, ask: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002  # likewise
        """Ask."""
        return await ask()

    counted = known
    said = seen
    act = known

    def done(self, run_id: str, update: Mapping[str, Any]) -> None:
        """Nothing was noted."""


class Noting:
    """Asks, and leaves question and answer in the trace."""

    def __init__(self, recorder: Recorder, node: str) -> None:
        self._recorder = recorder
        self._node = node
        self._read: dict[str, list[list[Any] | str]] = {}

    def known(self, question: str, kind: Any, ask: Callable[[], T]) -> T:  # noqa: ARG002  # as above
        """Ask and note."""
        answer = ask()
        self._note(question, answer)
        return answer

    counted = known
    act = known

    async def seen(self, question: str, kind: Any, ask: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002  # likewise
        """Ask and note, a failure too."""
        answer = await self._failing(question, ask)
        self._note(question, answer)
        return answer

    async def said(self, question: Saying, to: Any, ask: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002  # likewise
        """Ask; the events say what was answered."""
        return await self._failing(question, ask)

    def done(self, run_id: str, update: Mapping[str, Any]) -> None:
        """Write it down."""
        event = NodeDone(read=self._read, update=content_hash(update))
        self._recorder.record(run_id, self._node, event)

    async def _failing(self, question: str, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            return await ask()
        except PlangateError as error:
            self._note(question, {RAISED: type(error).__name__, "message": str(error)})
            raise

    def _note(self, question: str, answer: Any) -> None:
        noted = self._read.setdefault(question, [])
        if answer is None or isinstance(answer, bool | int | float):
            noted.append([answer])
            return
        text = answer if isinstance(answer, str) else to_json(answer).decode()
        noted.append([text] if len(text) <= SHORT_CHARACTERS else self._recorder.blob(text))
