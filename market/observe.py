"""One look at the market: everything that is known about one instrument as of one moment.

The observer asks the source for candles, price, book, funding, open interest and the venue's state
at once, computes features, regime and what else the gate wants to know, and says of every datum
where it comes from and of every absent one why. It trusts no source about time: a datum stamped
after `as_of` is an error, not a gift.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from domain.book import OrderBook
from domain.candles import Candles, Timeframe
from domain.clock import iso
from domain.errors import DataError
from domain.instrument import Instrument
from domain.quality import QualityFlag
from domain.snapshot import BookRank, Features, Funding, Provenance, Snapshot, Universe
from market.book_cleaning import book_flags
from market.book_rank import BookLooks, modelled_rank
from market.facts import (
    CORRELATION_BARS,
    CORRELATION_TIMEFRAME,
    correlations,
    gap_bars,
    turnover_24h,
)
from market.features import WARMUP_BARS, closes_above, features_at
from market.flags import candle_flags
from market.missing import missing_facts, missing_features, missing_rank, missing_regime
from market.modelled_book import modelled_book
from market.protocol import ManySources, MarketSource, Tick, VenueState
from market.recent import recent_series, shown_bars
from market.regime import HISTORY_BARS, longer_regime, regime
from market.universe import universe

HIGHER: dict[Timeframe, tuple[Timeframe, ...]] = {
    Timeframe.M1: (Timeframe.M5, Timeframe.M15),
    Timeframe.M5: (Timeframe.H1, Timeframe.H4),
    Timeframe.M15: (Timeframe.H1, Timeframe.H4),
    Timeframe.M30: (Timeframe.H4, Timeframe.D1),
    Timeframe.H1: (Timeframe.H4, Timeframe.D1),
    Timeframe.H4: (Timeframe.D1,),
    Timeframe.D1: (),
}
"""What is seen beside each decision timeframe."""
DECISION_BARS = WARMUP_BARS + HISTORY_BARS
"""Enough for percentiles to rank among the same history live as in a simulation."""
CONTEXT_BARS = 500
"""Enough to be warm, on the higher timeframes."""
_OF_MANY = frozenset({"breadth", "correlations"})
"""Data that rest on candles of several symbols."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the source answered, all of it checked against the moment of the question."""

    candles: tuple[Candles, ...]
    """Per timeframe, the decision timeframe first."""
    tick: Tick
    book: OrderBook | None
    funding: Funding | None
    open_interest: Decimal | None
    venue: VenueState
    others: tuple[Candles, ...]
    """Decision candles of the session's other symbols, for breadth."""
    company: Mapping[str, Candles]
    """Per symbol of the session its 4h candles, for correlation; empty where they cannot be."""


class Look(NamedTuple):
    """One look at an instrument."""

    snapshot: Snapshot
    candles: Candles
    """Of the decision timeframe: what indicators and regime were computed from."""


class Observer:
    """Takes snapshots of one source for a session's symbols."""

    def __init__(self, source: MarketSource, timeframe: Timeframe, symbols: Sequence[str]) -> None:
        self.source = source
        self.timeframe = timeframe
        self.symbols = tuple(symbols)
        self.timeframes = (timeframe, *HIGHER[timeframe])
        self._looks = BookLooks()

    async def snapshot(self, symbol: str, as_of: datetime) -> Snapshot:
        """What is known about `symbol` as of `as_of`; as `look`."""
        return (await self.look(symbol, as_of)).snapshot

    async def look(self, symbol: str, as_of: datetime) -> Look:
        """What is known about `symbol` as of `as_of`, and the candles that it rests on.

        Raises:
            DataError: no candle is closed or no price known yet, or the source answered with
                something that was not known at `as_of`.
            Unreachable: no answer.
        """
        seen = await self._ask(symbol, as_of)
        decision = seen.candles[0]
        instrument = self.source.instrument(symbol)
        features = tuple(features_at(candles) for candles in seen.candles if len(candles))
        breadth = _breadth(features[0], seen.others)
        market_regime = regime(decision, features[0], breadth)
        turnover, related = turnover_24h(decision), correlations(symbol, seen.company)
        book = seen.book or modelled_book(
            decision, instrument.price_tick, seen.tick.price, seen.tick.at
        )
        rank = self._book_rank(symbol, as_of, decision, book)
        warm = [candles for candles in seen.candles if len(candles)]
        snapshot = Snapshot(
            symbol=symbol,
            kind=instrument.kind,
            as_of=as_of,
            timeframe=self.timeframe,
            last=seen.tick.price,
            last_at=seen.tick.at,
            book=book,
            bars=shown_bars(decision),
            features=features,
            regime=market_regime,
            longer_regimes=tuple(map(longer_regime, warm[1:], features[1:])),
            recent=tuple(map(recent_series, warm)),
            universe=self._universe(symbol, seen),
            book_rank=rank,
            funding=seen.funding,
            open_interest=seen.open_interest,
            turnover_24h=turnover,
            gap_bars=gap_bars(decision, as_of, instrument.hours),
            correlations=related,
            venue_status=seen.venue.status,
            clock_skew_s=seen.venue.clock_skew_s,
            quality=_quality(seen, instrument, as_of),
            missing=(
                *missing_features(seen.candles, features),
                *missing_regime(market_regime, seen.others),
                *missing_rank(book, rank),
                *missing_facts(
                    self.timeframe,
                    turnover,
                    (name for name in self._others(symbol) if name not in related),
                ),
                *self._missing_data(seen, book, perpetual=instrument.kind == "perpetual"),
            ),
            provenance=self._provenance(symbol, seen, book, as_of),
        )
        return Look(snapshot, decision)

    def _universe(self, symbol: str, seen: _Seen) -> Universe | None:
        """All symbols of the session, the one under decision first."""
        names = (symbol, *self._others(symbol))
        windows = dict(zip(names, (seen.candles[0], *seen.others), strict=True))
        return universe(windows, seen.company)

    def _book_rank(
        self, symbol: str, as_of: datetime, decision: Candles, book: OrderBook | None
    ) -> BookRank | None:
        if book is None:
            return None
        if book.origin == "modelled":
            return modelled_rank(decision)
        return self._looks.rank(symbol, as_of, book) if book.origin == "venue" else None

    async def _ask(self, symbol: str, as_of: datetime) -> _Seen:
        """Ask for everything at once."""
        source = self.source
        windows, tick, book, funding, open_interest, venue = await asyncio.gather(
            self._windows(symbol, as_of),
            source.tick(symbol, as_of),
            source.book(symbol, as_of),
            source.funding(symbol, as_of),
            source.open_interest(symbol, as_of),
            source.venue(as_of),
        )
        own = tuple(windows[symbol, timeframe] for timeframe in self.timeframes)
        if tick is None or not len(own[0]):
            what = "price" if tick is None else f"closed {self.timeframe} candle"
            raise DataError(
                f"{source.info.name} knows no {what} of {symbol!r} at {iso(as_of)}; "
                "start later, or give data that begins earlier"
            )
        others = tuple(windows[name, self.timeframe] for name in self._others(symbol))
        company = {
            name: candles
            for (name, timeframe), candles in windows.items()
            if others and timeframe is CORRELATION_TIMEFRAME
        }
        return _Seen(own, tick, book, funding, open_interest, venue, others, company)

    async def _windows(self, symbol: str, as_of: datetime) -> dict[tuple[str, Timeframe], Candles]:
        """Every window of candles that is needed, each asked for once."""
        others = self._others(symbol)
        bars: dict[tuple[str, Timeframe], int] = {}
        if others and self.source.info.base_timeframe.ms <= CORRELATION_TIMEFRAME.ms:
            bars |= {(name, CORRELATION_TIMEFRAME): CORRELATION_BARS for name in (symbol, *others)}
        bars |= {(symbol, timeframe): CONTEXT_BARS for timeframe in self.timeframes}
        bars |= {(name, self.timeframe): DECISION_BARS for name in (symbol, *others)}
        asked = (self.source.candles(*key, as_of, count) for key, count in bars.items())
        return dict(zip(bars, await asyncio.gather(*asked), strict=True))

    def _others(self, symbol: str) -> tuple[str, ...]:
        """The session's other symbols."""
        return tuple(name for name in self.symbols if name != symbol)

    def _provenance(
        self, symbol: str, seen: _Seen, book: OrderBook | None, as_of: datetime
    ) -> dict[str, Provenance]:
        """Source and age of each datum; the one place that refuses what comes from the future."""
        info = self.source.info
        stamps = {f"candles.{candles.timeframe}": candles.known_at for candles in seen.candles} | {
            "last": seen.tick.at,
            "book": book.at if book else None,
            "funding": seen.funding.known_at if seen.funding else None,
            "open_interest": None if seen.open_interest is None else as_of,
            "breadth": _newest(seen.others),
            "correlations": _newest(seen.company.values()),
            "venue": None if seen.venue[:2] == (None, None) else as_of,
        }
        for datum, known_at in stamps.items():
            if known_at is not None and known_at > as_of:
                raise DataError(
                    f"{info.name} gave {datum} stamped {iso(known_at)} when asked as of "
                    f"{iso(as_of)}; a decision may only see what was known then"
                )
        modelled = book is not None and book.origin == "modelled"

        def name(datum: str) -> str:
            said, source = info.name, self.source
            if isinstance(source, ManySources) and datum not in _OF_MANY:
                said = source.answered_by(datum, symbol)
            return f"{said} (modelled)" if modelled and datum == "book" else said

        return {
            datum: Provenance(
                source=name(datum),
                origin=info.origin,
                known_at=known_at,
            )
            for datum, known_at in stamps.items()
            if known_at is not None
        }

    def _missing_data(
        self, seen: _Seen, book: OrderBook | None, *, perpetual: bool
    ) -> Iterator[str]:
        """What the source itself lacks."""
        info = self.source.info
        if seen.book is None:
            why = "has none as of now" if "order_book" in info.offers else "offers none"
            instead = "modelled from candles" if book else "none can be modelled without volume"
            yield f"book: {info.name} {why}, {instead}"
        if perpetual and seen.funding is None:
            why = "no rate is known yet" if "funding" in info.offers else f"{info.name} offers none"
            yield f"funding: {why}"
        if seen.open_interest is None:
            known = "open_interest" in info.offers
            yield f"open interest: {info.name} {'has none as of now' if known else 'offers none'}"
        if seen.venue.status is None:
            yield f"venue status: {info.name} did not say"
        if seen.venue.clock_skew_s is None:
            yield f"clock skew: {info.name} did not tell its time"


def _quality(seen: _Seen, instrument: Instrument, as_of: datetime) -> tuple[QualityFlag, ...]:
    """What is wrong with the data of this instrument, in one order."""
    hours = instrument.hours
    flags = [flag for candles in seen.candles for flag in candle_flags(candles, as_of, hours)]
    flags += book_flags(seen.book) if seen.book else ()
    flags += (flag for flag in seen.venue.flags if flag.datum.endswith(f" {instrument.symbol}"))
    return tuple(sorted(flags, key=lambda flag: (flag.datum, flag.defect, flag.first_at)))


def _breadth(own: Features, others: Sequence[Candles]) -> float | None:
    """Share of the symbols that close above their EMA 50, among those that have one."""
    above = [closes_above(candles, "ema_50") for candles in others if len(candles)]
    if own.ema_50 is not None:
        above.append(own.close > own.ema_50)
    known = [one for one in above if one is not None]
    return sum(known) / len(known) if len(known) > 1 else None


def _newest(windows: Iterable[Candles]) -> datetime | None:
    """When the newest candle among them became known."""
    return max(filter(None, (candles.known_at for candles in windows)), default=None)
