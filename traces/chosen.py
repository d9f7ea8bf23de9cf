"""Which decisions to look at: the same filters for every command that looks at several.

The standard library only, since listing must start at once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chosen:
    """Filters, all of which must hold; None: it is all the same."""

    session: str | None = None
    symbol: str | None = None
    outcome: str | None = None
    code: str | None = None
    """Among the codes that the decision ended with."""
    model: str | None = None
    since_ms: int | None = None
    """Decided at this moment or later."""
    until_ms: int | None = None
    """Decided before this moment."""
    min_cost_usd: str | None = None
    """A cost that is unknown is neither above nor below anything."""
    max_cost_usd: str | None = None
    said: tuple[str, str] | None = None
    """What was said in it: a condition as this kind of database has it (`traces.question`), and its
    one value."""

    @property
    def is_by_cost(self) -> bool:
        """Whether decisions of unknown cost are left out."""
        return self.min_cost_usd is not None or self.max_cost_usd is not None

    def where(self) -> tuple[str, list[str | int]]:
        """The condition on rows of `trace_run` in SQL, with `?` for each of the values."""
        conditions: dict[str, str | int | None] = {
            "session = ?": self.session,
            "symbol = ?": self.symbol,
            "outcome = ?": self.outcome,
            "model = ?": self.model,
            "as_of_ms >= ?": self.since_ms,
            "as_of_ms < ?": self.until_ms,
            "CAST(cost_usd AS NUMERIC) >= CAST(? AS NUMERIC)": self.min_cost_usd,
            "CAST(cost_usd AS NUMERIC) <= CAST(? AS NUMERIC)": self.max_cost_usd,
            "replace(' ' || codes || ' ', ?, '') <> ' ' || codes || ' '": (
                None if self.code is None else f" {self.code} "
            ),
        }
        if self.said is not None:
            conditions[self.said[0]] = self.said[1]
        told = {sql: value for sql, value in conditions.items() if value is not None}
        return " AND ".join(told) or "1 = 1", list(told.values())


EVERY = Chosen()
"""All decisions."""
