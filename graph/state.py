"""What travels along the graph's edges: small values and content hashes, never the content.

Messages, snapshot, plans and verdicts live in the blob table and are named here by hash, because a
checkpointer rewrites every channel at every step: with the texts inside, storage grows with the
square of the number of steps.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

AnswerKind = Literal["tool_calls", "plan", "replan", "exit", "no_trade", "invalid", "none"]
"""What the model's last answer was; `none` when it gave none (cap or outage)."""

Outcome = Literal["approved", "replan", "exit", "no_trade", "denied", "failed", "quiet"]
"""How a run ended: `approved`, `replan` and `exit` left an order intent, `no_trade` was the model's
choice, or what it meant to change or close was over by then, or others would not have done it;
`denied` the gate's or that of the check of its numbers, `failed` a cap, an outage or answers that
could not be read; `quiet`: nothing had happened, nobody was asked."""


class RunState(TypedDict, total=False):
    """State of one decision. Strings, ints, bools, lists and dicts only."""

    run_id: str
    symbol: str
    as_of: str
    """The decision's moment, ISO 8601."""
    snapshot: str
    """Blob hash of the snapshot."""
    woken: list[str]
    """Code and sentence of why the model was asked, or was not; empty where it is always asked."""
    seen: dict[str, Any]
    """What a later decision is compared with, to find whether anything has happened."""
    wake_if: list[str]
    """Conditions that the model wants to be woken by."""
    messages: list[str]
    """Blob hashes of the conversation, in order."""
    offers: list[str]
    """Names of the tools, answers among them, that the model is offered next."""
    answer: AnswerKind
    draft: dict[str, Any] | None
    """The plan or exit as the model wrote it, JSON-able; what a person edits when stepping."""
    evidence: list[dict[str, Any]]
    """What each tool call so far came to, as `domain.plan.Evidence`, JSON-able."""
    known: dict[str, list[str]]
    """By source: when its newest datum so far became known, and the moment asked about."""
    complaint: list[str]
    """Code and sentence of an answer that could not be used; empty otherwise."""
    consults: bool
    """Whether others are asked about what the gate lets through."""
    opinions: dict[str, Any]
    """What the others said and what it came to, JSON-able; empty until they were asked."""
    versions: list[list[str]]
    """Per reviewed plan: blob hash of the plan, blob hash of the verdict."""
    approved: bool
    codes: list[str]
    """Codes that failed at the last review, or the cap or outage that ended the run."""
    tool_turns: int
    tool_calls: int
    tool_cost_units: int
    model_calls: int
    revisions: int
    input_tokens: int
    output_tokens: int
    cost_usd: str | None
    """Sum so far as text; None as soon as one call's price is unknown."""
    orders: list[str]
    """Client order ids of the intents committed."""
    outcome: Outcome | None
    """None while the run goes on."""
    reason: str


def initial_state(run_id: str, symbol: str, as_of: str, *, consults: bool = False) -> RunState:
    """The state a run starts from."""
    return RunState(
        run_id=run_id,
        symbol=symbol,
        as_of=as_of,
        woken=[],
        seen={},
        wake_if=[],
        messages=[],
        offers=[],
        answer="none",
        draft=None,
        evidence=[],
        known={},
        complaint=[],
        consults=consults,
        opinions={},
        versions=[],
        approved=False,
        codes=[],
        tool_turns=0,
        tool_calls=0,
        tool_cost_units=0,
        model_calls=0,
        revisions=0,
        input_tokens=0,
        output_tokens=0,
        cost_usd="0",
        orders=[],
        outcome=None,
        reason="",
    )
