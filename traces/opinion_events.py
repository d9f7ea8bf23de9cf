"""What others said about a draft, and what that made of it."""

from __future__ import annotations

from typing import Any, Literal

from traces.happening import Happening, TextHash, TokensFrom


class VoteCast(Happening):
    """One answer to the question what another would do, or the same model once more."""

    kind: Literal["vote_cast"] = "vote_cast"
    voter: str
    """As the user names it: a personality, a model, `PERSONALITY@MODEL`."""
    repeat: Literal["order", "rounding", "mirror"] | None
    """How the question was changed, where the session's model was asked again; None: a vote."""
    messages: list[TextHash]
    """Blob hashes of the question, in order."""
    tools: TextHash
    """Blob hash of the tool schemas."""
    message: TextHash | None
    """Blob hash of the answer; None: none came."""
    model: str | None
    """Which model answered."""
    answer: Literal["plan", "replan", "exit", "no_trade", "invalid", "none"]
    body: dict[str, Any] | None
    complaint: str | None
    """Why there is no answer that counts."""
    agrees: bool
    latency_ms: float
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    tokens_from: TokensFrom
    cost_usd: str | None
    """None where the price is unknown, or nobody answered."""


class VotesCounted(Happening):
    """What the votes made of a draft."""

    kind: Literal["votes_counted"] = "votes_counted"
    code: Literal["NO_QUORUM", "DISPERSED", "UNSTABLE"] | None
    """Why nothing is done; None: the draft below goes on."""
    sentence: str
    agreed_count: int
    """The one who drafted included."""
    asked_count: int
    flips_count: int
    """Repeats that turned out otherwise."""
    repeats_count: int
    dispersion_atr_ratio: str | None
    body: dict[str, Any] | None
    """The draft that all who agreed can stand by."""
