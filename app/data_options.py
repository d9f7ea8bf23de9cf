"""What `plangate data` was asked for, read and checked once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.moments import read_moment
from domain.candles import Timeframe
from domain.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,63}")


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """The options of `plangate data sync`."""

    symbols: tuple[str, ...]
    market: str
    market_url: str | None
    timeframes: tuple[Timeframe, ...]
    """Empty: every one that a folder has."""
    start: datetime | None
    """None: from where the store begins."""
    end: datetime | None
    """None: as far as candles are closed."""
    keep_as: str | None
    refill: bool
    """Ask again where no candle was."""
    again: bool
    """Ask for everything once more, to find what was changed."""


def read_sync_options(
    *,
    symbols: Sequence[str] | None,
    market: str,
    market_url: str | None,
    timeframe: str | None,
    start: str | None,
    end: str | None,
    keep_as: str | None,
    refill: bool,
    again: bool,
) -> SyncOptions:
    """The command line's words as values.

    Raises:
        ConfigError: naming the option, its value and what was expected.
    """
    kind = market.partition(":")[0]
    if kind not in {"ccxt", "files", "ib"}:
        raise ConfigError(
            f"--market {market!r} cannot be synchronised; expected ccxt:EXCHANGE, ib:HOST:PORT or "
            "files:PATH"
        )
    if "," in market:
        raise ConfigError(f"--market {market!r} is a chain; synchronise each exchange by itself")
    if keep_as is not None and not _NAME.fullmatch(keep_as):
        raise ConfigError(
            f"--as {keep_as!r} was expected to be 1 to 64 letters, digits or any of ._@:-"
        )
    if kind != "files" and not symbols:
        raise ConfigError(
            f"name at least one symbol, such as: plangate data sync BTC/USDT --market {market}"
        )
    if kind == "files" and keep_as is None:
        raise ConfigError(
            "a folder has no name of its own: give it one with --as, such as --as binance-2025"
        )
    first, last = read_moment("--from", start), read_moment("--to", end)
    if first and last and first >= last:
        raise ConfigError(f"--from {start} was expected before --to {end}")
    usual = {"ccxt": (Timeframe.H1,), "ib": (Timeframe.M30,)}.get(kind, ())
    frames = usual if timeframe is None else read_timeframes(timeframe)
    return SyncOptions(
        tuple(symbols or ()), market, market_url, frames, first, last, keep_as, refill, again
    )


def read_timeframes(text: str) -> tuple[Timeframe, ...]:
    """`1h,4h` as values.

    Raises:
        ConfigError: one is unknown.
    """
    try:
        return tuple(dict.fromkeys(Timeframe(word.strip()) for word in text.split(",")))
    except ValueError as error:
        known = ",".join(Timeframe)
        raise ConfigError(f"--timeframe {text!r} was expected to be some of {known}") from error
