"""Where a number comes from is read strictly and recomputed exactly."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.equation import LONGEST, Known, Place, read_equation

VALUES = {"ohlcv#1 low_20": D("41213.5"), "1h atr_14": D("210"), "now price": D("41500")}


def look(place: Place) -> Known:
    return Known(VALUES[str(place)], D("0.05") if place.source == "1h" else D(0))


@pytest.mark.parametrize(
    ("text", "value", "error"),
    [
        ("1 = ohlcv#1 low_20", "41213.5", "0"),
        ("1 = ohlcv#1 low_20 - 0.1 * 1h atr_14", "41192.5", "0.005"),
        ("1 = -1.5 * 1h atr_14 + now price", "41185", "0.075"),
        ("1 = 2 * now price - ohlcv#1 low_20", "41786.5", "0"),
        ("1 = (now price - ohlcv#1 low_20) * 0.5 + ohlcv#1 low_20", "41356.75", "0"),
        ("1 = now price - (1h atr_14 + 1h atr_14)", "41080", "0.1"),
        ("1 = 1h atr_14 * 1h atr_14", "44100", "21.0025"),
    ],
)
def test_sums_and_products_are_computed_with_what_rounding_may_have_hidden(text, value, error):
    found = read_equation(text).recomputed(look)
    assert (found.value, found.error) == (D(value), D(error))


def test_an_equation_keeps_its_number_and_what_it_names():
    read = read_equation("41200.50  =  ohlcv#1 high_20[3]")
    assert (read.number, read.source) == (D("41200.5"), "ohlcv#1 high_20[3]")
    assert read.terms[0].values == (Place("ohlcv#1", "high_20", 3),)
    assert read_equation(read.text) == read


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "does not say where"),
        ("41200", "does not say where"),
        ("a = now price", "does not say where"),
        ("41200 == now price", "does not say where"),
        ("41200 = 41200", "does not multiply one value"),
        ("41200 = now price + 120", "does not multiply one value"),
        ("41200 = 1.5 * 2 * now price", "does not multiply one value"),
        ("41200 = 1.00012 * now price", "more than 4 digits"),
        ("41200 = now price / 2", "ends before '/'"),
        ("41200 = now", "has no value at 'now'"),
        ("41200 = now - now price", "does not say what to read"),
        ("41200 = now price +", "at 'its end'"),
        ("41200 = (now price", "bracket that is not closed"),
        ("41200 = now price)", "ends before"),
        ("41200 = max(now price)", "has no value"),
        ("41200 = __import__ os.system[1]x", "has no value"),
        ("41200 = " + "(" * 80 + "now price", "not closed"),
        ("41200 = " + "now price + " * 20 + "now price", f"longer than {LONGEST}"),
    ],
)
def test_what_is_no_equation_is_refused_with_the_language(text, words):
    with pytest.raises(ValueError, match=r"NUMBER = VALUE|longer than") as refused:
        read_equation(text)
    assert words in str(refused.value)


@given(st.text(alphabet="01.5 =+-*()now#pric[]/\n", max_size=LONGEST))
def test_any_text_is_read_or_refused(text):
    try:
        read = read_equation(text)
    except ValueError:
        return
    assert read_equation(read.text) == read
