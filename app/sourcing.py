"""The market that a session's options name: its source, its clock, its symbols."""

from __future__ import annotations

from app.clock import SystemClock
from app.options import SessionOptions
from domain.clock import EPOCH, Clock, FixedClock
from domain.errors import ConfigError
from market.protocol import MarketSource
from market.sources.open import is_live, make_source
from market.store.store import MarketStore

DEFAULT_SYMBOLS = {"box": ("BTC/USD",), "synthetic": ("BTC/USDT", "ETH/USDT")}
"""What is traded when no symbol is named; other markets must be told."""


def session_clock(options: SessionOptions) -> Clock:
    """Real time for a live exchange without a window, else a clock the session moves."""
    live = is_live(options.market) and options.start is None
    return SystemClock() if live else FixedClock(options.start or EPOCH)


def made_source(options: SessionOptions, clock: Clock, store: MarketStore) -> MarketSource:
    """The source, not opened yet; a live one reads through the store."""
    return make_source(
        options.market,
        clock=clock,
        seed=options.seed,
        base_url=options.market_url,
        present=SystemClock().now(),
        store=store,
    )


async def opened_symbols(source: MarketSource, options: SessionOptions) -> tuple[str, ...]:
    """Open the source; returns the symbols as it writes them.

    Raises:
        ConfigError: none is named, and the market has no default.
    """
    kind = options.market.partition(":")[0]
    asked = options.symbols or DEFAULT_SYMBOLS.get(kind, ())
    if not asked:
        raise ConfigError(
            f"name at least one symbol for market {options.market!r}, "
            f"such as: plangate run BTC/USDT --market {options.market}"
        )
    await source.open(asked)
    return tuple(dict.fromkeys(source.instrument(symbol).symbol for symbol in asked))
