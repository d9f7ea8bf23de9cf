"""The account as a fold over fills, funding and deposits: pure, exact, however often replayed.

It keeps one purse a currency, and nothing is ever converted: a symbol's money moves in the purse of
its quote. Spot moves cash by price times quantity. A perpetual moves cash only by what is realised:
the cost of what is still open stands beside it. Where a partial close divides a cost, the remainder
stays with what is open, so that nothing is lost and the last close settles all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from domain.instrument import InstrumentKind, quote_of
from domain.numbers import ZERO
from domain.orders import Deposit, Fill, FundingPayment, Position

Entry = Fill | FundingPayment | Deposit

EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
"""Wide enough that no sum or product of prices, quantities and rates is rounded."""
COST_QUANTUM = Decimal("1e-12")
"""The closed part of a cost is rounded to this; the remainder stays with what is open."""


@dataclass(frozen=True, slots=True)
class Purse:
    """The account's money in one currency."""

    currency: str
    capital: Decimal
    """What it began with."""
    cash: Decimal
    realised: Decimal = ZERO
    """Profit of what was closed, before fees and funding."""
    fees: Decimal = ZERO
    """Taken in quote; one taken in base is part of what a position cost."""
    funding: Decimal = ZERO
    """Paid; negative when more was received."""
    net_deposits: Decimal = ZERO
    """Deposits less withdrawals; no profit."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the account holds."""

    purses: Mapping[str, Purse]
    """By currency."""
    positions: Mapping[str, Position] = field(default_factory=dict)
    """Open positions by symbol."""
    perpetuals: frozenset[str] = frozenset()
    """Which of them are perpetuals, whose cost is not taken from cash."""

    @classmethod
    def begin(cls, capital: Mapping[str, Decimal]) -> Ledger:
        """An account with so much of each currency and nothing else."""
        return cls({name: Purse(name, amount, amount) for name, amount in capital.items()})

    def held(self, currency: str) -> dict[str, Position]:
        """Positions quoted in a currency, by symbol."""
        return {s: p for s, p in self.positions.items() if quote_of(s) == currency}

    def equity(self, currency: str, marks: Mapping[str, Decimal]) -> Decimal:
        """One purse's cash plus the value of what is held in it at `marks` (quote per base).

        Raises:
            KeyError: a held symbol has no mark.
        """
        with localcontext(EXACT):
            total = self.purses[currency].cash
            for symbol, position in self.held(currency).items():
                mark = marks[symbol]
                held = (
                    position.unrealised(mark)
                    if symbol in self.perpetuals
                    else (position.quantity * mark)
                )
                total += held
            return total

    def equities(self, marks: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """The same of every purse."""
        return {currency: self.equity(currency, marks) for currency in self.purses}

    def apply(self, entry: Entry, kinds: Mapping[str, InstrumentKind]) -> Ledger:
        """The account after one entry."""
        if isinstance(entry, Fill):
            return self.apply_fill(entry, kinds[entry.symbol])
        if isinstance(entry, FundingPayment):
            return self.apply_funding(entry)
        return self.apply_deposit(entry)

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
            purse = self.purses[quote_of(fill.symbol)]
            purse = replace(
                purse,
                cash=purse.cash + moved - fee,
                realised=purse.realised + realised,
                fees=purse.fees + fee,
            )
            return Ledger(
                self._with(purse),
                positions,
                self.perpetuals | {fill.symbol} if perpetual else self.perpetuals,
            )

    def apply_funding(self, payment: FundingPayment) -> Ledger:
        """The account after one funding payment."""
        with localcontext(EXACT):
            purse, paid = self.purses[quote_of(payment.symbol)], payment.amount
            purse = replace(purse, cash=purse.cash - paid, funding=purse.funding + paid)
            return replace(self, purses=self._with(purse))

    def apply_deposit(self, deposit: Deposit) -> Ledger:
        """The account after money came from outside, or left."""
        with localcontext(EXACT):
            purse, amount = self.purses[deposit.currency], deposit.amount
            purse = replace(
                purse, cash=purse.cash + amount, net_deposits=purse.net_deposits + amount
            )
            return replace(self, purses=self._with(purse))

    def _with(self, purse: Purse) -> dict[str, Purse]:
        return {**self.purses, purse.currency: purse}


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
    capital: Mapping[str, Decimal],
    entries: Iterable[Entry],
    kinds: Mapping[str, InstrumentKind],
) -> Ledger:
    """The account from zero: every entry in the order they were applied."""
    ledger = Ledger.begin(capital)
    for entry in entries:
        ledger = ledger.apply(entry, kinds)
    return ledger
