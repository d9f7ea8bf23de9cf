"""What was spent on models, as the ledger has it; nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from journal.spending_tables import MODEL_CALLS
from journal.tables import DECISIONS
from traces.database import Database

ACCEPTED = ("approved", "replan")
"""Outcomes of a decision whose plan the gate let through."""


class ModelCall(NamedTuple):
    """One call of a model."""

    session: str
    run_id: str
    symbol: str
    node: str
    model: str
    at: datetime
    prompt_tokens: int
    """As counted before it was made."""
    tool_tokens: Mapping[str, int]
    reserved_usd: Decimal | None
    prompt_usd: Decimal | None
    settled_at: datetime | None
    settled_usd: Decimal | None
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    image_tokens: int | None

    @property
    def usd(self) -> Decimal | None:
        """What it counts for; None: nobody named its price."""
        return self.reserved_usd if self.settled_at is None else self.settled_usd


def model_calls(
    database: Database,
    session: str | None = None,
    symbol: str | None = None,
    since: datetime | None = None,
) -> list[ModelCall]:
    """Calls in the order they were set aside; None chooses all."""
    table = MODEL_CALLS.c
    chosen = select(*(table[name] for name in ModelCall._fields)).order_by(table.id)
    if session is not None:
        chosen = chosen.where(table.session == session)
    if since is not None:
        chosen = chosen.where(table.at >= since)
    with database.read() as connection:
        found = [ModelCall(*row) for row in connection.execute(chosen)]
    return [one for one in found if symbol is None or one.symbol.casefold() == symbol.casefold()]


def accepted_count(database: Database, runs: Iterable[tuple[str, str]]) -> int:
    """How many of these decisions, by session and run, left a plan that the gate let through."""
    wanted, table = set(runs), DECISIONS.c
    chosen = select(table.session, table.run_id).where(table.outcome.in_(ACCEPTED))
    with database.read() as connection:
        return sum((row.session, row.run_id) in wanted for row in connection.execute(chosen))
