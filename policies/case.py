"""What a rule may see: the plan, the instrument, the market and the account, all as values.

Everything that can be missing is None, and a rule that needs it must deny when it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.book import OrderBook, OrderSide
from domain.candles import Timeframe
from domain.instrument import Instrument
from domain.numbers import ONE, ZERO, to_decimal
from domain.plan import PlanDraft, TradePlan
from domain.snapshot import Funding, Snapshot
from policies.settings import Policy


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """The market at the moment of the check, which may be later than the decision."""

    now: datetime
    last: Decimal | None
    """Last price known, in quote."""
    last_at: datetime | None
    book: OrderBook | None
    atr: Decimal | None
    """ATR14 of the decision timeframe on closed candles, in quote."""
    realised_volatility: Decimal | None
    """Annualised, as a fraction."""
    candle_known_at: datetime | None
    """Close time of the newest closed candle of the decision timeframe."""
    history_bars: int
    """Closed candles behind the indicators."""
    funding: Funding | None


@dataclass(frozen=True, slots=True)
class Held:
    """One open position, for exposure."""

    symbol: str
    quantity: Decimal
    """Signed, in base."""
    mark: Decimal
    """Price it is valued at, in quote."""

    @property
    def notional(self) -> Decimal:
        """Absolute value, in quote."""
        return abs(self.quantity * self.mark)


@dataclass(frozen=True, slots=True)
class WorkingEntry:
    """One entry order that may still fill, counted at full size."""

    symbol: str
    side: OrderSide
    notional: Decimal
    """In quote."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account at the moment of the check. Money in quote."""

    equity: Decimal
    """Cash plus the value of what is held."""
    free: Decimal
    """What is not tied up in positions and working entries."""
    day_start_equity: Decimal
    """Newest equity known at the last UTC midnight."""
    positions: tuple[Held, ...] = ()
    working_entries: tuple[WorkingEntry, ...] = ()
    trades_today: int = 0
    """Entries approved since UTC midnight."""
    trades_today_symbol: int = 0
    """The same for this instrument."""

    @property
    def gross_notional(self) -> Decimal:
        """Absolute value of positions and working entries, in quote."""
        held = sum((p.notional for p in self.positions), ZERO)
        return held + sum((w.notional for w in self.working_entries), ZERO)

    def symbol_notional(self, symbol: str) -> Decimal:
        """The same for one symbol."""
        held = sum((p.notional for p in self.positions if p.symbol == symbol), ZERO)
        working = (w.notional for w in self.working_entries if w.symbol == symbol)
        return held + sum(working, ZERO)


@dataclass(frozen=True, slots=True)
class Case:
    """One plan before the gate."""

    draft: PlanDraft
    decided_at: datetime
    decision_price: Decimal
    """Price the plan was made at, in quote."""
    timeframe: Timeframe
    instrument: Instrument
    allowed_symbols: tuple[str, ...]
    """The session's symbols, used where the policy names none."""
    market: MarketFacts
    account: AccountFacts
    policy: Policy

    @property
    def direction(self) -> Decimal:
        """1 for a long plan, -1 for a short one: turns a price difference into profit."""
        return ONE if self.draft.side == "long" else -ONE

    @property
    def entry_side(self) -> OrderSide:
        """`buy` opens a long, `sell` a short."""
        return "buy" if self.draft.side == "long" else "sell"

    @property
    def modelled(self) -> bool:
        """True when the book is derived from candles instead of a venue's."""
        return self.market.book is not None and self.market.book.origin == "modelled"


def known(value: Decimal | None) -> Decimal | None:
    """`value`, or None where it is missing, NaN or infinite: the three that a rule must deny on."""
    return value if value is not None and value.is_finite() else None


def case_of(
    plan: TradePlan,
    instrument: Instrument,
    symbols: tuple[str, ...],
    market: MarketFacts,
    account: AccountFacts,
    policy: Policy,
) -> Case:
    """A plan as the gate sees it, with the market and the account of this moment."""
    return Case(
        draft=plan.draft,
        decided_at=plan.as_of,
        decision_price=plan.decision_price,
        timeframe=plan.timeframe,
        instrument=instrument,
        allowed_symbols=symbols,
        market=market,
        account=account,
        policy=policy,
    )


def market_facts(snapshot: Snapshot, now: datetime) -> MarketFacts:
    """What the gate needs of a snapshot, floats turned into `Decimal` here and nowhere else."""
    features = snapshot.decision_features
    atr = features.atr_14 if features else None
    volatility = features.realised_volatility if features else None
    return MarketFacts(
        now=now,
        last=snapshot.last,
        last_at=snapshot.last_at,
        book=snapshot.book,
        atr=None if atr is None else to_decimal(atr),
        realised_volatility=None if volatility is None else to_decimal(volatility),
        candle_known_at=features.known_at if features else None,
        history_bars=features.bars if features else 0,
        funding=snapshot.funding,
    )
