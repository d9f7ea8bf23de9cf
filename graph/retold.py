"""A node's questions answered from the trace, and what it makes held against what was recorded.

Nobody is asked: no model, tool, market, journal or clock. A text that is not what its hash says
ends the replay there, as does a question that the node did not ask then.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import zip_longest
from typing import Any, TypeVar

from langchain_core.messages import AIMessage
from pydantic import TypeAdapter, ValidationError

import domain.errors
from agent.asking import PassedOver, Reply
from agent.ballots import Ballot
from agent.messages import load_message
from agent.voting import Vote, vote_of
from domain.errors import PlangateError, UnknownSymbol
from domain.spending import Usage
from domain.strict_json import content_hash
from graph.difference import ABSENT, Difference, Differs, parted, shown
from graph.reads import RAISED, Saying
from graph.stage import Changed, Lacks, Stage
from graph.tape import Tape
from tools.protocol import ToolAnswer, ToolCall
from traces.events import ModelAnswered, ModelFailed, PlanCommitted, PromptSent, ToolAnswered
from traces.opinion_events import VoteCast
from traces.recorder import Recorder
from traces.visits import Visit

T = TypeVar("T")
STILL = (
    "What can still be checked: plangate traces verify RUN, plangate lookahead, and each plan "
    "before the gate again with plangate gate check"
)
"""Of a run whose trace lacks what a replay takes."""


class Retold:
    """Answers one call of a node."""

    def __init__(self, tape: Tape, visit: Visit, stage: Stage, recorder: Recorder) -> None:
        self._tape, self._visit = tape, visit
        self._stage, self._recorder = stage, recorder
        self._given: dict[str, int] = defaultdict(int)

    def known(self, question: str, kind: Any, ask: Callable[[], T]) -> T:  # noqa: ARG002  # nobody is asked
        """As it was answered then."""
        answer: T = self._answer(question, kind)
        return answer

    counted = known
    act = known

    async def seen(self, question: str, kind: Any, ask: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002  # nobody is asked
        """As it was answered then; an error, where there was one."""
        answer: T = self._answer(question, kind)
        return answer

    async def said(self, question: Saying, to: Any, ask: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002  # nobody is asked
        """As models, tools or voters answered then."""
        if self._visit.done is not None and question in self._visit.done.read:
            self._answer(question, type(None))
        answers: dict[str, Callable[[Any], Any]] = {
            "reply": self._reply,
            "tool answers": self._tool_answers,
            "votes": self._votes,
        }
        answer: T = answers[question](to)
        return answer

    def done(self, run_id: str, update: Mapping[str, Any]) -> None:
        """Hold what the node made against what was recorded.

        Raises:
            Differs: it is not the same.
        """
        self._recorder.flush()
        if run_id != self._tape.name:
            self._differ(
                "run id, a hash of graph, policy, prompts, model and caps", self._tape.name, run_id
            )
        self._same_texts()
        made, self._stage.made = self._stage.made, []
        if self._tape.is_fork:  # which commits nothing, and does not say that it did
            made = [event for event in made if not isinstance(event, PlanCommitted)]
        for expected, found in zip_longest(self._visit.events, made):
            if parting := parted(expected, found, self._read, self._stage.blobs.get):
                self._differ(*parting)
        if self._visit.done is not None and self._visit.done.update != (
            now := content_hash(update)
        ):
            self._differ(
                f"its change of the state ({', '.join(update)})", self._visit.done.update, now
            )

    def _same_texts(self) -> None:
        """Whether the texts that the node named are what they were."""
        for event in self._visit.events:
            for field, name in event.texts():
                self._read(name, f"{event.kind}.{field}")

    def _differ(self, where: str, expected: str, found: str) -> None:
        raise Differs(Difference(self._tape.run_id, self._visit.name, where, expected, found))

    def _read(self, name: str, where: str = "a text") -> str:
        try:
            return self._stage.texts.read(name)
        except Changed as changed:
            was = self._stage.blobs.own.get(name) or self._told_to_model(changed.text)
            if was is None:
                self._differ(
                    where, f"a text with hash {name}", f"hash {changed.found}: {changed.text[:120]}"
                )
            else:
                self._differ(where, *shown(was, changed.text))
            raise

    def _told_to_model(self, text: str) -> str | None:
        """A tool's answer as it stands in the messages, where that is nearly the given text."""
        sent = [event for event in self._tape.events if isinstance(event, PromptSent)]
        for name in sent[-1].messages if sent else ():
            content = load_message(self._stage.texts.blobs.get(name)).content
            if isinstance(content, str) and _nearly(content, text):
                return content
        return None

    def _answer(self, question: str, kind: Any) -> Any:
        if self._visit.done is None:
            raise Lacks(
                f"run {self._tape.run_id!r} cannot be replayed: its trace does not say what "
                f"{question!r} was answered at {self._visit.name!r}: it was recorded before 0.3, "
                f"or cut off. {STILL}"
            )
        answers = self._visit.done.read.get(question, [])
        number = self._given[question]
        if number >= len(answers):
            self._differ(f"question {question!r}", f"asked {len(answers)} times", "asked once more")
        self._given[question] += 1
        answer = answers[number]
        if isinstance(answer, list):
            value = answer[0]
            return _value(value, kind) if isinstance(value, str) else value
        return _value(self._read(answer, f"answer to {question!r}"), kind)

    def _of(self, kind: type[T]) -> list[T]:
        return [event for event in self._visit.events if isinstance(event, kind)]

    def _message(self, name: str, where: str) -> AIMessage:
        message = load_message(self._read(name, where))
        return message if isinstance(message, AIMessage) else AIMessage("")

    def _reply(self, _to: object) -> Reply:
        answered = self._of(ModelAnswered)
        if not answered:
            self._differ("model_answered", ABSENT, "the model is asked")
        passed = tuple(
            PassedOver(event.model or "", error_of(event.error, event.message), event.latency_ms)
            for event in self._of(ModelFailed)
        )
        return self._reply_of(answered[0], passed, "model_answered.message")

    def _reply_of(
        self, event: ModelAnswered | VoteCast, passed: tuple[PassedOver, ...], where: str
    ) -> Reply:
        usage = Usage(
            event.input_tokens, event.output_tokens, event.cached_tokens, event.tokens_from
        )
        cost = None if event.cost_usd is None else Decimal(event.cost_usd)
        message = self._message(event.message or "", where)
        return Reply(message, event.latency_ms, usage, cost, event.model or "", passed)

    def _tool_answers(self, calls: Sequence[ToolCall]) -> list[ToolAnswer]:
        answered = self._of(ToolAnswered)
        if len(answered) != len(calls):
            self._differ("tool calls", str(len(answered)), str(len(calls)))
        return [self._tool_answer(*each) for each in zip(calls, answered, strict=True)]

    def _tool_answer(self, call: ToolCall, event: ToolAnswered) -> ToolAnswer:
        return ToolAnswer(
            call=call,
            result_id=event.result_id,
            content=self._read(event.content, f"tool_answered.content of {event.result_id}"),
            refusal=event.refusal,  # type: ignore[arg-type]  # one of its words when it was recorded
            latency_ms=event.latency_ms,
            cached=event.cached,
            cost_units=event.cost_units,
            partial=event.partial,
            source=event.source,
            origin=event.origin,
            known_at=event.known_at,
        )

    def _votes(self, asked: Sequence[Ballot]) -> list[Vote]:
        cast = self._of(VoteCast)
        if len(cast) != len(asked):
            self._differ("votes", str(len(cast)), str(len(asked)))
        return [self._vote(*each) for each in zip(asked, cast, strict=True)]

    def _vote(self, ballot: Ballot, event: VoteCast) -> Vote:
        if event.message is None:
            kind, _, words = (event.complaint or "").partition(": ")
            return Vote(ballot, None, error_of(kind, words), event.latency_ms)
        return vote_of(ballot, self._reply_of(event, (), f"vote_cast.message of {event.voter}"))


def error_of(name: str, words: str) -> PlangateError:
    """An error as it was recorded, by its type's name."""
    kind = getattr(domain.errors, name, PlangateError)
    if kind is UnknownSymbol:  # made of other words than it says
        kind = domain.errors.DataError
    error = kind(words)
    return error if isinstance(error, PlangateError) else PlangateError(words)


def _nearly(one: str, other: str) -> bool:
    """Whether two texts differ, and in few characters."""
    if len(one) != len(other) or one == other:
        return False
    return sum(a != b for a, b in zip(one, other, strict=True)) < len(one) / 10


def _value(text: str, kind: Any) -> Any:
    """An answer as it was given.

    Raises:
        PlangateError: of its kind, where that was the answer.
    """
    if kind is str:
        return text
    if text.startswith(f'{{"{RAISED}":'):
        said = json.loads(text)
        raise error_of(said[RAISED], said["message"])
    try:
        return _adapter(kind).validate_json(text)
    except ValidationError as error:
        raise Lacks(
            f"{text[:80]!r} was recorded by another release; this one cannot read it: {error}"
        ) from error


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
