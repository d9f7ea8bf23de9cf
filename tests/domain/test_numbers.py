from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import (
    ceil_to_tick,
    floor_to_step,
    floor_to_tick,
    is_amount,
    plain,
    to_decimal,
)

PRICES = st.decimals(min_value="0.0001", max_value="1000000", places=6)
STEPS = st.sampled_from([Decimal(s) for s in ("0.00001", "0.01", "0.1", "0.5", "1", "5")])


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_float_becomes_the_decimal_that_reads_back_the_same(value: float) -> None:
    assert float(to_decimal(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "-Infinity", Decimal("NaN")])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        to_decimal(value)


@pytest.mark.parametrize("text", ["0", "0.05", "12E-7", "99999999999999999999", "1E+2"])
def test_what_something_may_have_cost_is_an_amount(text: str) -> None:
    assert is_amount(text)


@pytest.mark.parametrize("text", ["", "-1", "NaN", "1e5", "1E999999", "1_000", "1\n", "\u0661"])
def test_what_nothing_can_have_cost_is_none(text: str) -> None:
    assert not is_amount(text)


@given(PRICES, STEPS)
def test_rounding_brackets_the_value_by_less_than_one_step(value: Decimal, step: Decimal) -> None:
    low, high = floor_to_tick(value, step), ceil_to_tick(value, step)
    assert low <= value <= high
    assert value - low < step
    assert high - value < step
    assert low % step == 0
    assert floor_to_step(value, step) == low


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        ("1E+3", None, "1000"),
        ("0.10", None, "0.1"),
        ("-0.00", None, "0"),
        ("1234.5678", 2, "1234.57"),
        ("100", 2, "100"),
        ("0.000001", None, "0.000001"),
    ],
)
def test_plain_text_has_no_exponent_and_no_trailing_zero(
    value: str, digits: int | None, text: str
) -> None:
    assert plain(Decimal(value), digits) == text
