from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.candles import Candles, Series, Timeframe
from domain.errors import DataError
from domain.snapshot import Funding, Snapshot
from market.facts import correlations, turnover_24h
from market.features import features_at
from market.modelled_book import modelled_book
from market.observe import HIGHER, Observer
from market.protocol import VenueState
from market.regime import regime
from tests.market.handmade import (
    START,
    HandSource,
    changed,
    close_time,
    cut,
    drifting,
    small_book,
    walk,
    without,
)

BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"
HOURS = walk(1_500)
DATA = {
    (BTC, Timeframe.H1): HOURS,
    (BTC, Timeframe.H4): walk(375, seed=2, timeframe=Timeframe.H4),
    (BTC, Timeframe.D1): walk(62, seed=3, timeframe=Timeframe.D1),
}
NOW = close_time(HOURS, 1_400)


async def seen(source: HandSource, *symbols: str, at: timedelta = timedelta(0)) -> Snapshot:
    return await Observer(source, Timeframe.H1, symbols or (BTC,)).snapshot(BTC, NOW + at)


async def test_a_snapshot_holds_the_moment_as_it_was() -> None:
    snapshot = await seen(HandSource(DATA))
    decision = Candles(HOURS, 0, 1_400)
    assert (snapshot.symbol, snapshot.as_of, snapshot.kind) == (BTC, NOW, "spot")
    assert snapshot.last_at == NOW
    assert snapshot.last == Decimal(str(round(float(HOURS.close[1_399]), 1)))
    assert snapshot.features[0] == features_at(decision)
    assert snapshot.regime == regime(decision, features_at(decision), None)
    assert [found.timeframe for found in snapshot.features] == ["1h", "4h", "1d"]


async def test_the_bars_are_the_newest_day_of_closed_candles() -> None:
    bars = (await seen(HandSource(DATA))).bars
    assert len(bars) == 24
    assert bars[-1].open_time == NOW - timedelta(hours=1)
    assert bars[-1].close == HOURS.close[1_399]
    assert [bar.open_time for bar in bars] == sorted(bar.open_time for bar in bars)


async def test_the_candle_that_is_forming_is_not_seen() -> None:
    later = await seen(HandSource(DATA), at=timedelta(minutes=59))
    assert later.bars == (await seen(HandSource(DATA))).bars


@pytest.mark.parametrize("timeframe", list(Timeframe))
async def test_each_timeframe_is_seen_with_coarser_ones(timeframe: Timeframe) -> None:
    wanted = (timeframe, *HIGHER[timeframe])
    data = {(BTC, each): walk(400, timeframe=each) for each in wanted}
    snapshot = await Observer(HandSource(data), timeframe, (BTC,)).snapshot(
        BTC, START + 400 * timeframe.delta
    )
    assert tuple(f.timeframe for f in snapshot.features)[:1] == (timeframe,)
    assert all(coarse.seconds > timeframe.seconds for coarse in HIGHER[timeframe])


async def test_without_a_book_one_is_modelled_and_called_so() -> None:
    snapshot = await seen(HandSource(DATA))
    assert snapshot.book == modelled_book(
        Candles(HOURS, 0, 1_400), Decimal("0.1"), snapshot.last, NOW
    )
    assert snapshot.provenance["book"].source == "hand (modelled)"
    assert "book: hand offers none, modelled from candles" in snapshot.missing


async def test_a_book_of_the_source_is_taken_as_it_is() -> None:
    book = small_book(NOW)
    snapshot = await seen(HandSource(DATA, book=book))
    assert snapshot.book == book
    assert snapshot.provenance["book"].source == "hand"
    assert not any(line.startswith("book") for line in snapshot.missing)


async def test_where_nobody_trades_there_is_no_book_and_it_is_said() -> None:
    silent = {**DATA, (BTC, Timeframe.H1): changed(HOURS, slice(1_300, 1_400), volume=0.0)}
    snapshot = await seen(HandSource(silent))
    assert snapshot.book is None
    assert "book" not in snapshot.provenance
    assert "book: hand offers none, none can be modelled without volume" in snapshot.missing
    assert any(
        line.startswith("1h vwap_24, volume_trend: nothing moved") for line in snapshot.missing
    )
    assert snapshot.regime.sit_out


async def test_what_is_absent_is_named_with_its_reason() -> None:
    missing = (await seen(HandSource(DATA, perpetual=True))).missing
    assert "1d features: warming up, 58 of 300 bars" in missing
    assert "funding: hand offers none" in missing
    assert "open interest: hand offers none" in missing


async def test_a_complete_market_of_spot_misses_only_what_the_source_lacks() -> None:
    warm = {**DATA, (BTC, Timeframe.D1): walk(62, timeframe=Timeframe.D1)}
    missing = (await seen(HandSource(warm, book=small_book(NOW)))).missing
    assert missing == (
        "1d features: warming up, 58 of 300 bars",
        "spread and depth percentiles: fewer than 30 books were seen since the start",
        "open interest: hand offers none",
    )


async def test_volatility_that_rests_on_less_than_30_days_says_so() -> None:
    early = Observer(HandSource(DATA), Timeframe.H1, (BTC,))
    snapshot = await early.snapshot(BTC, close_time(HOURS, 400))
    assert "1h realised volatility: rests on 399 bars, 30 days hold 720" in snapshot.missing


@pytest.mark.parametrize(
    ("bars", "absent"), [(350, {"volatility"}), (110, {"volatility", "liquidity", "spread"})]
)
async def test_a_percentile_among_too_little_history_is_named(bars: int, absent: set[str]) -> None:
    observer = Observer(HandSource(DATA), Timeframe.H1, (BTC,))
    missing = (await observer.snapshot(BTC, close_time(HOURS, bars))).missing
    named = {line.split()[0] for line in missing if "percentile" in line}
    assert named == absent


async def test_a_higher_timeframe_without_a_closed_candle_is_named() -> None:
    only = {(BTC, Timeframe.H1): HOURS}
    snapshot = await seen(HandSource(only))
    assert [found.timeframe for found in snapshot.features] == ["1h"]
    assert "4h candles: none is closed yet" in snapshot.missing
    assert "candles.4h" not in snapshot.provenance


async def test_funding_comes_with_its_stamp() -> None:
    due = NOW - timedelta(hours=3)
    funding = Funding(
        rate_fraction=Decimal("0.0001"),
        interval_hours=8,
        known_at=due,
        next_at=due + timedelta(hours=8),
    )
    snapshot = await seen(HandSource(DATA, perpetual=True, funding=funding))
    assert snapshot.funding == funding
    assert snapshot.provenance["funding"].known_at == due
    assert not any(line.startswith("funding") for line in snapshot.missing)


async def test_every_datum_says_where_it_comes_from_and_that_it_was_known() -> None:
    provenance = (await seen(HandSource(DATA), at=timedelta(minutes=30))).provenance
    candles = {"candles.1h", "candles.4h", "candles.1d"}
    assert set(provenance) == {*candles, "last", "book", "venue"}
    assert all(entry.known_at <= NOW + timedelta(minutes=30) for entry in provenance.values())
    assert {entry.origin for entry in provenance.values()} == {"synthetic"}
    assert provenance["candles.1h"].known_at == NOW


async def test_a_source_that_leaks_a_later_candle_is_refused() -> None:
    with pytest.raises(DataError, match=r"hand gave candles\.1h stamped .* when asked as of"):
        await seen(HandSource(DATA, ahead=timedelta(hours=1)))


async def test_a_source_that_leaks_a_later_book_is_refused() -> None:
    with pytest.raises(DataError, match="hand gave book stamped"):
        await seen(HandSource(DATA, book=small_book(NOW + timedelta(seconds=1))))


async def test_before_the_first_candle_there_is_nothing_to_decide_on() -> None:
    observer = Observer(HandSource(DATA), Timeframe.H1, (BTC,))
    with pytest.raises(DataError, match="hand knows no price of 'BTC/USDT'"):
        await observer.snapshot(BTC, START)


async def test_without_a_candle_of_the_decision_timeframe_nothing_is_decided() -> None:
    only = {(BTC, Timeframe.M5): walk(20, timeframe=Timeframe.M5)}
    observer = Observer(HandSource(only), Timeframe.H1, (BTC,))
    with pytest.raises(DataError, match="knows no closed 1h candle"):
        await observer.snapshot(BTC, START + timedelta(minutes=30))


def with_others(*others: Series) -> HandSource:
    names = (ETH, SOL)
    return HandSource(
        {**DATA, **{(name, Timeframe.H1): of for name, of in zip(names, others, strict=False)}}
    )


async def test_breadth_is_the_share_of_symbols_above_their_average() -> None:
    rising, falling = drifting(1_500, 0.002), drifting(1_500, -0.002)
    own = features_at(Candles(HOURS, 0, 1_400))
    above = own.close > (own.ema_50 or 0)
    snapshot = await seen(with_others(rising, falling), BTC, ETH, SOL)
    assert snapshot.regime.breadth_fraction == pytest.approx((above + 1) / 3)
    assert snapshot.provenance["breadth"].known_at == NOW


async def test_a_single_symbol_has_no_breadth_and_misses_none() -> None:
    snapshot = await seen(with_others(HOURS, HOURS), BTC)
    assert snapshot.regime.breadth_fraction is None
    assert not any(line.startswith("breadth") for line in snapshot.missing)


async def test_breadth_among_too_few_warm_symbols_is_absent_and_said() -> None:
    snapshot = await seen(with_others(cut(HOURS, 100)), BTC, ETH)
    assert snapshot.regime.breadth_fraction is None
    assert "breadth: fewer than two symbols have a warm EMA 50" in snapshot.missing


async def test_turnover_gaps_and_venue_are_what_the_candles_and_the_venue_say() -> None:
    snapshot = await seen(HandSource(DATA, venue=VenueState("maintenance", -0.25)))
    assert snapshot.turnover_24h == turnover_24h(Candles(HOURS, 0, 1_400))
    assert snapshot.gap_bars == 0
    assert (snapshot.venue_status, snapshot.clock_skew_s) == ("maintenance", -0.25)
    assert snapshot.provenance["venue"].known_at == NOW
    holed = {**DATA, (BTC, Timeframe.H1): without(HOURS, 1_200, 1_203)}
    assert (await seen(HandSource(holed))).gap_bars == 3


async def test_what_the_venue_leaves_unanswered_is_absent_and_said() -> None:
    snapshot = await seen(HandSource(DATA, venue=VenueState(None, None)))
    assert (snapshot.venue_status, snapshot.clock_skew_s) == (None, None)
    assert "venue" not in snapshot.provenance
    assert "venue status: hand did not say" in snapshot.missing
    assert "clock skew: hand did not tell its time" in snapshot.missing
    half = await seen(HandSource(DATA, venue=VenueState("open", None)))
    assert "venue" in half.provenance
    assert "venue status: hand did not say" not in half.missing


async def test_turnover_of_less_than_a_day_is_absent_and_said() -> None:
    observer = Observer(HandSource(DATA), Timeframe.H1, (BTC,))
    early = await observer.snapshot(BTC, close_time(HOURS, 23))
    assert early.turnover_24h is None
    assert "24 h turnover: 1h candles do not reach back 24 h" in early.missing
    assert (await observer.snapshot(BTC, close_time(HOURS, 24))).turnover_24h is not None


def of_three(timeframe: Timeframe = Timeframe.H4) -> dict[tuple[str, Timeframe], Series]:
    others = {(ETH, timeframe): walk(375, seed=8, timeframe=timeframe)}
    return {**DATA, **others, (SOL, timeframe): walk(50, seed=9, timeframe=timeframe)}


async def test_correlation_is_told_per_other_symbol_or_why_it_is_not() -> None:
    data = of_three()
    snapshot = await seen(HandSource(data), BTC, ETH, SOL)
    windows = {name: Candles.whole(data[name, Timeframe.H4]).until(NOW) for name in (BTC, ETH)}
    assert snapshot.correlations == correlations(BTC, windows)
    assert set(snapshot.correlations) == {ETH}
    assert snapshot.provenance["correlations"].known_at == Timeframe.H4.floor(NOW)
    too_few = "fewer than 60 common 4h returns in 30 days, or none that moved"
    assert f"correlation with {SOL}: {too_few}" in snapshot.missing
    assert not any(line.startswith(f"correlation with {ETH}") for line in snapshot.missing)


async def test_a_single_symbol_has_no_company_and_misses_none() -> None:
    snapshot = await seen(HandSource(of_three()), BTC)
    assert snapshot.correlations == {}
    assert "correlations" not in snapshot.provenance
    assert not any(line.startswith("correlation") for line in snapshot.missing)


async def test_candles_of_a_day_have_no_four_hours_to_correlate() -> None:
    days = {(name, Timeframe.D1): walk(400, timeframe=Timeframe.D1) for name in (BTC, ETH)}
    observer = Observer(HandSource(days, base=Timeframe.D1), Timeframe.D1, (BTC, ETH))
    snapshot = await observer.snapshot(BTC, START + timedelta(days=380))
    assert snapshot.correlations == {}
    assert any(line.startswith(f"correlation with {ETH}") for line in snapshot.missing)
    day = days[BTC, Timeframe.D1]
    typical = (day.high[379] + day.low[379] + day.close[379]) / 3
    assert snapshot.turnover_24h == pytest.approx(typical * day.volume[379])


async def test_correlation_with_a_leaking_symbol_is_refused() -> None:
    with pytest.raises(DataError, match="stamped"):
        await seen(HandSource(of_three(), ahead=timedelta(hours=4)), BTC, ETH)


async def test_a_snapshot_is_the_same_when_the_data_ends_at_its_moment() -> None:
    ended = {key: cut(of, len(Candles.whole(of).until(NOW))) for key, of in DATA.items()}
    broken = {
        key: changed(of, slice(len(ended[key]), None), close=1e-9, volume=0.0)
        for key, of in DATA.items()
    }
    whole = (await seen(HandSource(DATA))).model_dump_json()
    assert (await seen(HandSource(ended))).model_dump_json() == whole
    assert (await seen(HandSource(broken))).model_dump_json() == whole


async def test_a_live_source_leads_to_what_a_recorded_one_does() -> None:
    long = {(BTC, Timeframe.H1): walk(3_600)}
    at = close_time(long[BTC, Timeframe.H1], 3_500)
    recorded, live = [
        await Observer(HandSource(long, live=live), Timeframe.H1, (BTC,)).snapshot(BTC, at)
        for live in (False, True)
    ]
    assert live.bars == recorded.bars
    assert live.book == recorded.book
    assert live.missing == recorded.missing
    assert live.regime.volatility_percentile == recorded.regime.volatility_percentile
    assert live.regime.liquidity == recorded.regime.liquidity
    assert live.regime.trend == recorded.regime.trend
    known = [(name, value) for name, value in recorded.features[0] if isinstance(value, float)]
    found = dict(live.features[0])
    assert {name: found[name] for name, _ in known} == pytest.approx(dict(known), rel=1e-6)


async def test_a_snapshot_survives_being_written_and_read() -> None:
    snapshot = await seen(HandSource(DATA, book=small_book(NOW)))
    assert Snapshot.model_validate_json(snapshot.model_dump_json()) == snapshot
