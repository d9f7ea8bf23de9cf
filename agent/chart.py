"""What stands on the chart that a model sees: closed candles, indicators, and the levels that hold.

Only numbers and our own words, and the instrument's name as far as it is plain: nothing from news,
tools or a model's thesis, since words in a picture pass every filter of words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from agent.situation_account import StandingPlan
from domain.candles import Candles, Timeframe
from domain.clock import from_ms
from domain.orders import Position
from domain.outside_text import MAX_NAME_CHARACTERS, one_line
from market.features import feature_table

if TYPE_CHECKING:
    from domain.candles import Floats

CHART_BARS = 96
"""Candles on a chart: four days of hours; more would be thinner than a pixel's eye can tell."""
CHART_VERSION = 1
"""Counted up when the same candles give another picture."""
PRICE_LINES = ("ema_20", "ema_50", "vwap_24", "bollinger_upper", "bollinger_lower")
"""Indicators of the situation that are prices, drawn among the candles."""


class Level(NamedTuple):
    """A price that an order, or what is held, stands at."""

    kind: Literal["entry", "stop", "target"]
    name: str
    price: float


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """One chart; columns have the shape (candles,), oldest first."""

    title: str
    labels: tuple[str, ...]
    """When each candle opened."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    """In base."""
    lines: dict[str, Floats]
    """`PRICE_LINES` by name, NaN while warming up."""
    rsi_14: Floats
    """0 to 100, NaN while warming up."""
    levels: tuple[Level, ...]


def chart_of(symbol: str, candles: Candles, levels: Sequence[Level] = ()) -> Chart:
    """The newest candles of a window.

    Args:
        symbol: The instrument's.
        candles: At least one; those before them warm the indicators up.
        levels: What is drawn across.
    """
    shown, table = candles.last(CHART_BARS), feature_table(candles.series)
    last_ms = int(shown.open_ms[-1]) + shown.timeframe.ms

    def column(name: str) -> Floats:
        return table.column(name)[shown.start : shown.stop]

    return Chart(
        title=(
            f"{_plain(symbol)} {shown.timeframe}, {len(shown)} closed candles, the last closed "
            f"{from_ms(last_ms):%Y-%m-%d %H:%M} UTC"
        ),
        labels=_labels(shown),
        open=shown.open,
        high=shown.high,
        low=shown.low,
        close=shown.close,
        volume=shown.volume,
        lines={name: column(name) for name in PRICE_LINES},
        rsi_14=column("rsi_14"),
        levels=tuple(levels),
    )


def levels_of(position: Position | None, stands: StandingPlan | None) -> tuple[Level, ...]:
    """Entry, stop and targets of what is held or waits; none where neither is."""
    if stands is None:
        return () if position is None else (_entered(position),)
    draft, bracket = stands.plan.draft, stands.bracket
    wanted = bracket.entry_price if draft.entry is None else draft.entry
    entry = Level("entry", "entry", float(wanted)) if position is None else _entered(position)
    stop = bracket.stop_price if stands.stop_price is None else stands.stop_price
    targets = [
        Level("target", f"target {number}", float(leg.price))
        for number, leg in enumerate(bracket.targets, 1)
    ]
    return (entry, Level("stop", "stop", float(stop)), *targets)


def _entered(position: Position) -> Level:
    return Level("entry", "entered", float(position.entry_price))


def _labels(candles: Candles) -> tuple[str, ...]:
    form = "%m-%d %H:%M" if candles.timeframe.seconds < Timeframe.D1.seconds else "%Y-%m-%d"
    return tuple(f"{from_ms(stamp):{form}}" for stamp in candles.open_ms.tolist())


def _plain(symbol: str) -> str:
    """As our font has it."""
    return one_line(symbol, MAX_NAME_CHARACTERS).encode("ascii", "replace").decode()
