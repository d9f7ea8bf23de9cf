"""The gate's answer: approved with the bracket to place, or denied with every finding.

All rules run and all findings are kept, those that passed too: a reader sees what was measured and
what the limit was. A verdict is a value; nothing is sent by making one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from domain.book import BookOrigin, OrderSide
from domain.finding import Finding
from domain.numbers import ZERO
from domain.plan import PlanDraft, Side

BoundName = Literal[
    "risk_budget",
    "open_risk",
    "symbol_notional",
    "gross_exposure",
    "net_exposure",
    "correlated_exposure",
    "leverage",
    "margin",
    "depth",
    "turnover",
    "usual_size",
    "replan",
    "venue_maximum",
    "price",
    "given",
]


class SizeStep(NamedTuple):
    """One bound that sizing met; the smallest decides."""

    name: BoundName
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
    least_quantity: Decimal = ZERO
    """The venue's smallest order at this price, in base."""

    @property
    def judged_quantity(self) -> Decimal:
        """What limits on size are held against: the quantity, or the smallest order above it.

        So the limit that left no room for any order says so itself.
        """
        return max(self.quantity, self.least_quantity)

    @property
    def judged_notional(self) -> Decimal:
        """Entry price times `judged_quantity`, in quote."""
        return self.entry_price * self.judged_quantity

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
    def nearest(self) -> None:
        """Nothing needs to change."""
        return

    @property
    def codes(self) -> tuple[str, ...]:
        """No code failed."""
        return ()


ChangedField = Literal["entry", "targets", "invalidation", "horizon_bars", "evidence", "quantity"]


class Change(NamedTuple):
    """One thing about a plan that would have to be otherwise."""

    code: str
    """The control that it satisfies."""
    field: ChangedField
    sentence: str
    """What it would have to be, such as `target >= 43210.5`."""
    passes: bool
    """True when the gate approves the plan with this change alone."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The smallest changes that would pass, each tried on the gate before it is said."""

    changes: tuple[Change, ...]
    """Per failing control, what would satisfy it, everything else as it was."""
    together: tuple[str, ...]
    """What the plan below changes, such as `target >= 43210.5`; empty without one."""
    draft: PlanDraft | None
    """A plan that the gate approves on the same facts; None when no change of the plan would."""
    hopeless: tuple[str, ...]
    """Codes that no change of the plan was found to mend."""
    quantity: Decimal | None = None
    """The size that passes, where one that was given is too large; in base."""

    @property
    def sentence(self) -> str:
        """What would pass, in one sentence."""
        alone = dict.fromkeys(change.sentence for change in self.changes if change.passes)
        if alone:
            return f"Would pass, with everything else as it was: {', or '.join(alone)}."
        if self.draft is not None:
            return f"Would pass: {' and '.join(self.together)}."
        return f"No change of the plan would pass: {', '.join(self.hopeless)}."


@dataclass(frozen=True, slots=True)
class Denied:
    """At least one rule failed; the first failing finding is the primary one."""

    findings: tuple[Finding, ...]
    bracket: Bracket | None = None
    """The bracket that was judged; None when none could be built."""
    nearest: Nearest | None = None
    """What would pass; None until it has been looked for."""

    @property
    def approved(self) -> bool:
        """Always False."""
        return False

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that denied, in gate order."""
        return tuple(f for f in self.findings if f.passed is not True)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the failed findings, in gate order, each once."""
        return tuple(dict.fromkeys(f.code for f in self.failed))


Verdict = Approved | Denied
