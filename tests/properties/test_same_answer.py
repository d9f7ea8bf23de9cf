"""The same case gives the same answer, in any order of rules, in any words, from any file."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, localcontext
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.strict_json import canonical, exact
from domain.verdict import Approved, Denied
from policies.case import Case
from policies.case_document import case_document
from policies.document import read_case, read_verdict, verdict_document
from policies.gate import review
from policies.nearest import advised
from policies.rulebook import RULES
from tests.policies.cases import edit, make_case
from tests.policies.edges import ON_FACTS
from tests.policies.edges_of_orders import ON_ORDERS
from tests.properties.generators import CASES, SEEDS, TENSE, cited, tense, thrown

MANY = settings(max_examples=200)
ANY = CASES | TENSE


def told(case: Case) -> str:
    return canonical(verdict_document(review(case)))


@MANY
@given(case=ANY, seed=SEEDS)
def test_findings_do_not_depend_on_the_order_of_the_rules(case: Case, seed: int):
    shuffled = list(RULES)
    Random(seed).shuffle(shuffled)
    first, second = review(case), review(case, shuffled)
    assert sorted(map(repr, first.findings)) == sorted(map(repr, second.findings))
    assert (first.approved, first.bracket) == (second.approved, second.bracket)


@MANY
@given(case=ANY)
def test_the_gate_answers_every_case_and_breaks_on_none(case: Case):
    verdict = review(case)
    assert isinstance(verdict, Approved | Denied)
    assert "CONTROL_ERROR" not in verdict.codes
    assert verdict.approved == all(finding.passed for finding in verdict.findings)


@MANY
@given(case=ANY)
def test_the_same_case_gives_the_same_verdict_byte_for_byte(case: Case):
    assert told(case) == told(case)


@pytest.mark.parametrize("rounding", [ROUND_DOWN, ROUND_CEILING])
@pytest.mark.parametrize("digits", [3, 12, 60])
def test_a_callers_decimal_context_changes_no_byte(digits: int, rounding: str):
    for seed in range(40):
        case = tense(seed) if seed % 2 else thrown(seed)
        expected = told(case)
        with localcontext() as context:
            context.prec, context.rounding = digits, rounding
            assert told(case) == expected


TEXTS = st.text(min_size=1, max_size=200).map(str.strip).filter(bool)


@MANY
@given(case=ANY, thesis=TEXTS, names=st.lists(TEXTS.map(lambda text: text[:64]), max_size=16))
def test_what_a_model_says_cannot_change_the_verdict(case: Case, thesis: str, names: list[str]):
    """No thesis does, and cited evidence only by not being there."""
    silent = review(case)
    spoken = review(edit(case, draft__thesis=thesis, draft__evidence=tuple(names)))
    assert spoken.bracket == silent.bracket
    assert set(spoken.codes) - {"EVIDENCE_MISSING"} == set(silent.codes)
    assert ("EVIDENCE_MISSING" in spoken.codes) is bool(names)


@MANY
@given(case=ANY, thesis=TEXTS)
def test_evidence_that_was_answered_changes_nothing_at_all(case: Case, thesis: str):
    answered = review(edit(cited(case, answered=True), draft__thesis=thesis))
    assert (answered.approved, answered.bracket) == (review(case).approved, review(case).bracket)
    assert "EVIDENCE_MISSING" in review(cited(case, answered=False)).codes


@MANY
@given(case=ANY)
def test_a_case_comes_back_from_its_file_exactly(case: Case):
    assert read_case(exact(case_document(case))) == case


@pytest.mark.parametrize("row", range(len(ON_FACTS + ON_ORDERS)))
def test_the_edges_come_back_from_their_file_with_the_same_verdict(row: int):
    _, _, outside = (ON_FACTS + ON_ORDERS)[row]
    case = make_case(**outside)
    again = read_case(exact(case_document(case)))
    if isinstance(again, Denied):  # no file may hold such a number
        assert not review(case).approved
        return
    assert again == case
    assert told(again) == told(case)


@settings(max_examples=80)
@given(case=ANY)
def test_a_verdict_comes_back_from_its_document(case: Case):
    document = verdict_document(advised(case, review(case)))
    assert verdict_document(read_verdict(document)) == document
