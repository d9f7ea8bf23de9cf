"""Tables of the trace: events in order, texts by content, one row per run for listing."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from traces.columns import EventText

METADATA: MetaData = SQLModel.metadata
"""Every table of the one database, the journal's too once `journal.tables` is imported."""

_BIG = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits everywhere; SQLite's own integer, which a key needs to count by itself."""


class TraceEvent(SQLModel, table=True):
    """One event of one run; append-only."""

    __tablename__ = "trace_event"
    __table_args__ = (Index("ix_trace_event_run", "session", "run_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(_BIG, primary_key=True))
    session: str
    run_id: str
    at_ms: int = Field(sa_column=Column(_BIG, nullable=False))
    """Wall time of recording."""
    node: str
    """Which step wrote it."""
    kind: str
    body: str = Field(sa_column=Column(EventText, nullable=False))
    """The event as JSON; see `traces.bodies`."""
    hash: str
    """Of this row and, through its hash, of all before it in the run; see `traces.chain`."""


class TraceChain(SQLModel, table=True):
    """Where the chain of one run's events ends."""

    __tablename__ = "trace_chain"

    session: str = Field(primary_key=True)
    run_id: str = Field(primary_key=True)
    head: str
    """Hash of the last event."""
    events_count: int
    late_count: int
    """So many of the first were chained by an upgrade, after they had been recorded."""
    pruned_count: int
    """So many of the first were pruned: what is left begins after them."""
    pruned_head: str
    """Hash of the last of those."""


class TraceBlob(SQLModel, table=True):
    """One text, stored once however often it is used."""

    __tablename__ = "trace_blob"

    hash: str = Field(primary_key=True)
    encoding: str
    """How it is packed; see `traces.packing`."""
    size_bytes: int
    """Of the text as UTF-8."""
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class TraceRun(SQLModel, table=True):
    """One run, as listings show it; written when it ends."""

    __tablename__ = "trace_run"
    __table_args__ = (
        Index("ix_trace_run_as_of", "as_of_ms", "recorded_ms"),
        Index("ix_trace_run_id", "run_id"),
        Index("ix_trace_run_symbol", "symbol", "as_of_ms"),
        Index("ix_trace_run_session", "session", "as_of_ms"),
    )

    session: str = Field(primary_key=True)
    run_id: str = Field(primary_key=True)
    symbol: str
    as_of_ms: int = Field(sa_column=Column(_BIG, nullable=False))
    model: str
    outcome: str
    codes: str
    """Failed codes, space-separated."""
    model_calls: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: str | None
    """None where a price is unknown."""
    duration_ms: float
    recorded_ms: int = Field(sa_column=Column(_BIG, nullable=False))


class TraceProse(SQLModel, table=True):
    """Which run an entry of the index of words is about; see `traces.words`."""

    __tablename__ = "trace_prose"
    __table_args__ = (
        UniqueConstraint("session", "run_id", name="uq_trace_prose_run"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=Column(_BIG, primary_key=True))
    """Of the entry; never given again, since old entries may still be on the disk."""
    session: str
    run_id: str


class ToolRate(SQLModel, table=True):
    """The tokens of one tool, which all processes of this database share."""

    __tablename__ = "tool_rate"

    tool: str = Field(primary_key=True)
    state: str
    """Numbers of the algorithm in `tools.rates`, space-separated."""
