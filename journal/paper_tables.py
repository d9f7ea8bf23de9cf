"""Tables of the paper venue: its orders, its log and how far it has come.

They are the venue's, not the journal's: the journal learns of them only through the `Broker`, as it
would from a real venue.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from journal.tables import table_of
from traces.columns import JsonText, UtcMs


class PaperOrderRow(SQLModel, table=True):
    """One order that the paper venue took."""

    __tablename__ = "paper_order"
    __table_args__ = (Index("ix_paper_order_status", "session", "status"),)

    session: str = Field(primary_key=True)
    client_order_id: str = Field(primary_key=True)
    status: str
    body: Any = Field(sa_column=Column(JsonText, nullable=False))
    """The resting order."""


class PaperLogRow(SQLModel, table=True):
    """One execution, funding payment or deposit; append-only: the venue's own log."""

    __tablename__ = "paper_log"
    __table_args__ = (Index("ix_paper_log_at", "session", "at"),)

    session: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    at: datetime = Field(sa_column=Column(UtcMs, nullable=False))
    kind: str
    """`fill`, `funding` or `deposit`."""
    body: Any = Field(sa_column=Column(JsonText, nullable=False))


class PaperVenueRow(SQLModel, table=True):
    """How far the paper venue of a session has come."""

    __tablename__ = "paper_venue"

    session: str = Field(primary_key=True)
    cursor: datetime = Field(sa_column=Column(UtcMs, nullable=False))
    """Everything before it has been played."""
    place: Any = Field(sa_column=Column(JsonText, nullable=True))
    """What is being played, and how far; None between bars."""


PAPER_ORDERS = table_of(PaperOrderRow)
PAPER_LOG = table_of(PaperLogRow)
PAPER_VENUES = table_of(PaperVenueRow)
