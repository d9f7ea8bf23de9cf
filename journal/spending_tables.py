"""The table of what was paid for models; only `journal.spending` writes it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer
from sqlmodel import Field, SQLModel

from journal.tables import table_of
from traces.columns import JsonText, PicoDollars, UtcMs


class ModelCallRow(SQLModel, table=True):
    """One call of a model: what was set aside for it, and what it took."""

    __tablename__ = "model_call"
    __table_args__ = (
        Index("ix_model_call_run", "session", "run_id"),
        Index("ix_model_call_at", "at"),
        CheckConstraint("settled_at IS NOT NULL OR settled_usd IS NULL", name="settled"),
    )

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    )
    session: str
    run_id: str
    symbol: str
    node: str
    """Which node of the graph asked."""
    model: str
    at: datetime = Field(sa_column=Column(UtcMs, nullable=False))
    """When it was set aside, by the wall clock."""
    prompt_tokens: int
    """As counted beforehand."""
    answer_tokens: int
    """The longest answer."""
    tool_tokens: Any = Field(sa_column=Column(JsonText, nullable=False))
    """Part of the prompt that answers of tools took, by tool."""
    reserved_usd: Decimal | None = Field(sa_column=Column(PicoDollars, nullable=True))
    """The worst case; None: nobody named a price."""
    prompt_usd: Decimal | None = Field(sa_column=Column(PicoDollars, nullable=True))
    """The prompt's part of what counts."""
    settled_at: datetime | None = Field(sa_column=Column(UtcMs, nullable=True))
    """None: it failed, was cut off or is under way, and counts at its worst."""
    settled_usd: Decimal | None = Field(sa_column=Column(PicoDollars, nullable=True))
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    image_tokens: int | None = None
    tokens_from: str | None = None
    """Who counted."""


MODEL_CALLS = table_of(ModelCallRow)
