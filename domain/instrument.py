"""What is traded: an instrument with its units, steps, minimums and fees."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from domain.trading_hours import TradingHours

InstrumentKind = Literal["spot", "perpetual"]


@dataclass(frozen=True, slots=True)
class Instrument:
    """One tradable thing at one source. Prices are in `quote` per `base`, quantities in `base`."""

    symbol: str
    """The name the user types, such as `BTC/USD`; matched exactly."""
    base: str
    """The asset bought and sold, such as `BTC`."""
    quote: str
    """The asset it is paid in, such as `USDT`."""
    kind: InstrumentKind
    """`spot` cannot be sold short and pays no funding; `perpetual` can and does."""
    price_tick: Decimal
    """Smallest price difference, in quote."""
    quantity_step: Decimal
    """Smallest quantity difference, in base."""
    min_quantity: Decimal
    """Smallest order, in base."""
    min_notional: Decimal
    """Smallest order value, in quote."""
    max_quantity: Decimal | None = None
    """Largest order, in base; None where the venue states none."""
    taker_fee_fraction: Decimal = Decimal("0.001")
    """Fee of an order that takes liquidity, as a fraction of notional, per side."""
    maintenance_margin_fraction: Decimal = Decimal("0.005")
    """Share of notional below which a leveraged position is liquidated."""
    min_price_ratio: Decimal | None = None
    """Lowest order price the venue takes over its reference price; None where it states none."""
    max_price_ratio: Decimal | None = None
    """The same, highest."""
    active: bool = True
    """False when the venue lists it but does not trade it."""
    hours: TradingHours | None = None
    """When it is traded; None is around the clock."""


def quote_of(symbol: str) -> str:
    """The currency that a symbol's prices and its money are in."""
    return split_symbol(symbol)[1]


def split_symbol(symbol: str) -> tuple[str, str]:
    """`BTC/USDT` or `BTC/USDT:USDT` into base and quote.

    Raises:
        ValueError: the symbol has no slash.
    """
    base, slash, rest = symbol.partition("/")
    quote = rest.partition(":")[0]
    if not (base and slash and quote):
        raise ValueError(
            f"symbol {symbol!r} was expected to look like BASE/QUOTE, such as BTC/USDT"
        )
    return base, quote


def short_names(symbol: str) -> tuple[str, str]:
    """What a person may type for it: its pair, and its base."""
    return symbol.partition(":")[0], symbol.partition("/")[0]
