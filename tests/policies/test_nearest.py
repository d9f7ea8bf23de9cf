"""What is told when a plan was denied: where it could stand instead, by name and number."""

from __future__ import annotations

import pytest

from domain.plan import Evidence, Target
from domain.verdict import Approved, Denied, Nearest
from policies.alternatives import Alternative, between, candidates, parts
from policies.alternatives import told as told_of
from policies.case import Case
from policies.document import read_verdict, verdict_document
from policies.gate import review
from policies.nearest import MENDS, _distance, advised, nearest
from policies.rulebook import RULES
from tests.policies.cases import D, ago, book, draft, make_case

POOR = (Target(price=D(10_300)),)
FAR = (Target(price=D(12_000)),)
WIDE = {"policy__max_spread_bps": D(40)}


def told(**changes) -> Nearest:
    case = make_case(**changes)
    verdict = review(case)
    assert isinstance(verdict, Denied)
    return nearest(case, verdict)


def passing(near: Nearest) -> list[str]:
    return [change.sentence for change in near.changes if change.passes]


def test_a_reward_too_low_is_mended_by_target_entry_or_invalidation():
    near = told(draft__targets=POOR)
    assert passing(near) == ["target >= 10340.1", "entry <= 9985", "invalidation >= 9826.7"]
    assert near.sentence == (
        "Would pass, with everything else as it was: "
        "target >= 10340.1, or entry <= 9985, or invalidation >= 9826.7."
    )
    assert near.together == ("entry <= 9985",)


def test_the_change_that_moves_least_is_the_one_in_the_draft():
    near = told(draft__targets=POOR)
    assert near.draft == draft(targets=POOR, entry=D(9_985))


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"draft": draft(invalidation=D(9_500), targets=FAR)}, "invalidation >= 9601"),
    (
        {"draft": draft("short", invalidation=D(10_500), targets=(Target(price=D(8_000)),))},
        "invalidation <= 10399",
    ),
    ({"policy__stop_mode": "strict", "draft__invalidation": D(9_950)}, "invalidation <= 9901"),
    ({"draft__invalidation": D(10_050)}, "invalidation <= 10000.9"),
    ({"draft__entry": D(9_700), "draft__invalidation": D(9_500)}, "entry >= 9800"),
    ({"draft__evidence": ("made-up#1",)}, "evidence only of what was answered"),
    ({"market__book": book("9984.9", "10015.1"), **WIDE}, "entry <= 10015"),
])  # fmt: skip
def test_each_field_is_told_as_a_bound(changes, sentence):
    assert sentence in passing(told(**changes))


def test_a_horizon_that_costs_too_much_is_told_the_bars_that_are_left():
    near = told(draft__horizon_bars=100, market__funding__rate_fraction=D("0.001"))
    assert passing(near) == ["horizon_bars <= 43"]


def test_of_several_targets_the_nearest_is_moved_first():
    two = (Target(price=D(10_200), weight=D("0.5")), Target(price=D(10_400), weight=D("0.5")))
    near = told(draft__targets=two)
    assert "every target >= 10280.1" in passing(near)


def test_targets_that_meet_are_moved_together():
    two = (Target(price=D(10_100), weight=D("0.5")), Target(price=D(10_150), weight=D("0.5")))
    near = told(draft__targets=two)
    assert "every target >= 10340.1" in passing(near)


def test_a_leg_that_is_merged_away_is_moved_too():
    """An order that can be sent as one leg only: its price is the nearest target's."""
    ladder = ((10_100, "0.3"), (10_200, "0.3"), (10_900, "0.4"))
    three = tuple(Target(price=D(price), weight=D(weight)) for price, weight in ladder)
    near = told(draft__targets=three, instrument__min_notional=D(12_000))
    assert passing(near) == ["every target >= 10340.1", "entry <= 9905.1"]


def test_several_failings_are_told_together_and_what_proves_needless_is_taken_back():
    """The invalidation would mend the reward, until the entry does so too."""
    near = told(
        draft__evidence=("made-up#1",),
        draft__targets=(Target(price=D(10_380)),),
        market__book=book("9980", "10020"),
        policy__max_spread_bps=D(100),
    )
    assert passing(near) == []
    assert near.together == ("evidence only of what was answered", "entry <= 10016.9")
    assert near.sentence == ("Would pass: evidence only of what was answered and entry <= 10016.9.")


def test_what_no_plan_can_mend_is_hopeless():
    near = told(account__kill_switch=True, draft__targets=POOR)
    assert near.hopeless == ("KILL_SWITCH",)
    assert near.sentence == "No change of the plan would pass: KILL_SWITCH."
    assert near.draft is None
    assert [change.code for change in near.changes] == ["RR_BELOW_MIN"] * 3


def test_a_confidence_is_no_number_to_bargain_with():
    assert told(draft__confidence=D("0.1")).hopeless == ("CONFIDENCE_LOW",)
    assert "CONFIDENCE_LOW" not in MENDS


def test_only_codes_of_rules_are_mended():
    assert set(MENDS) <= {rule.code for rule in RULES}


def test_an_approval_needs_no_advice_and_a_denial_carries_it():
    approved = review(make_case())
    assert advised(make_case(), approved) is approved
    case = make_case(draft__targets=POOR)
    denied = advised(case, review(case))
    assert denied.nearest == told(draft__targets=POOR)
    assert denied.bracket == review(case).bracket


def test_advice_survives_its_document_and_may_be_absent():
    case = make_case(draft__targets=POOR)
    for verdict in (review(case), advised(case, review(case))):
        again = read_verdict(verdict_document(verdict))
        assert again.nearest == verdict.nearest
    assert isinstance(read_verdict(verdict_document(review(make_case()))), Approved)


def test_a_given_size_that_is_too_large_is_told_the_executors():
    near = told(quantity=D(5))
    assert near.quantity == D("2.499")
    assert near.together == ("quantity <= 2.499",)
    assert {change.field for change in near.changes} == {"quantity"}


def _all(case: Case) -> list[Alternative]:
    fields = ("targets", "invalidation", "entry", "horizon_bars", "evidence")
    return [found for field in fields for found in candidates(case, field)]


@pytest.mark.parametrize("changes", [
    {"market__book": None}, {"market__book__asks": ()}, {"market__atr": None},
])  # fmt: skip
def test_without_a_market_no_price_is_proposed(changes):
    assert {found.field for found in _all(make_case(**changes))} == {"horizon_bars"}


def test_without_a_reference_the_collar_proposes_nothing():
    prices = [found.draft.entry for found in candidates(make_case(), "entry")]
    bare = make_case(market__last_close=None)
    assert D(9_800) in prices
    assert D(9_800) not in [found.draft.entry for found in candidates(bare, "entry")]


def test_a_short_whose_target_would_lie_below_zero_is_proposed_none():
    case = make_case("short", market__atr=D(8_000))
    assert list(candidates(case, "targets")) == []


def test_an_entry_below_zero_is_not_proposed():
    case = make_case(market__atr=D(20_000))  # a stop below zero
    assert all(found.draft.entry > 0 for found in candidates(case, "entry"))


def test_between_counts_from_the_far_end_and_stays_on_the_tick():
    case = make_case(draft__invalidation=D("9799.97"))
    far = Alternative.of(case, draft(invalidation=D(9_801)), "invalidation")
    assert far.steps == 10
    steps = [between(case, far, n).invalidation for n in (1, 5, 10)]
    assert steps == [D("9800.1"), D("9800.5"), D(9_801)]


def test_the_size_that_was_given_too_small_is_told_the_executors_as_it_is():
    near = told(quantity=D("0.0001"))
    assert (near.quantity, near.together) == (D("2.499"), ("quantity of 2.499",))


@pytest.mark.parametrize(("field", "far", "steps"), [
    ("horizon_bars", draft(horizon_bars=1), 11),
    ("evidence", draft(evidence=("ohlcv#1",)), 1),
    ("invalidation", draft(invalidation=D("9800.1")), 1),
    ("entry", draft(entry=D(9_900)), 1010),
])  # fmt: skip
def test_an_alternative_knows_its_field_and_how_many_steps_away_it_is(field, far, steps):
    found = Alternative.of(make_case(), far, field)
    assert (found.field, found.draft, found.steps) == (field, far, steps)


def test_the_way_to_an_edge_is_cut_into_quarters():
    case = make_case()
    far = Alternative.of(case, draft(entry=D(9_901)), "entry")
    stops = list(parts(case, far))
    assert [stop.draft.entry for stop in stops] == [9_976, 9_951, 9_926]
    assert [(stop.field, stop.steps) for stop in stops] == [
        ("entry", 250), ("entry", 500), ("entry", 750)
    ]  # fmt: skip
    assert list(parts(case, Alternative.of(case, draft(evidence=("x",)), "evidence"))) == []


def test_a_stop_on_the_way_that_is_the_plan_itself_is_left_out():
    case = make_case(draft__invalidation=D(9_800))
    near = Alternative.of(case, draft(invalidation=D("9800.2")), "invalidation")
    assert [stop.draft.invalidation for stop in parts(case, near)] == [D("9800.1")] * 2


@pytest.mark.parametrize(("far", "distance"), [
    ({}, 0),
    ({"horizon_bars": 1}, 0),
    ({"entry": D(9_990)}, 10),
    ({"invalidation": D(9_807)}, 7),
    ({"targets": (Target(price=D(10_590)),)}, 10),
    ({"entry": D(9_990), "invalidation": D(9_807), "targets": (Target(price=D(10_605)),)}, 22),
])  # fmt: skip
def test_a_draft_is_as_far_away_as_its_prices_moved(far, distance):
    assert _distance(make_case(), draft(**far)) == distance


def test_evidence_that_stands_is_told_by_name():
    two = draft(evidence=("ohlcv#1", "book#2"))
    assert told_of(make_case(), two, "evidence") == "evidence only ohlcv#1, book#2"


def test_evidence_that_failed_or_is_older_is_proposed_to_be_dropped():
    answers = {"ohlcv#1": (True, 0), "book#2": (False, 0), "regime#3": (True, 1)}
    case = make_case(
        draft__evidence=tuple(answers),
        evidence=tuple(
            Evidence(result_id=name, tool="x", ok=ok, as_of=ago(age))
            for name, (ok, age) in answers.items()
        ),
    )
    assert [found.draft.evidence for found in candidates(case, "evidence")] == [("ohlcv#1",)]


def test_of_two_changes_that_move_alike_the_first_told_is_in_the_draft():
    near = told(draft__entry=D(9_810), draft__invalidation=D(9_880), draft__targets=POOR)
    assert passing(near) == ["invalidation <= 9809.9", "entry >= 9880.1"]
    assert near.together == ("invalidation <= 9809.9",)
