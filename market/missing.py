"""What a snapshot lacks and why, one sentence each: absent is said, never filled in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from domain.book import OrderBook
from domain.candles import Candles, Timeframe
from domain.snapshot import BookRank, Features, Regime
from market.book_rank import MIN_LOOKS
from market.facts import CORRELATION_DAYS, CORRELATION_TIMEFRAME, MIN_RETURNS
from market.feature_columns import MIN_VOLATILITY_BARS, volatility_bars
from market.features import WARMUP_BARS
from market.regime import MIN_HISTORY_BARS


def missing_features(candles: Sequence[Candles], features: Sequence[Features]) -> Iterator[str]:
    """Per timeframe what is absent, and whether time will bring it."""
    for window in candles:
        if not len(window):
            yield f"{window.timeframe} candles: none is closed yet"
    for found in features:
        if found.bars < WARMUP_BARS:
            yield f"{found.timeframe} features: warming up, {found.bars} of {WARMUP_BARS} bars"
        else:
            absent = [name for name, value in found if value is None]
            if absent:
                yield f"{found.timeframe} {', '.join(absent)}: nothing moved or traded"
        wanted, there = volatility_bars(found.timeframe), found.bars - 1
        if MIN_VOLATILITY_BARS <= there < wanted:
            yield (
                f"{found.timeframe} realised volatility: rests on {there} bars, "
                f"30 days hold {wanted}"
            )


def missing_regime(found: Regime, others: Sequence[Candles]) -> Iterator[str]:
    """Percentiles and breadth that cannot be said."""
    if found.volatility is None:
        yield f"volatility percentile: fewer than {MIN_HISTORY_BARS} warm bars to rank among"
    if found.liquidity is None:
        yield f"liquidity percentile: fewer than {MIN_HISTORY_BARS} warm bars to rank among"
    if others and found.breadth_fraction is None:
        yield "breadth: fewer than two symbols have a warm EMA 50"


def missing_rank(book: OrderBook | None, rank: BookRank | None) -> Iterator[str]:
    """Why a book's spread and depth have no percentile."""
    if book is not None and rank is None:
        why = {
            "modelled": f"fewer than {WARMUP_BARS} books can be modelled",
            "venue": f"fewer than {MIN_LOOKS} books were seen since the start",
            "synthetic": "books that are made up are not ranked",
        }[book.origin]
        yield f"spread and depth percentiles: {why}"


def missing_facts(
    timeframe: Timeframe, turnover: float | None, unrelated: Iterable[str]
) -> Iterator[str]:
    """Turnover and correlations that the candles do not reach to say."""
    if turnover is None:
        yield f"24 h turnover: {timeframe} candles do not reach back 24 h"
    wanted = f"{MIN_RETURNS} common {CORRELATION_TIMEFRAME} returns in {CORRELATION_DAYS} days"
    for name in unrelated:
        yield f"correlation with {name}: fewer than {wanted}, or none that moved"
