"""The table of plans' approved versions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from journal.tables import table_of
from traces.columns import DecimalText, JsonText, UtcMs


class PlanVersionRow(SQLModel, table=True):
    """One approved version of a plan, as it was approved.

    It stays as it is, unless its run is made again or takes it back unsent.
    """

    __tablename__ = "plan_version"

    session: str = Field(primary_key=True)
    plan_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    run_id: str
    approved_at: datetime = Field(sa_column=Column(UtcMs, nullable=False))
    close_at: datetime = Field(sa_column=Column(UtcMs, nullable=False))
    risk_amount: Decimal = Field(sa_column=Column(DecimalText, nullable=False))
    body: Any = Field(sa_column=Column(JsonText, nullable=False))
    bracket: Any = Field(sa_column=Column(JsonText, nullable=False))
    entry: Any = Field(sa_column=Column(JsonText, nullable=True))
    """What was known when it was decided."""


PLAN_VERSIONS = table_of(PlanVersionRow)
