"""The gate's answer: approved with the bracket to place, or denied with every finding.

All rules run and all findings are kept, those that passed too: a reader sees what was measured and
what the limit was. A verdict is a value; nothing is sent by making one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from domain.book import BookOrigin, OrderSide
from domain.plan import Side


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found."""

    code: str
    """Stable upper-case code of the control, such as `RR_BELOW_MIN`."""
    passed: bool
    measured: str
    """The measured value as text, in `unit`; `absent` when the input was missing."""
    limit: str
    """The limit it was held against, with its comparison, such as `>= 1.5`."""
    unit: str
    """Unit of both: `ratio`, `bps`, `fraction`, `quote`, `base`, `s`, `count`, `price` or `` ``."""
    sentence: str
    """One plain sentence with the numbers, fit for a model and for a person."""
    modelled: bool = False
    """True when the measurement rests on a modelled book instead of a venue's."""


@dataclass(frozen=True, slots=True)
class SizeStep:
    """One bound that sizing met; the smallest decides."""

    name: Literal["risk_budget", "symbol_notional", "gross_exposure", "leverage", "depth", "margin"]
    quantity: Decimal
    """The most this bound allows, in base, before rounding down to the step."""


@dataclass(frozen=True, slots=True)
class TargetLeg:
    """One take-profit of a bracket: price in quote, quantity in base."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Bracket:
    """Entry, stop and targets as they would be placed, with the arithmetic that led there."""

    symbol: str
    side: Side
    entry_kind: Literal["market", "limit"]
    entry_price: Decimal
    """Executable entry: the limit price, or what walking the book would cost, in quote."""
    quantity: Decimal
    """Size in base, rounded down to the step."""
    stop_price: Decimal
    """Stop, rounded to the tick away from the entry, in quote."""
    targets: tuple[TargetLeg, ...]
    expires_at: datetime
    """An unfilled entry is cancelled then."""
    close_at: datetime
    """The position is closed then in any case (the plan's horizon)."""
    risk_per_unit: Decimal
    """Loss per base unit at the stop with fees, slippage and funding, in quote."""
    risk_amount: Decimal
    """`risk_per_unit` times quantity, in quote."""
    reward_risk: Decimal
    """Net reward over net risk, both after fees, slippage and funding."""
    stop_slippage: Decimal
    """Assumed adverse slippage when the stop fires, in quote per unit."""
    entry_slippage_bps: Decimal
    """Cost of walking the book against its mid; 0 for a resting limit entry."""
    sizing: tuple[SizeStep, ...]
    book_origin: BookOrigin | None

    @property
    def notional(self) -> Decimal:
        """Entry price times quantity, in quote."""
        return self.entry_price * self.quantity

    @property
    def entry_side(self) -> OrderSide:
        """`buy` opens a long, `sell` a short."""
        return "buy" if self.side == "long" else "sell"

    @property
    def exit_side(self) -> OrderSide:
        """The other side."""
        return "sell" if self.side == "long" else "buy"


@dataclass(frozen=True, slots=True)
class Approved:
    """Every rule passed."""

    bracket: Bracket
    findings: tuple[Finding, ...]

    @property
    def approved(self) -> bool:
        """Always True."""
        return True

    @property
    def codes(self) -> tuple[str, ...]:
        """No code failed."""
        return ()


@dataclass(frozen=True, slots=True)
class Denied:
    """At least one rule failed; the first failing finding is the primary one."""

    findings: tuple[Finding, ...]
    bracket: Bracket | None = None
    """The bracket that was judged; None when none could be built."""

    @property
    def approved(self) -> bool:
        """Always False."""
        return False

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that denied, in gate order."""
        return tuple(f for f in self.findings if not f.passed)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the failed findings, in gate order, each once."""
        return tuple(dict.fromkeys(f.code for f in self.failed))


Verdict = Approved | Denied
