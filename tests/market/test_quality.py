from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from domain.candles import Series, Timeframe
from domain.errors import DataError
from market.quality import check_series

HOUR = 3_600_000
START = 1_672_531_200_000
"""2023-01-01T00:00:00Z."""


def sound(count: int = 6) -> Series:
    base = np.arange(count, dtype=np.float64)
    return Series(
        Timeframe.H1,
        START + np.arange(count, dtype=np.int64) * HOUR,
        100 + base,
        102 + base,
        99 + base,
        101 + base,
        np.full(count, 5.0),
    )


def broken(column: str, row: int, value: Any) -> Series:
    series = sound()
    array = getattr(series, column).copy()
    array[row] = value
    return replace(series, **{column: array})


def test_a_sound_series_is_reported() -> None:
    report = check_series(broken("volume", 2, 0), where="f.csv")
    assert report.candles == 6
    assert report.zero_volume_count == 1
    assert report.gap_count == 0
    assert f"{report.starts_at:%Y-%m-%d %H}" == "2023-01-01 00"
    assert f"{report.ends_at:%Y-%m-%d %H}" == "2023-01-01 05"


@pytest.mark.parametrize(
    ("column", "row", "value", "words"),
    [
        ("close", 3, float("nan"), ["close is nan", "line 5", "2023-01-01T03:00:00Z"]),
        ("volume", 0, float("inf"), ["volume is inf", "line 2"]),
        ("low", 3, -1.0, ["low is -1.0", "above 0"]),
        ("open", 5, 0.0, ["open is 0.0", "line 7"]),
        ("volume", 1, -0.5, ["volume is -0.5"]),
        ("high", 2, 90.0, ["high 90.0 is below low 101.0"]),
        ("open", 2, 105.0, ["open 105.0 lies outside low 101.0 to high 104.0"]),
        ("close", 2, 100.5, ["close 100.5 lies outside"]),
        ("open_ms", 3, START + 2 * HOUR, ["duplicate", "line 5"]),
        ("open_ms", 3, START + HOUR, ["unsorted", "2023-01-01T02:00:00Z"]),
        ("open_ms", 5, START + 5 * HOUR + 60_000, ["no multiple of 1h"]),
        ("open_ms", 5, START + 7 * HOUR, ["gap", "2 missing", "2023-01-01T05:00:00Z"]),
        ("open_ms", 0, 0, ["timestamp 0"]),
    ],
)
def test_a_fault_is_named_with_its_line_time_and_value(
    column: str, row: int, value: Any, words: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        check_series(broken(column, row, value), where="f.csv", first_line=2)
    for word in ["f.csv", *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize(("factor", "unit"), [(1e-3, "seconds"), (1e3, "microseconds")])
def test_a_wrong_unit_of_time_is_named(factor: float, unit: str) -> None:
    series = sound()
    scaled = replace(series, open_ms=(series.open_ms * factor).astype(np.int64))
    with pytest.raises(DataError, match=f"looks like {unit}"):
        check_series(scaled, where="f.csv")


@pytest.mark.parametrize(("column", "limit"), [("high", 1e12), ("volume", 1e18)])
def test_a_price_or_volume_beyond_the_largest_number_is_refused(column: str, limit: float) -> None:
    with pytest.raises(DataError) as caught:
        check_series(broken(column, 2, limit), where="f.csv", first_line=2)
    for word in ["f.csv, line 4", f"{column} is {limit!r}", f"below {limit:g}"]:
        assert word in str(caught.value)
    check_series(broken(column, 2, limit * 0.999), where="f.csv")


def test_a_stamp_of_another_unit_is_named_wherever_it_stands() -> None:
    with pytest.raises(DataError, match=r"candle 4 .* looks like microseconds"):
        check_series(broken("open_ms", 3, 10**18), where="f.csv")


def test_a_gap_is_counted_where_gaps_are_allowed() -> None:
    report = check_series(broken("open_ms", 5, START + 7 * HOUR), where="venue", allow_gaps=True)
    assert report.gap_count == 1


def test_a_series_without_a_file_counts_candles() -> None:
    with pytest.raises(DataError, match=r"venue, candle 4 "):
        check_series(broken("close", 3, float("nan")), where="venue")


def test_an_empty_series_is_refused() -> None:
    with pytest.raises(DataError, match="no candles"):
        check_series(sound(0), where="f.csv")
