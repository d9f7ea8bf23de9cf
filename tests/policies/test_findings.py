"""Numbers in findings are short, but never so short that they contradict the verdict."""

from __future__ import annotations

from policies.findings import compare, shown
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
