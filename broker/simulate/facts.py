"""A result read back as numbers, for checks that share no code with the broker.

Everything here comes from the script and from the words of the result document alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from broker.simulate.events import Amend
from broker.simulate.script import Script
from domain.clock import parse_moment


class Check(NamedTuple):
    """One invariant held against a result."""

    code: str
    """As in the list of invariants: L1 to L5, F1 to F5, B1."""
    holds: bool
    checked: int
    """How many things it was held against; 0 says that the script has none of them."""
    sentence: str
    """What must hold, or the first thing that does not."""


class Bar(NamedTuple):
    """One bar, exact."""

    open_at: datetime
    open: Fraction
    high: Fraction
    low: Fraction
    close: Fraction
    volume: Fraction


class Traded(NamedTuple):
    """One execution, exact."""

    row: int
    at: datetime
    symbol: str
    order: str
    side: str
    way: int
    """1 for a buy, -1 for a sale."""
    quantity: Fraction
    price: Fraction
    fee: Fraction
    in_base: bool
    forced: bool

    @property
    def moved(self) -> Fraction:
        """What it adds to the position: a fee in base is taken off."""
        return self.way * self.quantity - (self.fee if self.in_base else 0)


class Placed(NamedTuple):
    """One order, exact."""

    order: str
    plan: str | None
    leg: str | None
    symbol: str
    side: str
    way: int
    kind: str
    reduce_only: bool
    created_at: datetime
    quantity: Fraction
    price: Fraction | None
    limit_price: Fraction | None
    slippage: Fraction
    filled: Fraction
    status: str


@dataclass(frozen=True)
class Facts:
    """Script and result as numbers."""

    script: Script
    document: Mapping[str, Any]
    executions: Sequence[Traded]
    orders: Mapping[str, Placed]
    bars: Mapping[tuple[str, datetime], Bar]

    def bar(self, execution: Traded) -> Bar | None:
        """The bar that it was filled on; None where it came out of a book."""
        return self.bars.get((execution.symbol, execution.at))

    def bars_of(self, symbol: str) -> list[Bar]:
        """Oldest first."""
        return [bar for (name, _), bar in self.bars.items() if name == symbol]

    def price_at(self, order: Placed, at: datetime) -> Fraction | None:
        """The limit or trigger that an order had then: as sent, or as amended and accepted."""
        price = order.price if order.plan else self._sent_price(order.order)
        accepted = {
            (a["order"], a["at"])
            for a in self.document["answers"]
            if a["act"] == "amend" and a["accepted"]
        }
        for event in self.script.events:
            if isinstance(event, Amend) and event.order == order.order and event.price:
                moment = self.script.moment(event.at)
                known = {(name, parse_moment(when)) for name, when in accepted}
                if (event.order, moment) in known and moment <= at:
                    price = Fraction(event.price)
        return price

    def _sent_price(self, name: str) -> Fraction | None:
        for event in self.script.events:
            if getattr(event, "do", "") == "send" and getattr(event, "order", "") == name:
                price = getattr(event, "price", None)
                return None if price is None else Fraction(price)
        return None


def facts_of(script: Script, document: Mapping[str, Any]) -> Facts:
    """Read script and result."""
    bars = {}
    for symbol, rows in script.bars.items():
        for when, *numbers in rows:
            at = script.moment(when)
            bars[symbol, at] = Bar(at, *map(Fraction, numbers))
    executions = [_traded(number, row) for number, row in enumerate(document["executions"])]
    orders = {row["order"]: _placed(row) for row in document["orders"]}
    return Facts(script, document, executions, orders, bars)


def verdict(code: str, rule: str, faults: Sequence[str], checked: int) -> Check:
    """The rule where it holds, else the first fault."""
    return Check(code, not faults, checked, faults[0] if faults else rule)


def _traded(number: int, row: Mapping[str, Any]) -> Traded:
    return Traded(
        row=number,
        at=parse_moment(row["at"]),
        symbol=row["symbol"],
        order=row["order"],
        side=row["side"],
        way=1 if row["side"] == "buy" else -1,
        quantity=Fraction(row["quantity"]),
        price=Fraction(row["price"]),
        fee=Fraction(row["fee"]),
        in_base=row["fee_currency"] == "base",
        forced=row["forced"],
    )


def _placed(row: Mapping[str, Any]) -> Placed:
    return Placed(
        order=row["order"],
        plan=row["plan"],
        leg=row["leg"],
        symbol=row["symbol"],
        side=row["side"],
        way=1 if row["side"] == "buy" else -1,
        kind=row["kind"],
        reduce_only=row["reduce_only"],
        created_at=parse_moment(row["created_at"]),
        quantity=Fraction(row["quantity"]),
        price=_optional(row["price"]),
        limit_price=_optional(row["limit_price"]),
        slippage=Fraction(row["slippage"]),
        filled=Fraction(row["filled"]),
        status=row["status"],
    )


def _optional(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(Decimal(text))
