"""Ways to move a specimen across a limit.

A sliding probe turns one number from where the rule passes to where it fires; the self-test finds
the edge between the two by halving. A switching probe has two states only, the specimen as it is
and the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.numbers import ZERO
from domain.plan import Target
from policies.case import Case
from policies.facts import Exit, Held, Standing
from policies.specimen import (
    ATR,
    EQUITY,
    MID,
    NOW,
    OTHER,
    SYMBOL,
    account,
    book,
    draft,
    governed,
    market,
)

_HELD: dict[str, Any] = {"held": Decimal("0.001"), "entry_price": MID}


@dataclass(frozen=True, slots=True)
class Slide:
    """One number, from `good` to `bad` in steps; `vary` puts it into the specimen."""

    moved: str
    """What is moved, in words."""
    vary: Callable[[Case, Decimal], Case]
    good: Decimal
    bad: Decimal
    step: Decimal


@dataclass(frozen=True, slots=True)
class Switch:
    """One thing that is wrong with the specimen."""

    moved: str
    bad: Callable[[Case], Case]


Probe = Slide | Switch


def into(part: Callable[..., Case], name: str) -> Callable[[Case, Decimal], Case]:
    """Puts a number into one field of one part."""
    return lambda case, value: part(case, **{name: value})


def counted(part: Callable[..., Case], name: str) -> Callable[[Case, Decimal], Case]:
    """The same for a count."""
    return lambda case, value: part(case, **{name: int(value)})


def aged(name: str) -> Callable[[Case, Decimal], Case]:
    """Makes a moment of the market so many seconds old."""
    return lambda case, seconds: market(case, **{name: before(seconds)})


def before(seconds: Decimal) -> datetime:
    """The moment so many seconds before now, to the millisecond."""
    return NOW - timedelta(milliseconds=int(seconds * 1000))


def sized(case: Case, quantity: Decimal) -> Case:
    """Asks for a fixed size, in base."""
    return replace(case, quantity=quantity)


def holding(case: Case, count: Decimal) -> Case:
    """Holds so many other symbols."""
    return account(case, positions=(Held(OTHER, case.direction, Decimal(1), ZERO),) * int(count))


def replanned(case: Case, count: Decimal) -> Case:
    """Makes it that replan of a plan that stands, counted from 1; 0 makes it none."""
    standing = Standing(EQUITY, replans_count=int(count) - 1)
    return replace(case, standing=standing if count else None)


def added(case: Case, count: Decimal) -> Case:
    """Makes it that addition to a position, counted from 1; 0 makes it none."""
    stop = stop_at(case, ATR)
    standing = Standing(EQUITY, scale_ins_count=int(count) - 1, **_HELD, stop_price=stop)
    return replace(case, standing=standing if count else None)


def first_risk(case: Case, amount: Decimal) -> Case:
    """Changes a plan that was approved with such a loss at its stop, in quote."""
    return replace(case, standing=Standing(amount))


def working_stop(case: Case, away: Decimal) -> Case:
    """Adds to a position whose stop works so far from the mid, in quote."""
    return replace(case, standing=Standing(EQUITY, **_HELD, stop_price=stop_at(case, away)))


def stop_at(case: Case, away: Decimal) -> Decimal:
    """So far from the mid, against the plan, in quote."""
    return MID - case.direction * away


def stopped(case: Case, seconds: Decimal) -> Case:
    """Its symbol was stopped so long ago."""
    return account(case, recent_exits=(Exit(SYMBOL, before(seconds), stopped=True),))


def streak(case: Case, seconds: Decimal) -> Case:
    """Has met its streak of stops so long ago."""
    done = Exit(OTHER, before(seconds), stopped=True)
    return account(case, recent_exits=(done,) * case.policy.loss_streak_count)


def target(case: Case, away: Decimal) -> Case:
    """Its target lies so far from the mid, in quote; negative on the wrong side."""
    return draft(case, targets=(Target(price=MID + case.direction * away),))


def stop(case: Case, away: Decimal) -> Case:
    """Its invalidation lies so far from the mid, in quote; negative on the wrong side."""
    return draft(case, invalidation=MID - case.direction * away)


def strict_stop(case: Case, away: Decimal) -> Case:
    """The same, and the executor may not move it."""
    return stop(governed(case, stop_mode="strict"), away)


def limit(case: Case, away: Decimal) -> Case:
    """Its limit lies so far from the mid, in quote."""
    return draft(case, entry=MID - case.direction * away)


def half_spread(case: Case, half: Decimal) -> Case:
    """The book's best prices lie so far from the mid, in quote."""
    return market(case, book=book(half))


def book_aged(case: Case, seconds: Decimal) -> Case:
    """The book is so many seconds old."""
    seen = book(Decimal("0.01")).model_copy(update={"at": before(seconds)})
    return market(case, book=seen)


def usual(case: Case, notional: Decimal) -> Case:
    """The last 20 trades were worth so much each, in quote."""
    return account(case, recent_notionals=(notional,) * 20)


def funded(case: Case, **changes: Any) -> Case:
    """Funding is otherwise."""
    paid = case.market.funding
    return market(case, funding=None if paid is None else paid.model_copy(update=changes))


def rate(case: Case, fraction: Decimal) -> Case:
    """The funding rate is so high per 8 h."""
    return funded(case, rate_fraction=fraction)


def paying(case: Case, fraction: Decimal) -> Case:
    """Pays so much every hour of a horizon of 500."""
    hourly = funded(
        case,
        rate_fraction=fraction * case.direction,
        interval_hours=1,
        next_at=NOW + timedelta(hours=1),
    )
    return draft(hourly, horizon_bars=500)


def funding_aged(case: Case, seconds: Decimal) -> Case:
    """The funding rate is so many seconds old."""
    return funded(case, known_at=before(seconds))


def decided(case: Case, seconds: Decimal) -> Case:
    """The plan is so many seconds old."""
    return replace(case, decided_at=before(seconds))
