"""Numbers in findings are short, but never so short that they contradict the verdict."""

from __future__ import annotations

from domain.finding import Measured, Stated, finding_fields, holds, shown
from policies.findings import compare, unknown
from tests.policies.cases import D


def test_numbers_are_rounded_to_six_digits_without_exponent():
    assert [shown(D(text)) for text in ("1.2345678", "104523.17", "1E+3", "0.00000012")] == [
        "1.23457", "104523", "1000", "0.00000012",
    ]  # fmt: skip


def test_rounding_never_hides_on_which_side_of_the_limit_a_value_lies():
    finding = compare("X", "thing", D("10.00000001"), "<=", D(10), "bps")
    assert (finding.passed, finding.measured) == (False, "10.00000001")
    below = compare("X", "thing", D("1.49999999"), ">=", D("1.5"), "ratio")
    assert below.sentence == "The thing is 1.49999999, the least is 1.5."


def test_a_missing_value_is_absent_and_denies():
    finding = compare("X", "thing", None, "<=", D(10), "bps")
    assert (finding.passed, finding.measured, finding.limit) == (False, "absent", "<= 10")
    assert finding.sentence == "The thing is unknown, and what cannot be checked is denied."


def test_a_hint_follows_only_a_failed_comparison():
    assert compare("X", "thing", D(1), "<", D(2), "s", hint="so").sentence == (
        "The thing is 1 s, it has to stay below 2 s."
    )
    assert compare("X", "thing", D(2), "<", D(2), "s", hint="so").sentence.endswith("2 s; so.")


def test_words_are_made_only_when_asked_for_and_both_kinds_read_alike():
    finding = compare("X", "thing", D(1), "<=", D(2), "bps", modelled=True)
    assert isinstance(finding, Measured)
    assert (finding.value, finding.bound) == (1, 2)
    assert finding.sentence == "The modelled thing is 1 bps, the most is 2 bps."
    stated = Stated("Y", False, "found", "expected", "Not so.")
    assert finding_fields(finding).keys() == finding_fields(stated).keys()
    assert (finding_fields(stated)["limit"], finding_fields(finding)["limit"]) == (
        "expected",
        "<= 2",
    )


def test_an_unknown_input_fails_and_says_what_it_would_be_held_against():
    finding = unknown("X", "thing", ">=", D(3), "ratio", modelled=True)
    assert (finding.passed, finding.measured, finding.limit) == (False, "absent", ">= 3")
    assert (
        finding.sentence == "The modelled thing is unknown, and what cannot be checked is denied."
    )


def test_neither_nan_nor_infinity_ever_passes_on_either_side():
    for odd in (D("NaN"), D("sNaN"), D("Infinity"), D("-Infinity")):
        for comparison in ("<=", "<", ">=", ">"):
            assert not compare("X", "thing", odd, comparison, D(1), "ratio").passed
            assert not compare("X", "thing", D(1), comparison, odd, "ratio").passed


def test_each_comparison_is_what_it_says():
    told = [[holds(D(value), sign, D(2)) for value in (1, 2, 3)] for sign in ("<=", "<", ">=", ">")]
    assert told == [
        [True, True, False], [True, False, False], [False, True, True], [False, False, True],
    ]  # fmt: skip


def test_two_numbers_that_differ_in_the_last_digit_only_are_told_whole():
    value = D("10.000000000000000000000000001")
    assert compare("X", "thing", value, "<=", D(10), "bps").measured == str(value)
