"""Stocks by the real ib_async against a gateway on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from domain.candles import Timeframe
from domain.clock import FixedClock, from_ms
from domain.errors import AccessRefused, ConfigError, DataError, UnknownSymbol, Unreachable
from domain.quality import Defect
from domain.trading_hours import TradingHours
from market.facts import gap_bars
from market.observe import Observer
from market.sources.ib import IbSource
from market.sources.ib_gateway import Gateway
from market.sources.ib_market import to_hours
from market.sources.ib_shares import whole_ratio
from market.sources.open import make_source
from tests.market.feeds.samples import MovedClock
from tests.servers.ib_gateway import IbGateway, Listing

FRIDAY = datetime(2026, 11, 20, 16, 20, tzinfo=UTC)
SATURDAY = FRIDAY + timedelta(days=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Floor:
    """A gateway and a source at one clock."""

    def __init__(self, at: datetime = FRIDAY) -> None:
        self.clock = MovedClock(at)
        self.gateway = IbGateway(now=self.clock.now)
        self.sources: list[IbSource] = []

    async def source(self, *symbols: str, clock: FixedClock | None = None) -> IbSource:
        made = IbSource("127.0.0.1", self.gateway.port, clock or self.clock)
        self.sources.append(made)
        await made.open(symbols or ("AAPL",))
        return made


@pytest.fixture
async def floor() -> AsyncIterator[Floor]:
    stage = Floor()
    async with stage.gateway:
        yield stage
        for source in stage.sources:
            await source.close()


async def test_letters_become_a_symbol_with_the_currency_that_the_gateway_tells(floor: Floor):
    source = await floor.source()
    instrument = source.instrument("AAPL")
    assert instrument is source.instrument("AAPL/USD")
    assert (instrument.symbol, instrument.base, instrument.quote) == ("AAPL/USD", "AAPL", "USD")
    assert (instrument.kind, instrument.price_tick) == ("spot", Decimal("0.01"))
    assert instrument.quantity_step == instrument.min_quantity == Decimal("0.0001")


async def test_a_stock_of_several_currencies_must_be_named_with_one(floor: Floor):
    floor.gateway.listings = (Listing(), Listing(currency="MXN", contract_id=2))
    with pytest.raises(DataError, match=r"several currencies at .* name AAPL/MXN or AAPL/USD"):
        await floor.source("AAPL")
    assert (await floor.source("AAPL/MXN")).instrument("AAPL/MXN").quote == "MXN"


async def test_an_unknown_stock_is_an_unknown_symbol(floor: Floor):
    with pytest.raises(UnknownSymbol, match="'NOPE'"):
        await floor.source("NOPE")
    with pytest.raises(DataError, match="expected to look like AAPL or AAPL/USD"):
        await floor.source("AAPL/USD:USD")


async def test_candles_are_closed_on_our_grid_and_hold_only_trading_hours(floor: Floor):
    source = await floor.source()
    for timeframe in Timeframe:
        candles = await source.candles("AAPL", timeframe, FRIDAY, 40)
        assert len(candles) == 40, timeframe
        assert not np.any(candles.open_ms % timeframe.ms)
        assert candles.known_at is not None
        assert candles.known_at <= FRIDAY
        assert all(from_ms(int(s)).weekday() < 5 for s in candles.open_ms)
    hours = await source.candles("AAPL", Timeframe.H1, FRIDAY, 10)
    assert [from_ms(int(s)).hour for s in hours.open_ms] == [
        20, 14, 15, 16, 17, 18, 19, 20, 14, 15,
    ]  # fmt: skip
    opening = await source.candles("AAPL", Timeframe.H1, FRIDAY.replace(hour=15, minute=0), 1)
    halves = await source.candles("AAPL", Timeframe.M30, FRIDAY.replace(hour=15, minute=0), 1)
    assert (opening.open[0], opening.close[0]) == (halves.open[0], halves.close[0])


async def test_the_last_price_is_the_last_trade_and_at_night_the_last_bar(floor: Floor):
    source = await floor.source()
    tick = await source.tick("AAPL", FRIDAY)
    assert tick is not None
    assert float(tick.price) == pytest.approx(floor.gateway.price(FRIDAY))
    assert len(await source.trades("AAPL", FRIDAY, 5)) == 5
    floor.clock.at = SATURDAY
    asleep = await source.tick("AAPL", SATURDAY)
    assert asleep is not None
    assert asleep.at == FRIDAY.replace(hour=21, minute=0)


async def test_the_venue_is_open_in_its_hours_only_holidays_included(floor: Floor):
    floor.gateway.closed_days = {"20261123"}
    source = await floor.source()
    expected = {
        FRIDAY: "open",
        FRIDAY.replace(hour=14, minute=29): "closed",
        FRIDAY.replace(hour=21, minute=0): "closed",
        SATURDAY: "closed",
        FRIDAY + 3 * DAY: "closed",
        FRIDAY + 4 * DAY: "open",
    }
    for at, status in expected.items():
        assert (await source.venue(at)).status == status, at
    state = await source.venue(FRIDAY)
    assert state.clock_skew_s is not None
    assert abs(state.clock_skew_s) <= 1


async def test_nights_and_weekends_are_no_gaps_and_a_hole_in_a_day_is_one(floor: Floor):
    source = await floor.source()
    snapshot = await Observer(source, Timeframe.M30, ["AAPL/USD"]).snapshot("AAPL/USD", FRIDAY)
    assert snapshot.gap_bars == 0
    assert snapshot.venue_status == "open"
    assert not [flag for flag in snapshot.quality if flag.defect is Defect.GAP]
    whole = floor.gateway.is_open
    hole = FRIDAY.replace(hour=15, minute=0)
    floor.gateway.is_open = lambda at: whole(at) and not hole <= at < hole + HOUR / 2  # type: ignore[method-assign]
    other = await floor.source()
    holed = await other.candles("AAPL", Timeframe.M30, FRIDAY, 30)
    assert gap_bars(holed, FRIDAY, other.instrument("AAPL").hours) == 1
    assert gap_bars(holed, FRIDAY) == 1 + 3 * 35, "around the clock nights are gaps"


async def test_a_split_leaves_a_running_session_in_the_shares_it_began_with(floor: Floor):
    source = await floor.source()
    before = await source.candles("AAPL", Timeframe.M30, FRIDAY, 50)
    floor.clock.at = monday = FRIDAY + 3 * DAY
    floor.gateway.split = 4.0
    after = await source.candles("AAPL", Timeframe.M30, monday, 50)
    assert np.all(np.abs(np.diff(np.log(after.close))) < 0.1), "nothing jumps"
    common = np.intersect1d(before.open_ms, after.open_ms, return_indices=True)
    assert np.allclose(before.close[common[1]], after.close[common[2]], rtol=1e-4)
    tick = await source.tick("AAPL", monday)
    assert tick is not None
    assert float(tick.price) == pytest.approx(4 * floor.gateway.price(monday), rel=1e-4)
    assert {flaw.defect for flaw in after.series.flaws} == {Defect.REVISED}
    (trade,) = await source.trades("AAPL", monday, 1)
    assert trade.quantity == 25
    fresh = await (await floor.source()).candles("AAPL", Timeframe.M30, monday, 50)
    assert np.allclose(fresh.close * 4, after.close, rtol=1e-4), "a later session: adjusted alone"


async def test_a_process_started_after_a_split_counts_in_the_shares_of_its_session(floor: Floor):
    begun = await floor.source()
    friday = await begun.tick("AAPL", FRIDAY)
    kept = begun.yardsticks()
    assert friday is not None
    floor.clock.at = monday = FRIDAY + 3 * DAY
    for split, said in ((1.0, 0), (4.0, 1), (8.0, 1), (0.1, 1)):
        floor.gateway.split = split
        later = await floor.source()
        later.measure_by(kept)
        tick = await later.tick("AAPL", monday)
        assert tick is not None
        assert float(tick.price) == pytest.approx(split * floor.gateway.price(monday), rel=1e-6)
        told = await later.candles("AAPL", Timeframe.H1, monday, 30)
        again = await begun.candles("AAPL", Timeframe.H1, FRIDAY, 30)
        common = np.intersect1d(told.open_ms, again.open_ms, return_indices=True)
        assert np.allclose(told.close[common[1]], again.close[common[2]], rtol=1e-4)
        notices = later.notices()
        assert len(notices) == said
        assert all(f"one share of this session is {split:g} of today's" in one for one in notices)
        assert later.notices() == []


async def test_the_first_price_after_an_opening_knows_of_the_split(floor: Floor):
    source = await floor.source()
    floor.clock.at = early = (FRIDAY + 3 * DAY).replace(hour=14, minute=29)
    assert await source.tick("AAPL", early) is not None
    floor.gateway.split = 4.0
    floor.clock.at = opened = early + timedelta(seconds=90)
    tick = await source.tick("AAPL", opened)
    assert tick is not None
    assert float(tick.price) == pytest.approx(4 * floor.gateway.price(opened), rel=1e-6)


async def test_bars_that_are_adjusted_before_the_days_are_refused_until_both_are(floor: Floor):
    source = await floor.source()
    before = await source.candles("AAPL", Timeframe.M30, FRIDAY, 50)
    floor.clock.at = monday = FRIDAY + 3 * DAY
    floor.gateway.split, floor.gateway.split_of = 4.0, {"30 mins"}
    with pytest.raises(DataError, match="about to adjust those for a split"):
        await source.candles("AAPL", Timeframe.M30, monday, 50)
    floor.gateway.split_of = None
    after = await source.candles("AAPL", Timeframe.M30, monday, 50)
    common = np.intersect1d(before.open_ms, after.open_ms, return_indices=True)
    assert np.allclose(before.close[common[1]], after.close[common[2]], rtol=1e-4)


async def test_a_yardstick_that_is_gone_or_bent_is_no_guess(floor: Floor):
    source = await floor.source()
    days = source.yardsticks()["AAPL/USD"]
    assert len(days) == 5
    bent = {day: close * (1 + n / 10) for n, (day, close) in enumerate(days.items(), 1)}
    corrected = {day: close * (1.3 if day == min(days) else 1) for day, close in days.items()}
    gone = {"1999-01-03T00:00:00Z": 100.0}
    source.measure_by({"AAPL/USD": corrected})
    tick = await source.tick("AAPL", FRIDAY)
    assert tick is not None
    assert float(tick.price) == pytest.approx(floor.gateway.price(FRIDAY))
    for yardstick, words in ((bent, "a split has one factor"), (gone, "close what is held")):
        source.measure_by({"AAPL/USD": yardstick})
        with pytest.raises(DataError, match=words):
            await source.tick("AAPL", FRIDAY)


def test_a_split_is_of_small_numbers_where_it_can_be():
    told = {4.00003: 4.0, 1.49998: 1.5, 1.05001: 1.05, 0.0999999: 0.1, 50.002: 50.0}
    assert {ratio: whole_ratio(ratio) for ratio in told} == pytest.approx(told, rel=1e-12)
    assert whole_ratio(1.2345) == 1.2345


async def test_a_replay_sees_the_past_and_its_hours(floor: Floor):
    clock = FixedClock(FRIDAY - 7 * DAY)
    source = await floor.source(clock=clock)
    at = clock.now()
    assert (await source.venue(at)).status == "open"
    assert (await source.venue(at + 10 * HOUR)).status == "closed"
    tick = await source.tick("AAPL", at)
    assert tick is not None
    assert tick.at <= at
    assert await source.trades("AAPL", at, 5) == ()
    bars = await source.bars_after("AAPL", at, at + HOUR)
    assert len(bars) == 60


async def test_errors_of_the_gateway_have_our_types(floor: Floor):
    source = await floor.source()
    expected = {
        (354, "Requested market data is not subscribed"): AccessRefused,
        (162, "Historical Market Data Service error message:API pacing violation"): Unreachable,
        (504, "Not connected"): Unreachable,
        (366, "No historical data query found"): DataError,
    }
    for (code, text), kind in expected.items():
        floor.gateway.errors["20"] = (code, text)
        with pytest.raises(kind):
            await source.candles("AAPL", Timeframe.M5, FRIDAY, 10)
    floor.gateway.errors["20"] = (162, "HMDS query returned no data: AAPL@SMART Trades")
    assert len(await source.candles("AAPL", Timeframe.M5, FRIDAY, 10)) == 0


async def test_a_gateway_that_is_silent_or_gone_is_unreachable(floor: Floor):
    quick = Gateway("127.0.0.1", floor.gateway.port, timeout_s=0.3)
    await quick.open()
    floor.gateway.silent = {"20", "49"}
    with pytest.raises(Unreachable, match=r"did not answer time in 0\.3 s"):
        await quick.now()
    await quick.close()
    await quick.close()
    with pytest.raises(Unreachable, match="start TWS or IB Gateway"):
        await Gateway("127.0.0.1", 9, timeout_s=0.3).open()


def test_the_market_is_named_by_host_and_port():
    clock = MovedClock()
    assert isinstance(make_source("ib:127.0.0.1:7497", clock=clock), IbSource)
    for wrong in ("ib", "ib:", "ib:host", "ib:host:0", "ib:host:x", "ib:host:70000"):
        with pytest.raises(ConfigError, match="ib:HOST:PORT"):
            make_source(wrong, clock=clock)


def test_hours_are_read_in_their_own_zone_summer_and_winter():
    text = "20261030:0930-20261030:1600;20261031:CLOSED;20261102:0930-20261102:1600"
    hours = to_hours(text, "US/Eastern")
    assert hours.is_open(datetime(2026, 10, 30, 13, 30, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 11, 2, 13, 30, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 11, 2, 14, 30, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 7, 1, 13, 30, tzinfo=UTC)), "usual hours of a year"
    assert not hours.is_open(datetime(2026, 7, 4, 13, 30, tzinfo=UTC))
    holidays = to_hours("20261126:CLOSED", "US/Eastern")
    assert not holidays.is_open(datetime(2026, 11, 27, 15, tzinfo=UTC)), "nothing is assumed"
    assert isinstance(hours, TradingHours)


@pytest.mark.parametrize(("text", "zone"), [("", "UTC"), ("soon", "UTC"), ("20261126:CLOSED", "X")])
def test_hours_that_cannot_be_read_are_refused(text: str, zone: str):
    with pytest.raises(DataError, match="trading hours"):
        to_hours(text, zone)
