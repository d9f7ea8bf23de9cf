"""So many requests and tokens a minute, as the provider allows: who comes too early waits.

The arithmetic is pyrate-limiter's, on the machine's steady clock: a provider counts real minutes,
also while a replay runs a month in a second. A process keeps its own count.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from agent.model_spec import ModelSpec
from domain.errors import ConfigError, Unreachable

if TYPE_CHECKING:
    from pyrate_limiter import StateBucket

MINUTE_MS = 60_000


class Pace:
    """The limits of one model."""

    def __init__(self, spec: ModelSpec | None) -> None:
        limits = {
            "requests_per_minute": spec.requests_per_minute if spec else None,
            "tokens_per_minute": spec.tokens_per_minute if spec else None,
        }
        self._limits = {name: limit for name, limit in limits.items() if limit}
        self._buckets = {name: _bucket(limit) for name, limit in self._limits.items()}

    @property
    def counts_tokens(self) -> bool:
        """Whether it needs to know how long a question is."""
        return "tokens_per_minute" in self._buckets

    async def wait(self, tokens: int, ends_at: float) -> None:
        """Take one request and its tokens, as soon as they are there.

        Args:
            tokens: Of the question, and what the answer may take.
            ends_at: On the monotonic clock; what would come later is not waited for.

        Raises:
            Unreachable: the limits leave no room before `ends_at`.
            ConfigError: they never will.
        """
        for name, bucket in self._buckets.items():
            weight = tokens if name == "tokens_per_minute" else 1
            if weight > self._limits[name]:
                raise ConfigError(
                    f"a question of {weight} tokens never fits {name} = {self._limits[name]}; "
                    "raise it, or lower max_output_tokens"
                )
            while (wait_s := _taken(bucket, name, weight)) is not None:
                if wait_s >= ends_at - time.monotonic():
                    raise Unreachable(
                        f"{name} = {self._limits[name]} is used up for {wait_s:.1f} s"
                    )
                await asyncio.sleep(wait_s)


def _bucket(per_minute: int) -> StateBucket:
    from pyrate_limiter import InMemoryStateStore, Rate, StateBucket, TokenBucket

    return StateBucket([Rate(per_minute, MINUTE_MS)], TokenBucket(), InMemoryStateStore())


def _taken(bucket: StateBucket, name: str, weight: int) -> float | None:
    """None: it is taken; else the seconds until it can be."""
    from pyrate_limiter import RateItem

    now_ms = int(time.monotonic() * 1000)
    decision: Any = bucket.put_decision(RateItem(name, now_ms, weight=weight))
    return None if decision.allowed else max(1, decision.retry_after_ms or 0) / 1000
