from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from domain.candles import Candles, Series, Timeframe
from domain.clock import FixedClock, from_ms, iso, parse_moment, require_utc, to_ms

T0 = datetime(2024, 1, 1, tzinfo=UTC)


def series(count: int, timeframe: Timeframe = Timeframe.H1) -> Series:
    prices = np.arange(1, count + 1, dtype=float)
    stamps = to_ms(T0) + np.arange(count, dtype=np.int64) * timeframe.ms
    return Series(timeframe, stamps, prices, prices + 1, prices - 0.5, prices, prices * 10)


def test_a_candle_is_known_at_open_plus_timeframe_and_not_a_moment_earlier() -> None:
    whole = Candles.whole(series(5))
    assert len(whole.until(T0 + timedelta(hours=1))) == 1
    assert len(whole.until(T0 + timedelta(hours=1) - timedelta(milliseconds=1))) == 0
    assert len(whole.until(T0 + timedelta(hours=2, minutes=59))) == 2
    assert len(whole.until(T0 + timedelta(days=9))) == 5


def test_windows_share_the_series_and_never_reach_outside_it() -> None:
    whole = Candles.whole(series(5))
    window = whole.until(T0 + timedelta(hours=4)).last(2)
    assert window.close.tolist() == [3.0, 4.0]
    assert window.open_ms.tolist() == [to_ms(T0) + 2 * 3_600_000, to_ms(T0) + 3 * 3_600_000]
    assert (window.open[0], window.high[0], window.low[0], window.volume[0]) == (3, 4, 2.5, 30)
    assert window.series is whole.series
    assert window.timeframe is Timeframe.H1
    assert window.known_at == T0 + timedelta(hours=4)
    assert len(whole.last(99)) == 5
    assert len(whole.last(-1)) == 0
    assert whole.last(0).known_at is None
    assert whole.since(T0 + timedelta(hours=3)).close.tolist() == [4.0, 5.0]
    assert len(whole.since(T0 + timedelta(days=3))) == 0


def test_a_series_cannot_be_written_to_and_is_itself_alone() -> None:
    one, other = series(2), series(2)
    assert one == one  # identity is what is tested
    assert one != other
    assert len({one, other}) == 2
    with pytest.raises(ValueError, match="read-only"):
        one.close[0] = 9


def test_timeframes_floor_to_their_own_boundaries() -> None:
    at = datetime(2024, 3, 5, 13, 47, tzinfo=UTC)
    assert Timeframe.H4.floor(at) == datetime(2024, 3, 5, 12, tzinfo=UTC)
    assert Timeframe.D1.floor(at) == datetime(2024, 3, 5, tzinfo=UTC)
    assert Timeframe.M15.delta == timedelta(minutes=15)
    assert Timeframe.D1.bars_per_year == 365
    assert Timeframe.M5.seconds == 300


def test_a_clock_does_not_run_backwards() -> None:
    clock = FixedClock(T0)
    clock.advance_to(T0 + timedelta(hours=1))
    clock.advance_to(T0)
    assert clock.now() == T0 + timedelta(hours=1)
    assert clock.jump_s() == 0


def test_moments_are_utc_or_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        require_utc(datetime(2024, 1, 1))  # noqa: DTZ001  # the naive value is the case
    berlin = datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert require_utc(berlin) == T0
    assert iso(berlin) == "2024-01-01T00:00:00Z"
    assert parse_moment("2024-01-01") == T0
    assert parse_moment("2024-01-01T01:00:00+01:00") == T0
    assert parse_moment("2024-01-01T00:00:00Z") == T0
    assert from_ms(to_ms(T0) + 5) == T0 + timedelta(milliseconds=5)
    with pytest.raises(ValueError, match="Invalid isoformat"):
        parse_moment("soon")
