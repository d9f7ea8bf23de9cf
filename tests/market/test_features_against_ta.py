"""Our numbers against another library's, and where that library is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import talib
from ta.momentum import RSIIndicator, StochasticOscillator
from ta.trend import MACD, ADXIndicator, EMAIndicator, PSARIndicator
from ta.volatility import AverageTrueRange, BollingerBands
from ta.volume import OnBalanceVolumeIndicator, VolumeWeightedAveragePrice

from domain.candles import Candles
from market.features import WARMUP_BARS, feature_table, features_at
from tests.market.handmade import changed, cut, tail, walk

LONG = walk(1_500, seed=3)
OPEN, HIGH, LOW, CLOSE, VOLUME = (
    pd.Series(getattr(LONG, name)) for name in ("open", "high", "low", "close", "volume")
)
SETTLED = slice(600, None)
"""Where the two libraries' different seeds are forgotten."""


def peers() -> dict[str, pd.Series]:
    macd, bands = MACD(CLOSE), BollingerBands(CLOSE)
    stochastic = StochasticOscillator(HIGH, LOW, CLOSE, 14, 3).stoch_signal()
    return {
        "ema_20": EMAIndicator(CLOSE, 20).ema_indicator(),
        "ema_50": EMAIndicator(CLOSE, 50).ema_indicator(),
        "rsi_7": RSIIndicator(CLOSE, 7).rsi(),
        "rsi_14": RSIIndicator(CLOSE, 14).rsi(),
        "macd": macd.macd(),
        "macd_signal": macd.macd_signal(),
        "macd_histogram": macd.macd_diff(),
        "atr_14": AverageTrueRange(HIGH, LOW, CLOSE, 14).average_true_range(),
        "adx_14": ADXIndicator(HIGH, LOW, CLOSE, 14).adx(),
        "bollinger_upper": bands.bollinger_hband(),
        "bollinger_middle": bands.bollinger_mavg(),
        "bollinger_lower": bands.bollinger_lband(),
        "stochastic_k": stochastic,
        "stochastic_d": stochastic.rolling(3).mean(),
        "obv_change_20": OnBalanceVolumeIndicator(CLOSE, VOLUME).on_balance_volume().diff(20),
        "vwap_24": VolumeWeightedAveragePrice(
            HIGH, LOW, CLOSE, VOLUME, 24
        ).volume_weighted_average_price(),
    }


PEERS = peers()


@pytest.mark.parametrize("name", PEERS)
def test_two_libraries_agree_once_their_seeds_are_forgotten(name: str) -> None:
    ours = feature_table(LONG).column(name)[SETTLED]
    theirs = PEERS[name].to_numpy()[SETTLED]
    spread = float(np.std(theirs))
    assert float(np.max(np.abs(ours - theirs))) <= 1e-8 * max(spread, 1.0)


@pytest.mark.parametrize("name", PEERS)
def test_at_the_first_row_that_we_show_two_libraries_agree_to_a_ten_thousandth(name: str) -> None:
    ours = feature_table(LONG).column(name)[WARMUP_BARS - 1]
    theirs = PEERS[name].to_numpy()
    assert abs(ours - theirs[WARMUP_BARS - 1]) <= 1e-4 * float(np.nanstd(theirs))


def test_trap_ta_writes_zero_where_atr_and_adx_are_warming_up_and_we_write_nothing() -> None:
    assert PEERS["atr_14"].iloc[:13].eq(0.0).all()
    assert PEERS["adx_14"].iloc[:27].eq(0.0).all()
    for name in ("atr_14", "adx_14"):
        assert np.isnan(feature_table(LONG).column(name)[: WARMUP_BARS - 1]).all()


def test_trap_ta_counts_an_unchanged_close_as_bought_volume_and_we_do_not() -> None:
    equal = changed(LONG, slice(1_000, 1_021), close=LONG.close[1_000])
    close, volume = pd.Series(equal.close.copy()), pd.Series(equal.volume.copy())
    theirs = OnBalanceVolumeIndicator(close, volume).on_balance_volume().diff(20).iloc[1_020]
    assert theirs == pytest.approx(equal.volume[1_001:1_021].sum())
    assert feature_table(equal).column("obv_change_20")[1_020] == pytest.approx(0.0, abs=1e-9)


def test_trap_ta_gives_parabolic_rows_of_its_own_making_when_candles_carry_dates() -> None:
    dates = pd.date_range("2024-01-01", periods=600, freq="h")
    dated = [pd.Series(column.to_numpy()[:600], index=dates) for column in (HIGH, LOW, CLOSE)]
    plain = [column.iloc[:600] for column in (HIGH, LOW, CLOSE)]
    assert len(PSARIndicator(*plain).psar()) == 600
    assert len(PSARIndicator(*dated).psar()) > 600


@pytest.mark.parametrize(
    ("bars", "least", "most"), [(60, 0.3, 9.0), (100, 0.05, 2.0), (300, 0, 1e-3)]
)
def test_trap_a_short_window_gives_another_ema_50_until_it_holds_300_candles(
    bars: int, least: float, most: float
) -> None:
    full, atr = feature_table(LONG).column("ema_50"), feature_table(LONG).column("atr_14")
    stops = range(600, 1_500, 10)
    off = [
        abs(talib.EMA(LONG.close[s - bars : s], 50)[-1] - full[s - 1]) / atr[s - 1] for s in stops
    ]
    assert least <= max(off) <= most
    shown = features_at(Candles.whole(tail(cut(LONG, 900), bars))).ema_50
    assert (shown is None) == (bars < WARMUP_BARS)
