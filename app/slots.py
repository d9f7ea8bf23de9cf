"""When decisions are made: on candle boundaries, in replay and in real time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.candles import Timeframe
from domain.clock import EPOCH
from domain.errors import ConfigError
from market.features import WARMUP_BARS
from market.protocol import SourceInfo


def replay_window(
    info: SourceInfo, timeframe: Timeframe, start: datetime | None, end: datetime | None
) -> tuple[datetime, datetime]:
    """First slot and end of a replay; by default from the first warm candle to the last one.

    The last candle's open is the default end: as recorded in the wild it may be unclosed.

    Raises:
        ConfigError: the window is empty or lies outside the data.
    """
    if timeframe.seconds < info.base_timeframe.seconds:
        raise ConfigError(
            f"--timeframe {timeframe} is finer than the data of {info.name}, which is "
            f"{info.base_timeframe}"
        )
    if info.starts_at is None or info.ends_at is None:
        if start is None or end is None:
            raise ConfigError(f"{info.name} has no end of its own: give both --from and --to")
        first, last = start, end
    else:
        warm = info.starts_at + WARMUP_BARS * timeframe.delta
        first = start or timeframe.floor(warm + timeframe.delta)
        last = end or info.ends_at
        limit = info.ends_at + info.base_timeframe.delta
        if first < info.starts_at or last > limit:
            raise ConfigError(
                f"{info.name} has data from {info.starts_at:%Y-%m-%d %H:%M} to "
                f"{limit:%Y-%m-%d %H:%M} UTC, asked was {first:%Y-%m-%d %H:%M} to "
                f"{last:%Y-%m-%d %H:%M}"
            )
    if start is None and end is None and not first < last and info.starts_at:
        raise ConfigError(
            f"{info.name} has too little data for {timeframe}: {WARMUP_BARS} candles come before "
            f"the first decision; it begins {info.starts_at:%Y-%m-%d %H:%M} and ends "
            f"{last:%Y-%m-%d %H:%M}"
        )
    if not first < last:
        span = f"; the data begins {info.starts_at:%Y-%m-%d}" if info.starts_at else ""
        raise ConfigError(
            f"nothing to decide between {first:%Y-%m-%d %H:%M} and {last:%Y-%m-%d %H:%M}: "
            f"--from was expected before --to{span}"
        )
    return first, last


def replay_slots(
    timeframe: Timeframe, every: int, first: datetime, end: datetime
) -> Iterator[datetime]:
    """Every `every`-th candle close from `first` on, before `end`."""
    slot = timeframe.floor(first)
    if slot < first:
        slot += timeframe.delta
    while slot < end:
        yield slot
        slot += every * timeframe.delta


def next_live_slot(timeframe: Timeframe, every: int, now: datetime) -> datetime:
    """The next boundary after `now` that is a multiple of `every` candles since 1970."""
    step = every * timeframe.delta
    return EPOCH + ((now - EPOCH) // step + 1) * step


LIVE_SETTLE = timedelta(seconds=2)
"""How long after a candle's close a live decision waits, so that venues have published it."""
