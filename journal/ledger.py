"""The account as a fold over fills and funding: pure, exact, the same however often replayed.

Spot moves cash by price times quantity. A perpetual moves cash only by what is realised: the cost
of what is still open stands beside it. Where a partial close divides a cost, the remainder stays
with what is open, so that nothing is lost and the last close settles all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from domain.instrument import InstrumentKind
from domain.numbers import ZERO
from domain.orders import Fill, FundingPayment, Position

Entry = Fill | FundingPayment

EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
"""Wide enough that no sum or product of prices, quantities and rates is rounded."""
COST_QUANTUM = Decimal("1e-12")
"""The closed part of a cost is rounded to this; the remainder stays with what is open."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the account holds. Money in the quote currency."""

    quote: str
    capital: Decimal
    """What it began with."""
    cash: Decimal
    realised: Decimal = ZERO
    """Profit of what was closed, before fees and funding."""
    fees: Decimal = ZERO
    """Taken in quote; one taken in base is part of what a position cost."""
    funding: Decimal = ZERO
    """Paid; negative when more was received."""
    positions: Mapping[str, Position] = field(default_factory=dict)
    """Open positions by symbol."""
    perpetuals: frozenset[str] = frozenset()
    """Which of them are perpetuals, whose cost is not taken from cash."""

    @classmethod
    def begin(cls, quote: str, capital: Decimal) -> Ledger:
        """An account with `capital` and nothing else."""
        return cls(quote, capital, capital)

    def equity(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Cash plus the value of what is held at `marks` (quote per base).

        Raises:
            KeyError: a held symbol has no mark.
        """
        with localcontext(EXACT):
            total = self.cash
            for symbol, position in self.positions.items():
                mark = marks[symbol]
                held = (
                    position.unrealised(mark)
                    if symbol in self.perpetuals
                    else (position.quantity * mark)
                )
                total += held
            return total

    def apply_fill(self, fill: Fill, kind: InstrumentKind) -> Ledger:
        """The account after one fill; one that crosses zero closes first and opens the rest."""
        with localcontext(EXACT):
            signed = fill.quantity if fill.side == "buy" else -fill.quantity
            held = self.positions.get(fill.symbol)
            kept, realised = _net(held, fill)
            perpetual = kind == "perpetual"
            moved = realised if perpetual else -signed * fill.price
            fee = fill.fee if fill.fee_currency == "quote" else ZERO
            positions = {s: p for s, p in self.positions.items() if s != fill.symbol}
            if kept is not None:
                positions[fill.symbol] = kept
            return replace(
                self,
                cash=self.cash + moved - fee,
                realised=self.realised + realised,
                fees=self.fees + fee,
                positions=positions,
                perpetuals=self.perpetuals | {fill.symbol} if perpetual else self.perpetuals,
            )

    def apply_funding(self, payment: FundingPayment) -> Ledger:
        """The account after one funding payment."""
        with localcontext(EXACT):
            return replace(
                self, cash=self.cash - payment.amount, funding=self.funding + payment.amount
            )


def _net(held: Position | None, fill: Fill) -> tuple[Position | None, Decimal]:
    """What is held after, and the profit realised."""
    signed = fill.moved
    if held is None or held.quantity * signed > ZERO:
        quantity = signed + (held.quantity if held else ZERO)
        paid = fill.quantity * fill.price
        cost = (paid if fill.side == "buy" else -paid) + (held.cost if held else ZERO)
        opened = held.opened_at if held else fill.at
        return Position(fill.symbol, quantity, cost, opened, fill.plan_id), ZERO
    closing = min(abs(signed), abs(held.quantity))
    whole = closing == abs(held.quantity)
    freed = held.cost if whole else _share(held, closing)
    proceeds = closing * fill.price if held.quantity > ZERO else -closing * fill.price
    realised = proceeds - freed
    left = held.quantity + signed
    if whole and left != ZERO:
        flipped = Position(fill.symbol, left, left * fill.price, fill.at, fill.plan_id)
        return flipped, realised
    kept = None if whole else replace(held, quantity=left, cost=held.cost - freed)
    return kept, realised


def _share(held: Position, closing: Decimal) -> Decimal:
    return (held.cost * closing / abs(held.quantity)).quantize(COST_QUANTUM)


def replay(
    quote: str,
    capital: Decimal,
    entries: Iterable[Entry],
    kinds: Mapping[str, InstrumentKind],
) -> Ledger:
    """The account from zero: every fill and payment in the order they were applied."""
    ledger = Ledger.begin(quote, capital)
    for entry in entries:
        if isinstance(entry, FundingPayment):
            ledger = ledger.apply_funding(entry)
        else:
            ledger = ledger.apply_fill(entry, kinds[entry.symbol])
    return ledger
