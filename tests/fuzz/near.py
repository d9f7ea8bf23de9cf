"""What puts a scene near a limit: on it, or one tick, step or instant beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from tests.fuzz.scene import Scene, any_limit, short

D = Decimal
Edge = Callable[[Scene], None]
INSTANTS = (timedelta(0), timedelta(milliseconds=1), -timedelta(milliseconds=1))
TINY = D("1e-9")


def near(scene: Scene) -> int:
    """Inside, at or outside the limit."""
    return scene.rng.choice([-1, 0, 1])


def tighten(scene: Scene, *keys: str) -> Decimal:
    """Put limits anywhere in their ranges; the last of them is returned."""
    for key in keys:
        scene.policy[key] = any_limit(scene.rng, key)
    return scene.policy[keys[-1]]


def small(s: Scene) -> Decimal:
    """A fixed size that the first level takes whole, and that every limit allows."""
    top(s, s.equity / s.mid * 100)
    s.doc["quantity"] = s.steps(s.equity / s.mid / 50)
    s.doc["instrument"].update(min_quantity=s.step, min_notional=D(0))
    return s.doc["quantity"] * s.start


def top(s: Scene, size: Decimal) -> None:
    book = s.doc["market"]["book"]
    book["bids"], book["asks"] = [[s.bid, short(size)]], [[s.ask, short(size)]]


def span(seconds: Decimal) -> timedelta:
    return timedelta(microseconds=int(seconds * 1_000_000))


def bars_long(s: Scene, bars: Decimal) -> timedelta:
    return span(bars * D(s.bar.total_seconds()))


def perpetual(s: Scene) -> None:
    s.perpetual = True
    s.doc["instrument"]["kind"] = "perpetual"
