"""How the paper venue charges and fills: its assumptions, in one place and changeable."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.numbers import ONE
from domain.orders import FeeCurrency


@dataclass(frozen=True, slots=True)
class PaperTerms:
    """What a user may set of the paper venue."""

    volume_share_fraction: Decimal = Decimal("0.1")
    """Of a bar's volume, at most this share is ours; the rest of an order waits for later bars."""
    leverage_ratio: Decimal = ONE
    """Value of a perpetual position over the money that an order for it ties up."""
    liquidation_fee_fraction: Decimal = Decimal("0.005")
    """Of the notional, on top of the taker fee, when the venue closes a position."""
    buy_fee_currency: FeeCurrency = "quote"
    """What a spot buy's fee is taken in; a sale's, and a perpetual's, is in quote."""
