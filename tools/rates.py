"""A bucket of tokens for each tool: so many calls a minute, on the session's clock.

The arithmetic is pyrate-limiter's; its own clocks and databases are not used. A replay, which runs
a month of decisions in a second, must refuse what the session refused and nothing else, so time is
the session's. And where time is real, all processes of one database draw on the same buckets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from domain.clock import Clock, to_ms
from traces.database import Database
from traces.tables import METADATA
from traces.upsert import put

if TYPE_CHECKING:
    from pyrate_limiter import Decision, Rate, StateAlgorithm, StateBucket

MINUTE_MS = 60_000
_TABLE = METADATA.tables["tool_rate"]


class Rates:
    """Tokens by tool; kept in memory, or in a database that several processes share."""

    def __init__(self, clock: Clock, shared: Database | None = None) -> None:
        self._clock = clock
        self._shared = shared
        self._buckets: dict[tuple[str, int], StateBucket] = {}

    def take(self, key: str, per_minute_count: int) -> float | None:
        """Take one token; or, when there is none, the seconds until there is one.

        What is refused takes nothing, so that asking again does not push the end of the wait away.
        """
        from pyrate_limiter import RateItem

        bucket = self._buckets.get((key, per_minute_count))
        if bucket is None:
            bucket = self._buckets[key, per_minute_count] = self._bucket(key, per_minute_count)
        decision: Any = bucket.put_decision(RateItem(key, to_ms(self._clock.now())))
        return None if decision.allowed else (decision.retry_after_ms or 0) / 1000

    def _bucket(self, key: str, per_minute_count: int) -> StateBucket:
        from pyrate_limiter import InMemoryStateStore, Rate, StateBucket, TokenBucket

        store: Any = InMemoryStateStore() if self._shared is None else _Row(self._shared, key)
        return StateBucket([Rate(per_minute_count, MINUTE_MS)], TokenBucket(), store)


class _Row:
    """A bucket's state in a row of the one database: a `pyrate_limiter.StateStore`."""

    is_async = False
    default_clock = None

    def __init__(self, database: Database, key: str) -> None:
        self._database = database
        self._key = key

    def check(
        self, algorithm: StateAlgorithm, rates: list[Rate], now: int, weight: int
    ) -> Decision:
        """Read, step and write in one transaction, so that no token is taken twice."""
        with self._database.begin(durable=False) as connection:
            row = connection.execute(select(_TABLE.c.state).where(_TABLE.c.tool == self._key))
            state = _usable(algorithm, rates, row.scalar_one_or_none(), now)
            stepped, decision = algorithm.step(rates, state, now, weight)
            if decision.allowed:
                kept = {"tool": self._key, "state": " ".join(map(str, stepped))}
                put(connection, _TABLE, kept)
            return decision


def _usable(algorithm: StateAlgorithm, rates: list[Rate], text: str | None, now: int) -> Any:
    """The state as it was left; a new one where it cannot be true, as when a clock was set back."""
    if text is None:
        return algorithm.initial(rates)
    state = algorithm.decode(text.split())
    owed = algorithm.consumed(rates, state, now)
    return state if owed <= max(rate.burst for rate in rates) else algorithm.initial(rates)
