from __future__ import annotations

import numpy as np
import pytest

from domain.candles import Candles, Series
from domain.snapshot import Regime
from market.features import feature_table, features_at
from market.regime import HISTORY_BARS, longer_regime, regime
from tests.market.handmade import changed, cut, drifting, tail, walk

LONG = walk(3_000, seed=5)


def regime_of(of: Series, stop: int | None = None, breadth: float | None = None) -> Regime:
    candles = Candles(of, 0, len(of) if stop is None else stop)
    return regime(candles, features_at(candles), breadth)


def wilder(of: Series, row: int, times: float) -> Series:
    """The same candles, with the wicks of the 30 before `row` made longer."""
    rows = slice(row - 30, row)
    middle = of.close[rows]
    return changed(
        of,
        rows,
        high=middle + (of.high[rows] - middle) * times,
        low=middle - (middle - of.low[rows]) * times,
    )


def test_a_percentile_is_the_share_of_history_at_or_below_now() -> None:
    column = feature_table(LONG).column("atr_fraction")
    past = column[2_500 - HISTORY_BARS : 2_500]
    expected = float(np.mean(past <= past[-1]))
    assert regime_of(LONG, 2_500).volatility_percentile == pytest.approx(expected)


@pytest.mark.parametrize(
    ("stop", "known"), [(300, False), (398, False), (399, True), (1_000, True)]
)
def test_a_percentile_needs_a_hundred_warm_values(stop: int, known: bool) -> None:
    found = regime_of(LONG, stop)
    assert (found.volatility_percentile is not None) == known
    assert (found.volatility is not None) == known


@pytest.mark.parametrize(
    ("low", "high", "bucket"),
    [(0.0, 0.25, "low"), (0.25, 0.75, "normal"), (0.75, 0.95, "high"), (0.95, 1.01, "extreme")],
)
def test_buckets_stand_where_the_snapshot_says_they_do(
    low: float, high: float, bucket: str
) -> None:
    seen = [regime_of(LONG, stop) for stop in range(1_000, 3_000, 3)]
    inside = [r for r in seen if low <= (r.volatility_percentile or 0) < high]
    assert inside
    assert {r.volatility for r in inside} == {bucket}


def volume_share(stop: int) -> float:
    """Share of the last 2,000 days' volumes at or below the newest one."""
    past = feature_table(LONG).column("volume_24")[max(0, stop - HISTORY_BARS) : stop]
    return float(np.mean(past[~np.isnan(past)] <= past[-1]))


def test_liquidity_ranks_the_last_day_of_volume() -> None:
    stops = range(1_000, 3_000, 3)
    expected = [
        "thin" if share < 0.2 else "deep" if share > 0.8 else "normal"
        for share in map(volume_share, stops)
    ]
    assert set(expected) == {"thin", "normal", "deep"}
    assert [regime_of(LONG, stop).liquidity for stop in stops] == expected


def test_thin_alone_is_no_reason_to_sit_out() -> None:
    thin = [stop for stop in range(1_000, 3_000, 3) if 0.02 <= volume_share(stop) < 0.2]
    reasons = [reason for stop in thin for reason in regime_of(LONG, stop).sit_out_reasons]
    assert thin
    assert not any(reason.startswith("Liquidity") for reason in reasons)


def test_a_rising_market_trends_up_and_a_falling_one_down() -> None:
    assert regime_of(drifting(600, 0.002)).trend == "up"
    assert regime_of(drifting(600, -0.002)).trend == "down"


def test_without_strength_there_is_no_trend_but_a_range() -> None:
    still = walk(600, seed=9)
    weak = [
        found
        for stop in range(400, 600)
        if (found := regime_of(still, stop)).adx_14 is not None and found.adx_14 < 20
    ]
    assert weak
    assert {found.trend for found in weak} == {"range"}


@pytest.mark.parametrize("sign", [1, -1])
def test_averages_against_the_vwap_slope_are_a_range(sign: int) -> None:
    seen = [
        (regime_of(LONG, stop), features_at(Candles(LONG, 0, stop))) for stop in range(400, 1_400)
    ]
    torn = [
        found.trend
        for found, features in seen
        if sign * (found.vwap_slope_bps or 0) < 0
        and sign * ((features.ema_20 or 0) - (features.ema_50 or 0)) > 0
        and (features.adx_14 or 0) >= 20
    ]
    assert torn
    assert set(torn) == {"range"}


def test_the_vwap_slope_is_per_bar_over_six_bars_in_bps() -> None:
    vwap = feature_table(LONG).column("vwap_24")
    expected = (vwap[999] / vwap[993] - 1) / 6 * 10_000
    assert regime_of(LONG, 1_000).vwap_slope_bps == pytest.approx(expected)


@pytest.mark.parametrize("stop", [1, 6, 7, 23, 29])
def test_the_slope_is_absent_before_two_full_windows(stop: int) -> None:
    assert regime_of(LONG, stop).vwap_slope_bps is None


def test_warming_up_is_a_reason_to_sit_out() -> None:
    found = regime_of(LONG, 299)
    assert found.sit_out
    assert found.trend is None
    assert found.sit_out_reasons == ("Indicators are warming up: 299 of 300 closed candles.",)


def test_an_ordinary_market_is_no_reason_to_sit_out() -> None:
    seen = [regime_of(LONG, stop) for stop in range(1_000, 3_000, 7)]
    calm = [r for r in seen if r.volatility != "extreme" and r.liquidity != "thin"]
    assert calm
    assert not any(r.sit_out or r.sit_out_reasons for r in calm)


def test_extreme_volatility_is_a_reason_to_sit_out() -> None:
    found = regime_of(wilder(LONG, 2_000, 20.0), 2_000)
    assert found.volatility == "extreme"
    assert found.sit_out
    assert found.sit_out_reasons[0].startswith("Volatility is extreme")


@pytest.mark.parametrize(("silent", "sit_out"), [(5, False), (6, True)])
def test_a_quarter_of_empty_candles_is_a_reason_to_sit_out(silent: int, sit_out: bool) -> None:
    quiet = changed(LONG, slice(2_000 - silent, 2_000), volume=0.0)
    reasons = regime_of(quiet, 2_000).sit_out_reasons
    dried_up = [reason for reason in reasons if reason.startswith("Trading has dried up")]
    assert bool(dried_up) == sit_out


def test_the_thinnest_fiftieth_of_history_is_a_reason_to_sit_out() -> None:
    rows = slice(2_000 - 24, 2_000)
    thin = changed(LONG, rows, volume=LONG.volume[rows] / 50)
    assert regime_of(thin, 2_000).sit_out_reasons == (
        "Liquidity is thin: the volume of 24 candles is in the lowest 2% of its history.",
    )


def test_nothing_after_the_newest_candle_is_read() -> None:
    assert regime_of(LONG, 1_500) == regime_of(cut(LONG, 1_500))


def test_breadth_is_passed_on() -> None:
    assert regime_of(LONG, breadth=0.75).breadth_fraction == 0.75
    assert regime_of(LONG).breadth_fraction is None


def test_a_squeeze_is_the_narrowest_tenth_of_its_own_history() -> None:
    column = feature_table(LONG).column("bandwidth")
    seen = {stop: regime_of(LONG, stop) for stop in range(1_000, 3_000, 7)}
    for stop, found in seen.items():
        past = column[max(0, stop - HISTORY_BARS) : stop]
        share = float(np.mean(past[~np.isnan(past)] <= past[-1]))
        assert found.bandwidth_percentile == pytest.approx(share)
        assert found.squeeze == (share <= 0.1)
    assert {found.squeeze for found in seen.values()} == {True, False}
    assert regime_of(LONG, 60).squeeze is None


@pytest.mark.parametrize(
    ("factor", "said"), [(2.0, "rising"), (1.0, "steady"), (0.5, "falling"), (0.0, "falling")]
)
def test_the_volume_trend_has_three_words(factor: float, said: str) -> None:
    even = changed(LONG, slice(None), volume=100.0)
    assert regime_of(changed(even, slice(995, 1_000), volume=100 * factor), 1_000).volume == said
    assert regime_of(even, 10).volume is None


def test_a_longer_timeframe_is_ranked_among_200_bars_and_gives_no_advice() -> None:
    candles = Candles(LONG, 0, 2_000)
    found = longer_regime(candles, features_at(candles))
    past = feature_table(LONG).column("atr_fraction")[1_800:2_000]
    assert found.volatility_percentile == pytest.approx(float(np.mean(past <= past[-1])))
    live = Candles.whole(tail(cut(LONG, 2_000), 500))
    assert longer_regime(live, features_at(live)).volatility_percentile == pytest.approx(
        found.volatility_percentile, abs=0.01
    )
    assert (found.timeframe, found.breadth_fraction, found.sit_out) == ("1h", None, False)


def test_a_wick_on_the_newest_candle_is_a_reason_to_sit_out() -> None:
    far = changed(LONG, slice(999, 1_000), high=LONG.close[999] * 1.5)
    assert "bad print" in " ".join(regime_of(far, 1_000).sit_out_reasons)
    assert "bad print" not in " ".join(regime_of(far, 1_001).sit_out_reasons)
