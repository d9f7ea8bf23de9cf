"""A session that was, opened to be looked at again: its journal, its decisions, its market."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from app.home import database_place
from app.options import SessionOptions, stored_options
from app.report import open_journal
from backtest.record import StoredDecision, read_decisions
from domain.clock import EPOCH, FixedClock
from domain.errors import ConfigError, DataError
from journal.books import Journal
from market.sources.open import exchanges_of, make_source
from market.sources.recorded import RecordedSource
from market.store.store import MarketStore
from traces.store import TraceStore


class RecordedSession(NamedTuple):
    """What is on record of it."""

    journal: Journal
    store: TraceStore
    decisions: list[StoredDecision]

    async def market(self) -> tuple[RecordedSource, SessionOptions]:
        """Its market as it is on record, opened, and what it was asked to be.

        Raises:
            ConfigError: none of the market is on record.
            DataError: of one of its symbols there is nothing.
        """
        options = stored_options(self.journal.session, self.journal.config(), None, None)
        store = MarketStore(self.journal.database)
        clock = FixedClock(EPOCH)
        source = make_source(_on_record(options), clock=clock, seed=options.seed, store=store)
        if not isinstance(source, RecordedSource):
            raise ConfigError(f"market {options.market!r} is not on record")
        await source.open(options.symbols)
        return source, options


@contextmanager
def recorded_session(name: str | None) -> Iterator[RecordedSession]:
    """A session until the block ends; None is the newest.

    Raises:
        StateError: no such session, or it has no traces.
    """
    database, journal = open_journal(database_place(), name)
    try:
        store = TraceStore(database, journal.session)
        yield RecordedSession(journal, store, read_decisions(store))
    finally:
        database.close()


def known_until(source: RecordedSource) -> datetime:
    """The close of the newest candle that all symbols have."""
    info = source.info
    if info.ends_at is None:
        raise DataError(f"{info.name} has no end of its own; expected a market on record")
    return info.ends_at + info.base_timeframe.delta


def _on_record(options: SessionOptions) -> str:
    """A live market's name as what the store keeps of it."""
    kind, _, names = options.market.partition(":")
    if kind == "ccxt":
        from market.sources.exchange_archive import kept_as

        return f"store:{kept_as(*exchanges_of(names, options.market_url)[0])}"
    return "store:ib" if kind == "ib" else options.market
