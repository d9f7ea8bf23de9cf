"""The JSON form of a case: what may stand in the file, what may be left out, what is assumed then.

The docstring under each field is also its description in the JSON Schema. Only the plan, an ATR and
one price have to be given; everything else has a default that is sound, so that a short file asks
one question. A null says "missing", and what is missing denies.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from domain.candles import Timeframe
from domain.instrument import InstrumentKind
from domain.plan import ConditionText, PlanDraft
from policies.case_facts_model import AccountSection, MarketSection, StandingSection
from policies.case_fields import (
    NOT_NULL,
    Bars,
    Moment,
    Name,
    NotNegative,
    Number,
    Positive,
    Section,
    whole,
)


class PlanSection(PlanDraft):
    """What the model proposed, and when."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    horizon_bars: Annotated[int, BeforeValidator(whole), Field(ge=1, le=500)] = 24
    """Candles of the decision timeframe after which the position is closed in any case."""
    thesis: Annotated[str, Field(min_length=1, max_length=2000)] = "none given"
    """Why, in plain words."""
    decided_at: Annotated[Moment | None, NOT_NULL] = None
    """When the plan was made; now when left out."""
    decision_price: Annotated[Positive | None, NOT_NULL] = None
    """Price the plan was made at, in quote; `market.last` when left out."""
    timeframe: Bars = Timeframe.H1
    """Length of a bar."""
    version: Annotated[int, BeforeValidator(whole), Field(ge=1, le=1000)] = 1
    """Version of the plan within its run."""
    head_version: Annotated[int, BeforeValidator(whole), Field(ge=1, le=1000)] | None = None
    """Newest version of the run's plan; `version` when left out, unreadable when null."""
    policy_hash: Annotated[str | None, Field(max_length=64), NOT_NULL] = None
    """Hash of the policy the plan was made under; that of the judging one when left out."""


class InstrumentSection(Section):
    """What is to be traded."""

    symbol: Name = "BTC/USD"
    """BASE/QUOTE."""
    kind: InstrumentKind = "spot"
    """`spot` or `perpetual`."""
    price_tick: Positive = Decimal("0.01")
    """Smallest price difference, in quote."""
    quantity_step: Positive = Decimal("0.0001")
    """Smallest quantity difference, in base."""
    min_quantity: NotNegative = Decimal("0.0002")
    """Smallest order, in base."""
    min_notional: NotNegative = Decimal(10)
    """Smallest order value, in quote."""
    max_quantity: Positive | None = None
    """Largest order, in base; null where the venue states none."""
    taker_fee_fraction: Annotated[NotNegative | None, NOT_NULL] = None
    """Fee per side; 0.001 for spot and 0.0005 for a perpetual when left out."""
    maintenance_margin_fraction: NotNegative = Decimal("0.005")
    """Share of notional below which a leveraged position is liquidated."""
    min_price_ratio: Positive | None = None
    """Lowest order price the venue takes over its reference price; null where it states none."""
    max_price_ratio: Positive | None = None
    """The same, highest."""
    active: bool = True
    """False when listed but not traded."""


class ToolResultRow(Section):
    """What one tool call came to."""

    result_id: Name
    """Such as `ohlcv#1`."""
    tool: Name
    ok: bool = True
    """False when the call was refused or failed."""
    as_of: Annotated[Moment | None, NOT_NULL] = None
    """The moment it was asked as of; that of the decision when left out."""


class ReadingRow(Section):
    """How one of the plan's own conditions stands."""

    condition: ConditionText
    """As in `plan.invalid_if`."""
    measured: Number | None = None
    """What it asks about, in its unit; null where that cannot be known."""
    holds: bool | None
    """Whether it is so; null where that cannot be known."""


class CaseDocument(Section):
    """One plan before the gate, for `plangate gate check`."""

    comment: Annotated[str, Field(max_length=2000)] = ""
    """For people; not judged."""
    plan: PlanSection
    instrument: InstrumentSection = InstrumentSection()
    market: MarketSection
    account: AccountSection = AccountSection()
    standing: StandingSection | None = None
    """For a replan: the plan that it changes; a plan of its own when left out."""
    policy: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Limits by their names in the policy file; `--policy`, else the defaults, where left out."""
    readings: Annotated[tuple[ReadingRow, ...] | None, Field(max_length=4), NOT_NULL] = None
    """How the plan's conditions stand; when left out, none of them holds."""
    quantity: Positive | None = None
    """A size fixed elsewhere, in base, judged as it stands; the executor sizes when left out."""
    tool_results: Annotated[tuple[ToolResultRow, ...] | None, Field(max_length=100), NOT_NULL] = (
        None
    )
    """What the run's tools had answered; when left out, each result that the plan cites."""
    allowed_symbols: Annotated[tuple[Name, ...] | None, Field(max_length=100), NOT_NULL] = None
    """Symbols that may be opened; the instrument's own when left out."""

    @model_validator(mode="after")
    def _has_a_price(self) -> CaseDocument:
        if self.market.last is None and self.plan.decision_price is None:
            raise ValueError("market.last or plan.decision_price, one of the two is needed")
        return self

    @property
    def last(self) -> Decimal:
        """Last price, which is the decision's where the market gives none."""
        return self.market.last or self.plan.decision_price or Decimal(0)
