"""Whatever is told as nearest has passed the gate, and a step less would not."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.lifecycle import TradingState
from domain.plan import PlanDraft, Target
from domain.verdict import Change, Denied, Nearest
from policies.case import Case
from policies.gate import review
from policies.nearest import nearest
from tests.policies.cases import D, edit, make_case
from tests.properties.generators import CASES, TENSE, cited, tense, thrown

MANY = settings(max_examples=90)
ANY = CASES | TENSE
PRICES = {"entry", "targets", "invalidation"}


def looked_for(case: Case) -> tuple[Denied, Nearest] | None:
    verdict = review(case)
    return (verdict, nearest(case, verdict)) if isinstance(verdict, Denied) else None


@MANY
@given(case=ANY)
def test_the_nearest_plan_is_approved(case: Case):
    found = looked_for(case)
    if found is None:
        return
    _, near = found
    if near.draft is None:
        assert near.hopeless
        assert not any(change.passes for change in near.changes)
    else:
        assert review(replace(case, draft=near.draft)).approved
        assert near.together
        assert near.hopeless == ()


@MANY
@given(case=ANY)
def test_each_change_does_what_it_says_and_a_step_less_does_not(case: Case):
    """The sentence is all that a model gets, so it is the sentence that is fed back."""
    found = looked_for(case)
    if found is None:
        return
    for change in found[1].changes:
        changed = replace(case, draft=fed_back(case, change))
        assert change.code not in review(changed).codes
        assert review(changed).approved is change.passes
        less = a_step_less(case, change)
        if less is not None:
            verdict = review(replace(case, draft=less))
            if change.passes:
                assert not verdict.approved
            else:
                assert change.code in verdict.codes or verdict.bracket is None


def fed_back(case: Case, change: Change) -> PlanDraft:
    if change.field == "evidence":
        kept = tuple(e.result_id for e in case.evidence if e.ok)
        return case.draft.model_copy(update={"evidence": kept})
    return with_value(case.draft, change.field, D(change.sentence.rsplit(" ", 1)[1]))


def with_value(draft: PlanDraft, field: str, value: Decimal) -> PlanDraft:
    if field == "horizon_bars":
        return draft.model_copy(update={"horizon_bars": int(value)})
    if field != "targets":
        return draft.model_copy(update={field: value})
    farther = max if draft.side == "long" else min
    targets = [Target(price=farther(t.price, value), weight=t.weight) for t in draft.targets]
    return draft.model_copy(update={"targets": tuple(targets)})


def nearest_target(draft: PlanDraft) -> Decimal:
    return (min if draft.side == "long" else max)(target.price for target in draft.targets)


def a_step_less(case: Case, change: Change) -> PlanDraft | None:
    """One tick, or one bar, back toward what the plan said; None where that is the plan itself."""
    if change.field == "evidence":
        return None
    new = D(change.sentence.rsplit(" ", 1)[1])
    own = own_value(case, change.field)
    step = case.instrument.price_tick if change.field in PRICES else D(1)
    if abs(new - own) < 2 * step:
        return None
    return with_value(case.draft, change.field, new + (step if own > new else -step))


def own_value(case: Case, field: str) -> Decimal:
    if field == "horizon_bars":
        return D(case.draft.horizon_bars)
    if field == "targets":
        return nearest_target(case.draft)
    if field == "invalidation":
        return case.draft.invalidation
    return case.draft.entry or case.market.book.side(case.entry_side)[0].price


@MANY
@given(case=ANY)
def test_nothing_is_offered_where_no_plan_would_do(case: Case):
    stopped = edit(case, account__kill_switch=True, account__trading_state=TradingState.HALTED)
    found = looked_for(stopped)
    assert found is not None
    denied, near = found
    assert near.draft is None
    assert {"KILL_SWITCH", "TRADING_HALTED"} <= set(near.hopeless)
    assert set(near.hopeless) <= set(denied.codes)
    assert not any(change.passes for change in near.changes)
    assert near.sentence.startswith("No change of the plan would pass: ")


@MANY
@given(case=ANY)
def test_what_is_sound_but_for_a_made_up_citation_passes_without_it(case: Case):
    if not review(case).approved:
        return
    _, near = looked_for(cited(case, answered=False))
    assert near.draft is not None
    assert near.draft.evidence == ()
    assert near.draft == case.draft
    assert [change.passes for change in near.changes] == [True]


MIDWAY = [1_190, 1_273, 2_085, 3_390, 3_537, 4_021]
"""Where an entry mends the plan, but not one of the edges that are tried first."""


def test_two_failings_are_mended_together_where_each_is_mended_alone():
    missed = []
    for seed in [*range(120), *MIDWAY]:
        alone = looked_for(thrown(seed))
        if alone is None or alone[1].draft is None:
            continue
        _, near = looked_for(cited(thrown(seed), answered=False))
        if near.draft is None:
            missed.append(seed)
        else:
            assert len(near.together) >= 2
            assert not any(change.passes for change in near.changes)
    assert len(missed) <= 2  # of 126: it passes only between the stops that are tried


@MANY
@given(case=ANY, thesis=st.text(min_size=1, max_size=50).filter(str.strip))
def test_the_nearest_plan_is_the_same_each_time_and_keeps_what_is_no_number(case, thesis):
    found = looked_for(edit(case, draft__thesis=thesis))
    if found is None:
        return
    _, near = found
    assert near == looked_for(edit(case, draft__thesis=thesis))[1]
    if near.draft is not None:
        kept = ("side", "thesis", "confidence")
        own = edit(case, draft__thesis=thesis).draft
        assert [getattr(near.draft, name) for name in kept] == [getattr(own, n) for n in kept]


def test_looking_for_it_takes_less_than_a_tenth_of_a_second():
    """The 99th percentile; on a machine that is busy or traced, as many reviews as fit in that."""
    reviewed, looked = [], []
    for seed in range(300):
        case = tense(seed) if seed % 2 else thrown(seed)
        start = time.process_time()
        verdict = review(case)
        reviewed.append(time.process_time() - start)
        if isinstance(verdict, Denied):
            start = time.process_time()
            nearest(case, verdict)
            looked.append(time.process_time() - start)
    assert len(looked) > 100
    assert sorted(looked)[len(looked) * 99 // 100] < max(0.1, 200 * median(reviewed))


@pytest.mark.parametrize("seed", range(40))
def test_a_given_size_that_is_too_large_is_told_the_one_that_passes(seed: int):
    sized = review(tense(seed))
    if not sized.approved:
        return
    step = tense(seed).instrument.quantity_step
    case = replace(tense(seed), quantity=sized.bracket.quantity + 5000 * step)
    denied = review(case)
    if isinstance(denied, Denied):
        near = nearest(case, denied)
        assert near.quantity == sized.bracket.quantity
        assert review(replace(case, quantity=near.quantity)).approved
        assert {change.field for change in near.changes} == {"quantity"}


def test_a_larger_change_of_the_same_field_is_found_where_the_smallest_fails_elsewhere():
    case = tense(20_458)  # an entry of 10 000.3 mends its code and 10 002.2 the plan
    assert review(edit(case, draft__entry=D("10002.2"))).approved
    _, near = looked_for(case)
    assert near.draft is not None


@pytest.mark.parametrize("quantity", ["0.0005", "1.0005", "0.0001"])
def test_a_given_size_that_is_too_small_or_off_the_step_is_not_told_to_be_smaller(quantity: str):
    case = make_case(quantity=D(quantity))
    _, near = looked_for(case)
    for change in near.changes:
        told = D(change.sentence.rsplit(" ", 1)[1])
        assert change.sentence.startswith("quantity <= ") is (D(quantity) > told)


def test_a_given_size_that_is_sound_stays_while_the_plan_is_mended():
    case = make_case(quantity=D(1), draft__targets=(Target(price=D(10_300)),))
    _, near = looked_for(case)
    assert near.quantity in {None, D(1)}
    assert "target >= 10340.1" in {change.sentence for change in near.changes if change.passes}
