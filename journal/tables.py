"""Tables of the journal. Money is text, digit for digit; moments are milliseconds.

SQLModel does not validate table rows, so only `journal.books` writes them, from frozen values.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Table
from sqlmodel import Field, SQLModel

from traces.columns import DecimalText, JsonText, UtcMs


def _money(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(DecimalText, nullable=nullable))


def _moment(*, nullable: bool = False, primary_key: bool = False) -> Any:
    return Field(sa_column=Column(UtcMs, nullable=nullable, primary_key=primary_key))


def _json(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(JsonText, nullable=nullable))


class SessionRow(SQLModel, table=True):
    """One named paper session."""

    __tablename__ = "session"

    name: str = Field(primary_key=True)
    number: int
    """Order of creation."""
    config: Any = _json()
    fence: int = 0
    """Counted up by each process that takes the session; an older one may write no more."""
    obeyed: int = 0
    """Sequence of the newest operator's act that was carried out."""


class PurseRow(SQLModel, table=True):
    """What a session began with in one currency."""

    __tablename__ = "purse"

    session: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    capital: Decimal = _money()


class OperatorActRow(SQLModel, table=True):
    """One word of an operator; append-only."""

    __tablename__ = "operator_act"
    __table_args__ = (
        CheckConstraint("act IN ('kill', 'flatten', 'resume', 'deposit')", name="known"),
    )

    sequence: int = Field(primary_key=True)
    session: str
    """`*` means every session."""
    at: datetime = _moment()
    """By the wall clock."""
    act: str
    reason: str
    currency: str | None = None
    """Of a deposit."""
    amount: Decimal | None = _money(nullable=True)
    """Of a deposit; negative takes out."""


class DecisionRow(SQLModel, table=True):
    """One finished decision."""

    __tablename__ = "decision"

    session: str = Field(primary_key=True)
    run_id: str = Field(primary_key=True)
    slot: datetime = _moment()
    symbol: str
    outcome: str
    document: Any = _json()


class PlanRow(SQLModel, table=True):
    """One approved plan version and where it stands."""

    __tablename__ = "plan"
    __table_args__ = (
        Index("ix_plan_run", "session", "run_id"),
        Index("ix_plan_approved", "session", "approved_at"),
    )

    session: str = Field(primary_key=True)
    plan_id: str = Field(primary_key=True)
    run_id: str
    version: int
    symbol: str
    status: str
    approved_at: datetime = _moment()
    close_at: datetime = _moment()
    """The plan's horizon."""
    risk_amount: Decimal = _money()
    body: Any = _json()
    """The plan."""
    bracket: Any = _json()
    """The bracket as approved, or as re-sized at send."""
    send_codes: Any = _json()
    """Codes that denied it at send; empty otherwise."""
    entry: Any = _json(nullable=True)
    """What was known when it was decided; None before 0.3."""
    path_done: bool = False
    """Nothing is to be added to its price path."""


class OrderRow(SQLModel, table=True):
    """One order intent and where it stands."""

    __tablename__ = "order"
    __table_args__ = (
        Index("ix_order_status", "session", "status"),
        Index("ix_order_created", "session", "created_at"),
        Index("ix_order_plan", "session", "plan_id"),
        CheckConstraint("kind = 'market' OR price IS NOT NULL", name="priced"),
    )

    session: str = Field(primary_key=True)
    client_order_id: str = Field(primary_key=True)
    plan_id: str
    run_id: str
    symbol: str
    leg: str
    side: str
    kind: str
    quantity: Decimal = _money()
    price: Decimal | None = _money(nullable=True)
    reduce_only: bool
    created_at: datetime = _moment()
    status: str
    slippage: Decimal = _money()
    expires_at: datetime | None = _moment(nullable=True)
    reason: str | None
    limit_price: Decimal | None = _money(nullable=True)
    filled: Decimal = _money()
    placed_quantity: Decimal | None = _money(nullable=True)
    placed_price: Decimal | None = _money(nullable=True)


class FillRow(SQLModel, table=True):
    """One execution; the venue's trade id is applied once."""

    __tablename__ = "fill"
    __table_args__ = (Index("ix_fill_plan", "session", "plan_id"),)

    session: str = Field(primary_key=True)
    trade_id: str = Field(primary_key=True)
    sequence: int
    """Order of application over fills, funding and deposits."""
    client_order_id: str
    plan_id: str
    symbol: str
    leg: str
    side: str
    quantity: Decimal = _money()
    price: Decimal = _money()
    fee: Decimal = _money()
    at: datetime = _moment()
    expected_price: Decimal = _money()
    slippage_bps: Decimal = _money()
    reason: str | None
    fee_currency: str
    clamped: bool


class FundingRow(SQLModel, table=True):
    """One funding payment of one position; a stamp is paid once."""

    __tablename__ = "funding_payment"

    session: str = Field(primary_key=True)
    symbol: str = Field(primary_key=True)
    at: datetime = _moment(primary_key=True)
    sequence: int
    rate_fraction: Decimal = _money()
    quantity: Decimal = _money()
    price: Decimal = _money()
    amount: Decimal = _money()


class DepositRow(SQLModel, table=True):
    """Money that came from outside or left; applied once."""

    __tablename__ = "deposit"

    session: str = Field(primary_key=True)
    deposit_id: str = Field(primary_key=True)
    sequence: int
    currency: str
    at: datetime = _moment()
    amount: Decimal = _money()


class TradeRow(SQLModel, table=True):
    """One closed round trip."""

    __tablename__ = "trade"
    __table_args__ = (Index("ix_trade_closed", "session", "closed_at"),)

    session: str = Field(primary_key=True)
    plan_id: str = Field(primary_key=True)
    symbol: str
    side: str
    quantity: Decimal = _money()
    entry_price: Decimal = _money()
    exit_price: Decimal = _money()
    opened_at: datetime = _moment()
    closed_at: datetime = _moment()
    gross: Decimal = _money()
    fees: Decimal = _money()
    funding: Decimal = _money()
    risk_amount: Decimal = _money()
    close_reason: str


class PricePathRow(SQLModel, table=True):
    """How the price went in one bucket of the session's timeframe while a position was open."""

    __tablename__ = "price_path"

    session: str = Field(primary_key=True)
    plan_id: str = Field(primary_key=True)
    at: datetime = _moment(primary_key=True)
    """Open of the bucket."""
    until: datetime = _moment()
    """The source's finest bars before this moment are in it."""
    high: Decimal = _money()
    low: Decimal = _money()
    close: Decimal = _money()


class TradingStateRow(SQLModel, table=True):
    """One change of what the session may do; append-only, the newest counts."""

    __tablename__ = "trading_state"
    __table_args__ = (CheckConstraint("state IN ('active', 'reducing', 'halted')", name="known"),)

    session: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    at: datetime = _moment()
    state: str
    until: datetime | None = _moment(nullable=True)
    """When it ends by itself."""
    reason: str


class EquityRow(SQLModel, table=True):
    """A purse's value at one moment."""

    __tablename__ = "equity"

    session: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    at: datetime = _moment(primary_key=True)
    equity: Decimal = _money()
    cash: Decimal = _money()
    net_deposits: Decimal = _money()
    """Deposits less withdrawals that are in it."""


def table_of(row: type[SQLModel]) -> Table:
    """The table of a row class."""
    table: Table = row.__table__  # type: ignore[attr-defined]  # SQLModel adds it at run time
    return table


SESSIONS = table_of(SessionRow)
PURSES = table_of(PurseRow)
DECISIONS = table_of(DecisionRow)
OPERATOR_ACTS = table_of(OperatorActRow)
PLANS = table_of(PlanRow)
ORDERS = table_of(OrderRow)
FILLS = table_of(FillRow)
FUNDING = table_of(FundingRow)
DEPOSITS = table_of(DepositRow)
TRADES = table_of(TradeRow)
PRICE_PATHS = table_of(PricePathRow)
EQUITY = table_of(EquityRow)
TRADING_STATES = table_of(TradingStateRow)
