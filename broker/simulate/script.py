"""The JSON form of a script: instruments, terms, bars, and what happens on them.

The docstring under each field is also its description in the JSON Schema.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from broker.paper.terms import PaperTerms
from broker.simulate.events import Direct, Downtime, Event, Plan, Send, Transfer
from broker.simulate.fault_rows import FaultRow
from broker.simulate.words import BarRow, CandleNumber, Share, When
from domain.candles import Timeframe
from domain.clock import iso
from domain.instrument import Instrument, InstrumentKind, split_symbol
from domain.orders import FeeCurrency
from policies.case_fields import NOT_NULL, Bars, Name, NotNegative, Positive, Section

FEES: dict[InstrumentKind, Decimal] = {"spot": Decimal("0.001"), "perpetual": Decimal("0.0005")}
START = datetime(2024, 1, 1, tzinfo=UTC)
TERMS = PaperTerms()


class InstrumentRow(Section):
    """What is traded."""

    kind: InstrumentKind = "spot"
    """`spot` or `perpetual`."""
    price_tick: Positive = Decimal("0.1")
    """Smallest price difference, in quote."""
    quantity_step: Positive = Decimal("0.001")
    """Smallest quantity difference, in base."""
    min_quantity: NotNegative = Decimal("0.001")
    """Smallest order, in base."""
    min_notional: NotNegative = Decimal(1)
    """Smallest order value, in quote; a target below it goes to the nearer one."""
    taker_fee_fraction: Annotated[NotNegative | None, NOT_NULL] = None
    """Fee per side; 0.001 for spot and 0.0005 for a perpetual when left out."""
    maintenance_margin_fraction: Annotated[NotNegative, Field(lt=1)] = Decimal("0.005")
    """Share of notional below which a leveraged position is liquidated."""
    active: bool = True
    """False when listed but not traded."""

    def named(self, symbol: str) -> Instrument:
        """The instrument."""
        base, quote = split_symbol(symbol)
        fee = FEES[self.kind] if self.taker_fee_fraction is None else self.taker_fee_fraction
        return Instrument(
            symbol=symbol,
            base=base,
            quote=quote,
            kind=self.kind,
            price_tick=self.price_tick,
            quantity_step=self.quantity_step,
            min_quantity=self.min_quantity,
            min_notional=self.min_notional,
            taker_fee_fraction=fee,
            maintenance_margin_fraction=self.maintenance_margin_fraction,
            active=self.active,
        )


class AccountRow(Section):
    """The account."""

    quote: Name = "USDT"
    """Its currency; every instrument is quoted in it."""
    capital: Positive = Decimal(10_000)
    """What it begins with."""
    purses: Annotated[dict[Name, Positive], Field(default_factory=dict, max_length=20)]
    """What it begins with by currency, where there are several; instead of quote and capital."""

    @property
    def money(self) -> dict[str, Decimal]:
        """What it begins with by currency."""
        return dict(self.purses) or {self.quote: self.capital}

    @model_validator(mode="after")
    def _says_it_once(self) -> AccountRow:
        if self.purses and self.model_fields_set & {"quote", "capital"}:
            raise ValueError("purses stand instead of quote and capital; give one or the other")
        return self


class TermsRow(Section):
    """How the paper venue charges and fills."""

    volume_share_fraction: Share = TERMS.volume_share_fraction
    """Of a bar's volume, at most this share is ours."""
    leverage_ratio: Annotated[Positive, Field(ge=1)] = TERMS.leverage_ratio
    """Value of a perpetual position over the money it ties up; above 1 it can be liquidated."""
    liquidation_fee_fraction: NotNegative = TERMS.liquidation_fee_fraction
    """Of the notional, on top of the taker fee."""
    buy_fee_currency: FeeCurrency = TERMS.buy_fee_currency
    """`quote` or `base`: what a spot buy's fee is taken in."""


class BookRow(Section):
    """An order book; it stands until the next one. Levels are [price, quantity]."""

    at: When
    bids: Annotated[tuple[tuple[Positive, Positive], ...], Field(max_length=500)]
    """From the highest down."""
    asks: Annotated[tuple[tuple[Positive, Positive], ...], Field(max_length=500)]
    """From the lowest up."""


class Script(Section):
    """A script for `plangate paper simulate`."""

    description: Annotated[str, Field(min_length=1, max_length=2000)]
    """The rule that it shows, and why the rule is so."""
    instruments: Annotated[dict[Name, InstrumentRow], Field(min_length=1, max_length=20)]
    """By symbol, BASE/QUOTE."""
    account: Annotated[AccountRow, Field(default_factory=lambda: AccountRow(purses={}))]
    terms: TermsRow = TermsRow()
    timeframe: Bars = Timeframe.H1
    """Length of a bar."""
    start: When = START
    """Bar 0 opens here."""
    bars: dict[Name, Annotated[tuple[BarRow, ...], Field(min_length=1, max_length=100_000)]]
    """Per symbol rows of [open time, open, high, low, close, volume], oldest first."""
    funding: Annotated[
        dict[Name, tuple[tuple[When, CandleNumber], ...]], Field(default_factory=dict)
    ]
    """Per perpetual rows of [moment, rate as a fraction]; a positive rate is paid by longs."""
    books: Annotated[
        dict[Name, Annotated[tuple[BookRow, ...], Field(min_length=1)]],
        Field(default_factory=dict),
    ]
    """Per symbol; with any, market orders are taken out of the book as on a live market."""
    events: Annotated[tuple[Event, ...], Field(max_length=10_000)]
    """What happens, in order of time."""
    faults: Annotated[tuple[FaultRow, ...], Field(max_length=100)] = ()
    """What goes wrong on purpose between the venue and whoever talks to it."""

    def moment(self, when: datetime | Decimal) -> datetime:
        """The moment that a script's word means, to the second."""
        if isinstance(when, datetime):
            return when
        start = self.start if isinstance(self.start, datetime) else START
        return start + timedelta(seconds=int(when * self.timeframe.seconds))

    @property
    def ends_at(self) -> datetime:
        """The close of the last bar, or the last event, whichever is later."""
        closes = [self.moment(rows[-1][0]) + self.timeframe.delta for rows in self.bars.values()]
        events = [self.moment(e.until if isinstance(e, Downtime) else e.at) for e in self.events]
        return max(*closes, *events) if events else max(closes)

    def symbol_of(self, event: Send | Plan) -> str:
        """The event's instrument."""
        return event.symbol or next(iter(self.instruments))

    def currency_of(self, event: Transfer) -> str:
        """What the event's money is."""
        return event.currency or next(iter(self.account.money))

    @property
    def paper_terms(self) -> PaperTerms:
        """The terms as the venue takes them."""
        return PaperTerms(**self.terms.model_dump())

    @model_validator(mode="after")
    def _names_agree(self) -> Script:
        for symbol, row in self.instruments.items():
            quote = row.named(symbol).quote
            if quote not in self.account.money:
                known = " or ".join(map(repr, sorted(self.account.money)))
                raise ValueError(
                    f"instruments.{symbol} is quoted in {quote!r}, was expected in the account's "
                    f"{known}"
                )
        if set(self.bars) != set(self.instruments):
            odd = sorted(set(self.bars) ^ set(self.instruments))
            raise ValueError(f"bars were expected for each instrument and no other: {odd}")
        for symbol in [*self.funding, *self.books]:
            if symbol not in self.instruments:
                raise ValueError(f"{symbol!r} in funding or books is no instrument of the script")
        for symbol in self.funding:
            if self.instruments[symbol].kind == "spot":
                raise ValueError(f"funding.{symbol}: spot pays none; make it a perpetual")
        return self

    @model_validator(mode="after")
    def _events_are_in_order(self) -> Script:
        now = self.moment(self.start)
        for number, event in enumerate(self.events):
            at = self.moment(event.at)
            if at < now:
                raise ValueError(
                    f"events.{number} is at {iso(at)}, was expected at or after {iso(now)}: "
                    "events stand in order of time"
                )
            now = at
            if isinstance(event, Downtime):
                now = self.moment(event.until)
                if now <= at:
                    raise ValueError(f"events.{number}: until was expected to be after at")
        return self

    @model_validator(mode="after")
    def _events_name_what_there_is(self) -> Script:
        sent: set[str] = set()
        for number, event in enumerate(self.events):
            if isinstance(event, Send | Plan):
                _check_symbol(self, number, event)
            if isinstance(event, Transfer):
                _check_currency(self, number, event)
            if isinstance(event, Send):
                sent.add(event.order)
            elif isinstance(event, Direct) and event.order not in sent:
                raise ValueError(f"events.{number}: no order {event.order!r} was sent before")
        plans = [event.plan for event in self.events if isinstance(event, Plan)]
        if plans and sent:
            raise ValueError(
                "events send orders and carry out plans; one account has one master: make it two "
                "scripts"
            )
        if len(set(plans)) < len(plans):
            raise ValueError("two plans have the same name; give each its own")
        return self

    @model_validator(mode="after")
    def _faults_name_what_there_is(self) -> Script:
        orders = {event.order for event in self.events if isinstance(event, Send)}
        plans = {event.plan for event in self.events if isinstance(event, Plan)}
        for number, row in enumerate(self.faults):
            if row.order is not None and row.order not in orders:
                raise ValueError(f"faults.{number}: no order {row.order!r} is sent")
            if row.plan is not None and row.plan not in plans:
                raise ValueError(f"faults.{number}: there is no plan {row.plan!r}")
        return self


def _check_currency(script: Script, number: int, event: Transfer) -> None:
    money = script.account.money
    if event.currency is None and len(money) > 1:
        raise ValueError(f"events.{number}: currency is needed, there are several")
    if script.currency_of(event) not in money:
        raise ValueError(f"events.{number}: the account has no {event.currency!r}")


def _check_symbol(script: Script, number: int, event: Send | Plan) -> None:
    if event.symbol is None and len(script.instruments) > 1:
        raise ValueError(f"events.{number}: symbol is needed, there are several instruments")
    if script.symbol_of(event) not in script.instruments:
        raise ValueError(f"events.{number}: {event.symbol!r} is no instrument of the script")
