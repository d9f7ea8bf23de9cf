from __future__ import annotations

from domain.candles import Candles
from market.features import feature_table
from market.recent import RECENT_BARS, recent_series
from tests.market.handmade import cut, walk

LONG = walk(500)


def test_the_last_ten_values_end_at_the_newest_candle() -> None:
    found = recent_series(Candles(LONG, 0, 450))
    assert len(found.close) == RECENT_BARS
    assert found.close == tuple(LONG.close[440:450].tolist())
    assert found.volume == tuple(LONG.volume[440:450].tolist())
    for name in ("rsi_14", "macd_histogram", "atr_14"):
        assert getattr(found, name) == tuple(feature_table(LONG).column(name)[440:450].tolist())


def test_what_warms_up_is_none_and_nothing_is_made_up_before_the_start() -> None:
    found = recent_series(Candles(LONG, 0, 304))
    assert [value is None for value in found.rsi_14] == [True] * 5 + [False] * 5
    assert len(recent_series(Candles.whole(cut(LONG, 3))).close) == 3
