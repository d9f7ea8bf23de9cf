"""The record of a live session is judged from its traces, and walked on what the store kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.home import DATABASE
from app.regating import regate
from domain.candles import Series
from domain.clock import to_ms
from market.sources.synthetic import SyntheticSource
from market.store.candles import CandleShelf
from market.store.ranges import Stretch
from market.store.stamps import StampShelf
from market.store.store import MarketStore
from policies.policy_file import read_policy
from tests.backtest.room import OPTIONS, OWN, START, SYMBOL, lived, silent
from traces.database import Database
from traces.tables import METADATA

H = timedelta(hours=1)
EXCHANGE = "kraken"


@pytest.fixture
def home(in_memory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lived(in_memory, options=replace(OPTIONS, market=f"ccxt:{EXCHANGE}", end=START + 12 * H))
    monkeypatch.setenv("PLANGATE_HOME", str(in_memory))
    return in_memory


def keep(home: Path, hours: int) -> None:
    """What an exchange would have left in the store, up to so many hours after the first slot."""
    source = SyntheticSource(7)
    asyncio.run(source.open([SYMBOL]))
    market = source.market(SYMBOL)
    base, until = market.base, START + hours * H
    count = (
        int((until - source.info.starts_at) / base.timeframe.delta) if source.info.starts_at else 0
    )
    columns = ("open_ms", "open", "high", "low", "close", "volume")
    series = Series(base.timeframe, *(getattr(base, name)[:count].copy() for name in columns))
    covered = Stretch(int(series.open_ms[0]), to_ms(until))
    database = Database.open(home / DATABASE, METADATA)
    store = MarketStore(database)
    store.see_instrument(EXCHANGE, market.instrument, START)
    CandleShelf(store, EXCHANGE, SYMBOL, base.timeframe).keep(series, covered, START)
    assert market.funding is not None
    rates = {to_ms(s.at): s.rate_fraction for s in market.funding.between(START, until)}
    StampShelf(store, EXCHANGE, SYMBOL, "funding").keep(rates, covered, START)
    database.close()


def test_it_is_walked_as_far_as_the_store_has_its_market(home: Path) -> None:
    own = read_policy(OWN, "own")
    before = regate(own, None, None, silent, walk=True)
    assert before["judged_count"] == before["plans_count"] > 0
    assert before["walk"] is None
    assert "market store" in before["no_walk"]

    keep(home, hours=6)
    after = regate(own, None, None, silent, walk=True)
    assert (after["no_walk"], after["flips"]) == (None, [])
    assert EXCHANGE in after["walk"]["market"]
    assert after["decisions_count"] == 3
    assert after["walk"]["decisions_count"] == 2, "the third lies after the end of the data"
