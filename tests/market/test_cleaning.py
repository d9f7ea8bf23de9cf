"""The door for candles: what is mended says so, what would have to be guessed is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from domain.candles import Candles, Series, Timeframe
from domain.clock import from_ms
from domain.errors import DataError
from domain.quality import Defect
from market.cleaning import COLUMNS, clean, closed_only, joined, without_unclosed
from market.facts import gap_bars
from market.flags import candle_flags, wicks
from market.resample import resample
from tests.market.handmade import START_MS, changed, close_time, cut, walk, without

SOUND = walk(400)
HOUR = Timeframe.H1.ms
END = close_time(SOUND, 400)


def rows(of: Series, order: Sequence[int] | np.ndarray) -> Series:
    """The candles of these rows, in this order."""
    taken = np.asarray(order)
    return Series(of.timeframe, *(getattr(of, name)[taken].copy() for name in COLUMNS))


def same(one: Series, other: Series) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in COLUMNS)


def mended(raw: Series) -> tuple[Series, dict[str, list[int]]]:
    """What the door lets through, and per defect the rows by hours since the start."""
    series = clean(raw, where="f.csv", first_line=2)
    found = {flaw.defect.value: ((flaw.at_ms - START_MS) // HOUR).tolist() for flaw in series.flaws}
    return series, found


def test_sound_candles_pass_as_they_are() -> None:
    series, found = mended(SOUND)
    assert same(series, SOUND)
    assert found == {}


def test_disorder_is_sorted_and_each_early_candle_is_flagged() -> None:
    series, found = mended(rows(SOUND, [*range(10), 12, 10, 11, *range(13, 400)]))
    assert same(series, SOUND)
    assert found == {"unsorted": [12]}
    backwards, found = mended(rows(SOUND, range(399, -1, -1)))
    assert same(backwards, SOUND)
    assert found == {"unsorted": list(range(1, 400))}


def test_disorder_shows_no_earlier_than_both_candles_are_there() -> None:
    shuffled = np.random.default_rng(3).permutation(400)
    whole = mended(rows(SOUND, shuffled))[1]["unsorted"]
    known = mended(rows(SOUND, shuffled[shuffled < 250]))[1]["unsorted"]
    assert known == [row for row in whole if row < 250]


def test_the_same_row_twice_is_one_row() -> None:
    series, found = mended(rows(SOUND, [*range(20), 19, 19, *range(20, 400)]))
    assert same(series, SOUND)
    assert found == {"duplicate": [19, 19]}


def unfinished(of: Series, row: int) -> Series:
    """The candles, with one of them as it was before its time was over."""
    opened = of.open[row]
    high, low = min(of.high[row], opened * 1.0001), max(of.low[row], opened * 0.9999)
    return changed(
        of, slice(row, row + 1), high=high, low=low, close=opened, volume=of.volume[row] / 3
    )


def both(one: Series, other: Series) -> Series:
    columns = [np.concatenate([getattr(one, n), getattr(other, n)]) for n in COLUMNS]
    return Series(one.timeframe, *columns)


def test_of_two_states_of_one_candle_the_grown_one_stands() -> None:
    early = rows(unfinished(SOUND, 50), range(51))
    for raw in (both(early, rows(SOUND, range(50, 400))), both(rows(SOUND, range(51)), early)):
        series, found = mended(raw)
        assert same(series, cut(SOUND, len(series)))
        assert found["revised"] == [50]


def test_two_rows_of_one_time_that_contradict_each_other_are_refused() -> None:
    other = changed(SOUND, slice(50, 51), open=SOUND.close[50])
    with pytest.raises(DataError, match=r"f\.csv, line 402 .*contradict each other"):
        mended(both(SOUND, rows(other, [50])))


@pytest.mark.parametrize(
    ("column", "value", "defect"),
    [
        ("close", float("nan"), Defect.NOT_FINITE),
        ("volume", float("inf"), Defect.NOT_FINITE),
        ("low", -1.0, Defect.OUT_OF_BOUNDS),
        ("volume", -1.0, Defect.OUT_OF_BOUNDS),
        ("high", 1e13, Defect.OUT_OF_BOUNDS),
        ("high", 1.0, Defect.CROSSED),
    ],
)
def test_a_row_that_can_be_no_candle_is_dropped_and_leaves_a_gap(
    column: str, value: float, defect: Defect
) -> None:
    series, found = mended(changed(SOUND, slice(123, 124), **{column: value}))
    assert same(series, without(SOUND, 123, 124))
    assert found == {defect.value: [123]}
    flags = {flag.defect: flag for flag in candle_flags(Candles.whole(series), END)}
    assert flags[defect].treatment == "dropped"
    assert (flags[Defect.GAP].count, flags[Defect.GAP].first_at) == (1, flags[defect].first_at)


def test_more_than_one_in_a_hundred_such_rows_are_another_shape_of_data() -> None:
    mended(changed(SOUND, slice(10, 14), close=-1.0))
    with pytest.raises(DataError, match=r"line 12 .*close is -1\.0.* \(5 of 400 rows"):
        mended(changed(SOUND, slice(10, 15), close=-1.0))


def test_a_small_answer_is_judged_together_with_what_is_at_hand() -> None:
    answer = changed(cut(SOUND, 2), slice(1, 2), close=float("nan"))
    with pytest.raises(DataError, match="close is nan"):
        clean(answer, where="venue")
    assert len(clean(answer, where="venue", beside=100)) == 1


def test_every_broken_row_of_two_columns_is_counted_once() -> None:
    broken = changed(SOUND, slice(7, 8), open=float("nan"), close=float("nan"))
    assert mended(broken)[1] == {"not_finite": [7]}


def test_what_no_rule_can_mend_is_refused() -> None:
    with pytest.raises(DataError, match="no candles"):
        mended(cut(SOUND, 0))
    with pytest.raises(DataError, match="no multiple of 1h"):
        mended(replace(SOUND, open_ms=SOUND.open_ms + 60_000))
    with pytest.raises(DataError, match="looks like seconds"):
        mended(replace(SOUND, open_ms=SOUND.open_ms // 1000))


def test_the_forming_candle_is_left_out_and_one_of_the_future_is_flagged() -> None:
    present = from_ms(int(SOUND.open_ms[100])) + timedelta(minutes=20)
    assert closed_only(cut(SOUND, 100), present).flaws == ()
    forming = closed_only(cut(SOUND, 101), present)
    assert (len(forming), forming.flaws) == (100, ())
    ahead = closed_only(cut(SOUND, 103), present)
    assert len(ahead) == 100
    (flaw,) = ahead.flaws
    assert (flaw.defect, flaw.at_ms.tolist()) == (Defect.FUTURE, [int(SOUND.open_ms[99])] * 2)


def test_a_fresh_answer_stands_over_what_was_kept_and_flaws_are_told_once() -> None:
    kept = mended(rows(SOUND, [*range(50), 49]))[0]
    fresh = mended(rows(changed(SOUND, slice(49, 50), volume=9.0), [49, 49, *range(50, 60)]))[0]
    series = joined(kept, fresh)
    assert len(series) == 60
    assert series.volume[49] == 9.0
    assert [(flaw.defect.value, len(flaw.at_ms)) for flaw in series.flaws] == [("duplicate", 1)]


def test_a_longer_candle_recorded_too_early_is_dropped_where_shorter_ones_show_it() -> None:
    days = resample(SOUND, Timeframe.D1)
    assert without_unclosed(days, SOUND) is days
    early = without_unclosed(unfinished(days, len(days) - 1), SOUND)
    assert len(early) == len(days) - 1
    assert early.flaws[0].defect is Defect.UNCLOSED
    unknown = unfinished(days, len(days) - 1)
    assert without_unclosed(unknown, cut(SOUND, 380)) is unknown
    assert len(without_unclosed(cut(days, 0), SOUND)) == 0


def test_longer_candles_keep_what_was_mended_in_the_shorter_ones() -> None:
    series = mended(changed(SOUND, slice(123, 124), close=float("nan")))[0]
    flags = {f.defect: f for f in candle_flags(Candles.whole(resample(series, Timeframe.H4)), END)}
    assert flags[Defect.NOT_FINITE].first_at == from_ms(START_MS + 123 * HOUR)
    assert flags[Defect.GAP].count == 1


def test_flags_tell_of_the_newest_300_candles_and_of_nothing_after_them() -> None:
    series = mended(rows(SOUND, [*range(20), 19, *range(20, 400)]))[0]
    assert [f.defect for f in candle_flags(Candles(series, 0, 319), close_time(series, 319))] == [
        Defect.DUPLICATE
    ]
    assert list(candle_flags(Candles(series, 0, 320), close_time(series, 320))) == []
    assert list(candle_flags(Candles(series, 0, 19), close_time(series, 19))) == []
    assert list(candle_flags(Candles(series, 0, 0), close_time(series, 0))) == []


def test_a_newest_candle_that_could_not_be_believed_is_missing() -> None:
    series = mended(changed(SOUND, slice(398, 400), close=float("nan")))[0]
    whole = Candles.whole(series)
    assert len(series) == 398
    (flag,) = candle_flags(whole, END)
    assert (flag.defect, flag.count) == (Defect.NOT_FINITE, 2)
    assert [gap_bars(whole, close_time(SOUND, n)) for n in (398, 399, 400)] == [0, 1, 2]
    assert list(candle_flags(whole, close_time(SOUND, 398))) == []


def test_silence_is_told_and_nothing_is_filled() -> None:
    series = mended(changed(SOUND, slice(200, 203), volume=0.0))[0]
    (flag,) = candle_flags(Candles.whole(series), END)
    assert (flag.defect, flag.treatment, flag.count) == (Defect.SILENT, "kept", 3)
    assert str(flag) == ("candles.1h: 3 silent kept, 2024-01-09T08:00:00Z to 2024-01-09T10:00:00Z")


@pytest.mark.parametrize("column", ["high", "low"])
def test_a_price_touched_far_away_is_kept_and_called_a_wick(column: str) -> None:
    far = SOUND.close[350] * (1.5 if column == "high" else 0.5)
    series = mended(changed(SOUND, slice(350, 351), **{column: far}))[0]
    assert getattr(series, column)[350] == far
    (flag,) = candle_flags(Candles.whole(series), END)
    assert (flag.defect, flag.count) == (Defect.WICK, 1)
    assert wicks(Candles(series, 0, 350)).tolist() == []
    assert wicks(Candles(series, 350, 351)).tolist() == [0]
    assert wicks(Candles(series, 0, 1)).tolist() == []
