"""A number without a source, or other than its source, denies an entry; nothing here approves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest

from domain.verdict import Denied
from policies.evidence import (
    EVIDENCE_RULES,
    CheckedNumber,
    numbers_agree,
    numbers_have_a_source,
    with_evidence,
)
from policies.gate import review
from policies.settings import Policy
from tests.policies.cases import make_case

SOUND = CheckedNumber("target 1", D("110"), "ohlcv#1 high_48", D("110.1"), D("0.1"))
EDGES = {
    "numbers_have_a_source": (SOUND, replace(SOUND, found=None)),
    "numbers_agree": (SOUND, replace(SOUND, found=D("110.1000001"))),
}


@pytest.mark.parametrize("name", list(EDGES))
def test_each_rule_on_numbers_fires_at_its_edge(name):
    (rule,) = (rule for rule in EVIDENCE_RULES if rule.check.__name__ == name)
    inside, outside = (rule.check([SOUND, edge]) for edge in EDGES[name])
    assert (inside.passed, outside.passed) == (True, False)
    assert (outside.code, outside.measured) == (rule.code, "1 of 2")


def test_a_mismatch_names_number_source_what_it_says_and_the_tolerance():
    wrong = replace(SOUND, number=D("112.5"))
    assert numbers_agree([SOUND, wrong]).sentence == (
        "target 1 is 112.5, but ohlcv#1 high_48 is 110.1: 2.4 apart, rounding allows 0.1."
    )


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (CheckedNumber("entry", D("100"), None), "entry 100 has no source: add '100 = ...' to"),
        (
            CheckedNumber("entry", D("100"), "book#9 bid", why="there is no 'book#9'"),
            "= book#9 bid",
        ),
        (CheckedNumber("thesis", D("97.5"), None), "97.5 in the thesis is nowhere in what you"),
    ],
)
def test_what_has_no_source_is_told_with_what_would_mend_it(row, sentence):
    assert sentence in numbers_have_a_source([SOUND, row]).sentence


def test_what_is_wrong_denies_before_the_gate_and_keeps_its_word():
    word = review(make_case())
    assert word.approved
    wrong = [SOUND, replace(SOUND, number=D(1)), replace(SOUND, found=None)]
    denied = with_evidence(word, wrong, Policy())
    assert isinstance(denied, Denied)
    assert denied.codes == ("EVIDENCE_UNBOUND", "EVIDENCE_MISMATCH")
    assert denied.findings[2:] == word.findings
    assert with_evidence(denied, wrong, Policy()).codes == denied.codes


def test_what_is_sound_or_not_asked_for_leaves_the_verdict_as_it_was():
    for word in (review(make_case()), review(make_case(quantity=D(10**6)))):
        assert with_evidence(word, [SOUND], Policy()) is word
        assert with_evidence(word, [replace(SOUND, found=None)], Policy(evidence="off")) is word
