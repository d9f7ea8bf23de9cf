"""What can happen in a run: one frozen type a kind, joined by `kind`.

Those of orders, second opinions, the opening prompt, stepping and the end of a node are in
`order_events`, `opinion_events`, `prompt_events`, `step_events` and `node_events`. Texts are blob
hashes; decimals are text. A change that an old reader could misread counts `SCHEMA` up.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter

from traces.happening import Happening, TextHash, TokensFrom
from traces.node_events import NodeDone
from traces.opinion_events import VoteCast, VotesCounted
from traces.order_events import FaultInjected, Filled, OrderChanged, PlanInvalidated
from traces.prompt_events import ChartDrawn, PromptWritten
from traces.step_events import BranchTaken, StateEdited

SCHEMA = 1


FORK = "~"
"""Parts a fork's number from the id of the run that it goes on from; no other run's has one."""
FORKS = f"{FORK}forks"
"""Ends the name of the session that a session's forks are recorded in; no user's has a `~`."""


class ForkOf(Happening):
    """Where a run left another one's path; up to there it was replayed."""

    session: str
    run_id: str
    node: str
    """The first node that was run anew, such as `plan`, or `plan#2` for its second time."""


class RunStarted(Happening):
    """A decision begins."""

    kind: Literal["run_started"] = "run_started"
    schema_version: int = SCHEMA
    symbol: str
    as_of: datetime
    model: str
    policy_hash: str
    prompt_hash: str
    market: str
    """The source's name."""
    terms: TextHash | None = None
    """Blob hash of what else decides: limits, caps, who is asked; None in traces of 0.2."""
    fork_of: ForkOf | None = None
    """None: the run is no fork."""


class SnapshotTaken(Happening):
    """What the market was seen to be."""

    kind: Literal["snapshot_taken"] = "snapshot_taken"
    snapshot: TextHash
    """Blob hash of the whole snapshot."""
    last: str
    missing: list[str]
    quality: list[str] = Field(default_factory=list)
    """What was wrong with the data, one sentence for each flag."""
    sit_out: list[str]
    provenance: dict[str, dict[str, Any]]


class Attended(Happening):
    """Whether anything had happened that was worth asking a model about."""

    kind: Literal["attended"] = "attended"
    asked: bool
    code: str
    """`FIRST`, `HEARTBEAT`, `RETRY`, `POSITION`, `CONDITION`, `REGIME`, `PRICE`, or `QUIET`."""
    sentence: str


class PromptSent(Happening):
    """The messages as they went to the model."""

    kind: Literal["prompt_sent"] = "prompt_sent"
    messages: list[TextHash]
    """Blob hashes in order."""
    tools: TextHash
    """Blob hash of the tool schemas."""
    tokens: int
    tokens_from: TokensFrom


class ModelAnswered(Happening):
    """One answer of the model."""

    kind: Literal["model_answered"] = "model_answered"
    message: TextHash
    """Blob hash."""
    latency_ms: float
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    tokens_from: TokensFrom
    cost_usd: str | None
    """None where the price is unknown."""
    finish_reason: str | None
    model: str | None = None
    """Which model of the session's it was; None: recorded before a session could have several."""


class ModelFailed(Happening):
    """A call that gave no answer."""

    kind: Literal["model_failed"] = "model_failed"
    error: str
    message: str
    latency_ms: float
    model: str | None = None
    """In whose place another one was asked; None: there was none, or none of them answered."""


class ToolAnswered(Happening):
    """One tool call and what came of it."""

    kind: Literal["tool_answered"] = "tool_answered"
    result_id: str
    name: str
    arguments: dict[str, Any]
    content: TextHash
    """Blob hash of what the model was given."""
    refusal: str | None
    latency_ms: float
    cached: bool
    source: str
    origin: str
    known_at: datetime | None
    cost_units: int = 0
    """What it took from the decision's cost budget."""
    partial: bool = False
    """Something that was asked for could not be had."""


class AnswerParsed(Happening):
    """What an answer was read as."""

    kind: Literal["answer_parsed"] = "answer_parsed"
    answer: Literal["plan", "replan", "exit", "no_trade", "tool_calls", "invalid", "none"]
    body: dict[str, Any] | None
    complaint: str | None


class Reviewed(Happening):
    """One verdict with every finding."""

    kind: Literal["reviewed"] = "reviewed"
    plan_id: str
    version: int
    approved: bool
    codes: list[str]
    findings: list[dict[str, Any]]
    bracket: dict[str, Any] | None
    stage: Literal["review", "send"]
    """`send`: the same gate again, on fresh data, before the order goes out."""
    case: TextHash | None = None
    """Blob hash of the whole case as the gate saw it; None where nothing could be seen, and in
    traces of 0.1."""
    nearest: dict[str, Any] | None = None
    """What would have passed instead; None at send, when approved, and in traces of 0.1."""
    numbers: list[dict[str, Any]] = Field(default_factory=list)
    """The plan's numbers beside what their sources say; none where that was not asked for."""


class Revised(Happening):
    """A denial or complaint went back to the model."""

    kind: Literal["revised"] = "revised"
    revision: int
    message: TextHash
    """Blob hash of the message."""
    codes: list[str]


class PlanCommitted(Happening):
    """An approved plan, or an exit, and its intents are in the journal."""

    kind: Literal["plan_committed"] = "plan_committed"
    plan_id: str
    orders: list[str]


class NewestKnown(Happening):
    """The newest datum that a decision had from one source."""

    known_at: datetime
    """When it became known."""
    as_of: datetime
    """The moment that was asked about: nothing known later may be seen."""


class Certified(Happening):
    """What the decision could know, by source: its proof that it did not look ahead."""

    kind: Literal["certified"] = "certified"
    newest: dict[str, NewestKnown]
    """By source, such as `box`."""

    @property
    def holds(self) -> bool:
        """Whether nothing was known later than the moment asked about."""
        return all(each.known_at <= each.as_of for each in self.newest.values())


class RunEnded(Happening):
    """A decision ended, with one outcome."""

    kind: Literal["run_ended"] = "run_ended"
    outcome: str
    reason: str
    codes: list[str]
    model_calls: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: str | None
    duration_ms: float


Event = Annotated[
    RunStarted
    | SnapshotTaken
    | Attended
    | PromptWritten
    | ChartDrawn
    | PromptSent
    | ModelAnswered
    | ModelFailed
    | ToolAnswered
    | AnswerParsed
    | VoteCast
    | VotesCounted
    | Reviewed
    | Revised
    | PlanCommitted
    | OrderChanged
    | Filled
    | PlanInvalidated
    | FaultInjected
    | StateEdited
    | BranchTaken
    | Certified
    | NodeDone
    | RunEnded,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads an event back from its JSON."""

FOR_REPLAY_ONLY = tuple(
    kind.model_fields["kind"].default
    for kind in get_args(get_args(Event)[0])
    if kind.for_replay_only
)
"""The kinds that no reader of a decision is shown."""
