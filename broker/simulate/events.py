"""What may happen in a script. Each event has its moment; until then the venue plays on."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from broker.simulate.words import Share, When
from domain.book import OrderSide
from domain.numbers import ZERO
from domain.orders import OrderKind
from domain.plan import Side
from policies.case_fields import (
    NOT_NULL,
    Count,
    Name,
    NotNegative,
    Number,
    Positive,
    Section,
    whole,
)


class _Event(Section):
    at: When
    """When it happens: a moment, or a number of bars after `start`."""


class Send(_Event):
    """An order, straight to the venue."""

    do: Literal["send"]
    order: Name
    """Its client id; sent again under the same id it is answered as before."""
    symbol: Annotated[Name | None, NOT_NULL] = None
    """The only instrument, when left out."""
    side: OrderSide
    kind: OrderKind = "market"
    """`market`, `limit`, `stop` or `stop_limit`."""
    quantity: Positive
    """In base."""
    price: Positive | None = None
    """Limit or trigger price; none for a market order."""
    limit_price: Positive | None = None
    """Of a stop-limit: the worst price once it is triggered."""
    slippage: NotNegative = ZERO
    """Adverse price difference when it takes liquidity, in quote per unit."""
    reduce_only: bool = False
    """True: it may shrink a position, never open or turn one."""

    @model_validator(mode="after")
    def _has_its_prices(self) -> Send:
        if (self.price is None) != (self.kind == "market"):
            said = "no price" if self.kind == "market" else "a price"
            raise ValueError(f"a {self.kind} order was expected to have {said}")
        if (self.limit_price is None) != (self.kind != "stop_limit"):
            said = "a limit_price" if self.kind == "stop_limit" else "no limit_price"
            raise ValueError(f"a {self.kind} order was expected to have {said}")
        return self


class Amend(_Event):
    """Another quantity or price for a working order."""

    do: Literal["amend"]
    order: Name
    """An order that was sent before."""
    quantity: Annotated[Positive | None, NOT_NULL] = None
    """The whole, with what is filled already; as before when left out."""
    price: Annotated[Positive | None, NOT_NULL] = None
    """As before when left out."""


class Cancel(_Event):
    """Take a working order back."""

    do: Literal["cancel"]
    order: Name


class TargetRow(Section):
    """One take-profit of a plan."""

    price: Positive
    quantity: Annotated[Positive | None, NOT_NULL] = None
    """In base; the plan's targets say either quantities or weights, and sum to the whole."""
    weight: Annotated[Share | None, NOT_NULL] = None
    """Share of the plan's quantity."""


class Plan(_Event):
    """An approved plan, on the way that every approved plan goes; only the gate is left out."""

    do: Literal["plan"]
    plan: Name
    """Its name in the result."""
    symbol: Annotated[Name | None, NOT_NULL] = None
    """The only instrument, when left out."""
    side: Side
    """`long` or `short`."""
    quantity: Positive
    """In base."""
    entry: Positive | None = None
    """Limit price; at the market when left out."""
    decision_price: Annotated[Positive | None, NOT_NULL] = None
    """Price it was decided at; needed for an entry at the market."""
    entry_slippage_bps: NotNegative = ZERO
    """Of an entry at the market."""
    stop: Positive
    stop_slippage: NotNegative = ZERO
    """In quote per unit."""
    targets: Annotated[tuple[TargetRow, ...], Field(min_length=1, max_length=3)]
    """Nearest first."""
    expires_after_bars: Annotated[int, BeforeValidator(whole), Field(ge=1, le=500)] = 1
    """After so many bars what is not filled of the entry is taken back."""
    horizon_bars: Annotated[int, BeforeValidator(whole), Field(ge=1, le=500)] = 24
    """After so many bars the position is closed at the market."""
    risk_amount: Annotated[Positive | None, NOT_NULL] = None
    """1 R, in quote; quantity times the distance from entry to stop when left out."""

    @property
    def price(self) -> Decimal:
        """Where it enters, as far as is known at the decision."""
        return self.entry or self.decision_price or ZERO

    @model_validator(mode="after")
    def _is_a_plan(self) -> Plan:
        if not self.price:
            raise ValueError("entry or decision_price, one of the two is needed")
        way = 1 if self.side == "long" else -1
        if (self.price - self.stop) * way <= 0:
            raise ValueError(f"stop {self.stop} was expected on the losing side of {self.price}")
        for row in self.targets:
            if (row.price - self.price) * way <= 0:
                raise ValueError(
                    f"target {row.price} was expected on the winning side of {self.price}"
                )
        return self

    @model_validator(mode="after")
    def _is_divided(self) -> Plan:
        weights = [row.weight for row in self.targets if row.weight is not None]
        quantities = [row.quantity for row in self.targets if row.quantity is not None]
        one = len(self.targets) == 1
        if not weights and not quantities and one:
            return self
        if len(weights) == len(self.targets) and not quantities and sum(weights) == 1:
            return self
        if len(quantities) == len(self.targets) and not weights:
            if sum(quantities) == self.quantity:
                return self
            raise ValueError(
                f"target quantities sum to {sum(quantities)}, was expected {self.quantity}"
            )
        raise ValueError(
            "each target was expected to have a quantity, or each a weight, the weights of sum 1"
        )


class Advance(_Event):
    """Nothing but time."""

    do: Literal["advance"]


class Restart(_Event):
    """The process dies, and is opened again from its database file."""

    do: Literal["restart"]
    after_news: Annotated[Count | None, NOT_NULL] = None
    """It dies on the way to `at`, at this thing that happens, from 1; at `at` when left out."""
    heard: bool = False
    """True: it dies after what follows from that thing was done; False: before anyone heard."""

    @model_validator(mode="after")
    def _counts_from_one(self) -> Restart:
        if self.after_news == 0:
            raise ValueError("after_news was expected from 1 on; leave it out to restart at `at`")
        return self


class Downtime(_Event):
    """The process ends at `at` and is opened again only at `until`."""

    do: Literal["downtime"]
    until: When


class Transfer(_Event):
    """Money comes in from outside, or leaves."""

    do: Literal["deposit"]
    amount: Number
    """Negative takes out, at most what is free."""
    currency: Annotated[Name | None, NOT_NULL] = None
    """The only one of the account, when left out."""

    @model_validator(mode="after")
    def _moves_something(self) -> Transfer:
        if not self.amount:
            raise ValueError("amount was expected to be other than 0")
        return self


Event = Annotated[
    Send | Amend | Cancel | Plan | Advance | Restart | Downtime | Transfer,
    Field(discriminator="do"),
]
Direct = Send | Amend | Cancel
"""What talks to the venue itself."""
