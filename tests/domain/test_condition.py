"""The language in which a plan says when it is wrong: what it takes, means and refuses."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candles import Timeframe
from domain.condition import (
    CANDLE_SUBJECTS,
    MOMENT_SUBJECTS,
    PATTERN,
    Condition,
    read_condition,
)
from domain.snapshot import Features

D = Decimal


@pytest.mark.parametrize(("text", "read", "canonical"), [
    ("4h close below 41200", Condition("close", Timeframe.H4, "below", D(41200)), None),
    ("4h close below 41 200", Condition("close", Timeframe.H4, "below", D(41200)),
     "4h close below 41200"),
    ("1d rsi_14 above 70.50", Condition("rsi_14", Timeframe.D1, "above", D("70.5")),
     "1d rsi_14 above 70.5"),
    ("15m macd_histogram below -3.25",
     Condition("macd_histogram", Timeframe.M15, "below", D("-3.25")), None),
    ("1h close below ema_50", Condition("close", Timeframe.H1, "below", "ema_50"), None),
    ("1h macd below macd_signal", Condition("macd", Timeframe.H1, "below", "macd_signal"), None),
    ("price above 1 234 567.89", Condition("price", None, "above", D("1234567.89")),
     "price above 1234567.89"),
    ("funding above 0.05 %", Condition("funding", None, "above", D("0.0005")), None),
    ("funding above 0.05%", Condition("funding", None, "above", D("0.0005")),
     "funding above 0.05 %"),
    ("funding below -0.0001", Condition("funding", None, "below", D("-0.0001")),
     "funding below -0.01 %"),
    ("funding above 5 bps", Condition("funding", None, "above", D("0.0005")),
     "funding above 0.05 %"),
    ("spread above 30 bps", Condition("spread", None, "above", D("0.003")), None),
    ("spread above 0.3 %", Condition("spread", None, "above", D("0.003")), "spread above 30 bps"),
    ("open interest below 12000", Condition("open interest", None, "below", D(12000)), None),
])  # fmt: skip
def test_a_sentence_is_read_and_said_in_one_form(
    text: str, read: Condition, canonical: str | None
) -> None:
    assert read_condition(text) == read
    assert str(read) == (canonical or text)
    assert read_condition(str(read)) == read


@pytest.mark.parametrize(("text", "said"), [
    ("", "is no condition"),
    ("close below 41200", "name its candle"),
    ("4h price below 41200", "expected one of close"),
    ("3h close below 41200", "names the candle '3h'"),
    ("4h close below", "is no condition"),
    ("4h close under 41200", "is no condition"),
    ("4h close below 41,200", "is no condition"),
    ("4h close below 4 12 00", "is no condition"),
    ("4h close below ４1200", "is no condition"),
    ("4h close below nan", "expected a number, or an indicator"),
    ("4h close below 1e5", "is no condition"),
    ("4h close below 41200 %", "has no %"),
    ("4h close below 41200 or true", "is no condition"),
    ("4h close below 41200\n", "is no condition"),
    (" 4h close below 41200", "is no condition"),
    ("4h close below rsi_14", "same unit"),
    ("1h close below 4h ema_50", "is no condition"),
    ("1h __class__ below 3", "is no condition"),
    ("1h model_fields below 3", "asks about 'model_fields'"),
    ("spread above 30", "in bps"),
    ("price above " + "9" * 16, "is no condition"),
    ("price above " + "9" * 200, "is no condition"),
])  # fmt: skip
def test_anything_else_is_refused_with_what_was_expected(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        read_condition(text)
    assert len(str(refused.value)) < 500


def test_every_indicator_of_a_snapshot_can_be_asked_about() -> None:
    shown = set(Features.model_fields) - {"timeframe", "bars", "known_at"}
    assert set(CANDLE_SUBJECTS) == shown


def test_on_the_level_itself_a_condition_does_not_hold() -> None:
    above, below = read_condition("price above 5"), read_condition("price below 5")
    assert [above.holds(D(n), D(5)) for n in (4, 5, 6)] == [False, False, True]
    assert [below.holds(D(n), D(5)) for n in (4, 5, 6)] == [True, False, False]


_PRICES = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=6)


@given(st.sampled_from(sorted(CANDLE_SUBJECTS)), st.sampled_from(Timeframe), _PRICES)
def test_what_is_said_of_a_candle_is_read_back(
    subject: str, timeframe: Timeframe, level: Decimal
) -> None:
    said = Condition(subject, timeframe, "above", level)
    assert read_condition(str(said)) == said


@given(st.sampled_from(sorted(MOMENT_SUBJECTS)), st.decimals(0, 10**6, places=8))
def test_what_is_said_of_the_moment_is_read_back(subject: str, level: Decimal) -> None:
    said = Condition(subject, None, "below", level)
    assert read_condition(str(said)) == said


@given(st.text(alphabet="14hd close below price above funding 0.5%", max_size=40) | st.text())
def test_what_is_taken_is_in_the_language(text: str) -> None:
    with suppress(ValueError):
        read = read_condition(text)
        assert read_condition(str(read)) == read
        assert read.subject in {**CANDLE_SUBJECTS, **MOMENT_SUBJECTS}


@given(st.from_regex(PATTERN, fullmatch=True, alphabet=st.characters(codec="ascii")))
def test_what_the_pattern_admits_is_a_sentence(text: str) -> None:
    assert read_condition(str(read_condition(text))) == read_condition(text)


@pytest.mark.parametrize("subject", [*CANDLE_SUBJECTS, *MOMENT_SUBJECTS])
def test_the_pattern_admits_every_subject(subject: str) -> None:
    candle = "15m " if subject in CANDLE_SUBJECTS else ""
    scale = {"funding": " %", "spread": " bps"}.get(subject, "")
    assert re.fullmatch(PATTERN, f"{candle}{subject} above 41200.5{scale}")
