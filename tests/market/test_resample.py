from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candles import Series, Timeframe
from domain.errors import DataError
from market.resample import resample

M5 = Timeframe.M5.ms


def series(kept: list[int], seed: int) -> Series:
    """Five-minute candles at the given positions, the others missing."""
    draw, count = np.random.default_rng(seed), len(kept)
    body = 100 + draw.random((count, 4))
    return Series(
        Timeframe.M5,
        1_672_531_200_000 + np.array(kept, dtype=np.int64) * M5,
        body[:, 0],
        body.max(axis=1),
        body.min(axis=1),
        body[:, 3],
        np.round(draw.random(count) * 10, 3),
    )


@settings(max_examples=60)
@given(
    start=st.integers(0, 400),
    count=st.integers(1, 700),
    missing=st.sets(st.integers(0, 1100), max_size=6),
    seed=st.integers(0, 99),
    timeframe=st.sampled_from([Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1]),
)
def test_whole_buckets_are_what_pandas_makes_of_them(
    start: int, count: int, missing: set[int], seed: int, timeframe: Timeframe
) -> None:
    base = series([n for n in range(start, start + count) if n not in missing] or [start], seed)
    got = resample(base, timeframe)
    frame = pd.DataFrame(
        {name: getattr(base, name) for name in ("open", "high", "low", "close", "volume")},
        index=pd.to_datetime(base.open_ms, unit="ms", utc=True),
    )
    frame["n"] = 1
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    expected = frame.resample(f"{timeframe.seconds}s").agg({**how, "n": "sum"})
    expected = expected[expected["n"] == timeframe.ms // M5]
    starts = (expected.index - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(milliseconds=1)
    assert got.open_ms.tolist() == starts.tolist()
    for name in ("open", "high", "low", "close"):
        assert getattr(got, name).tolist() == expected[name].tolist()
    assert got.volume.tolist() == pytest.approx(expected["volume"].tolist())


@given(cut=st.integers(1, 300))
@settings(max_examples=30)
def test_what_comes_later_changes_no_earlier_candle(cut: int) -> None:
    whole = resample(series(list(range(300)), 1), Timeframe.H1)
    base = series(list(range(300)), 1)
    short = Series(
        Timeframe.M5,
        *(getattr(base, n)[:cut] for n in ("open_ms", "open", "high", "low", "close", "volume")),
    )
    part = resample(short, Timeframe.H1)
    assert len(part) == cut // 12
    assert part.close.tolist() == whole.close[: len(part)].tolist()
    assert part.volume.tolist() == whole.volume[: len(part)].tolist()


def test_the_same_timeframe_is_the_same_series() -> None:
    base = series([1, 2, 3], 0)
    assert resample(base, Timeframe.M5) is base


def test_a_shorter_timeframe_cannot_be_made() -> None:
    with pytest.raises(DataError, match="cannot make 1m candles from 5m"):
        resample(series([1, 2, 3], 0), Timeframe.M1)
