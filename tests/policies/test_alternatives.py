"""Where else a field could stand, price by price, on a tick of 3 with the touch at 10 002 or 9 999.

Every price lies on the tick, on the side that is safe: an entry not worse than the edge, a target
not nearer than it.
"""

from __future__ import annotations

import pytest

from domain.plan import Target
from policies.alternatives import Alternative, _floor_for, candidates, told
from policies.costs import Share
from tests.policies.cases import D, book, draft, make_case

ONE = ((300, "1"),)
TWO = ((100, "0.5"), (150, "0.5"))
THREE = ((150, "0.5"), (200, "0.3"), (700, "0.2"))


def case_of(side, targets, invalidation, tick=3):
    sign = 1 if side == "long" else -1
    rows = tuple(Target(price=10_000 + sign * D(way), weight=D(w)) for way, w in targets)
    plan = draft(side, targets=rows, invalidation=10_000 - sign * D(invalidation))
    market = {"instrument__price_tick": D(tick), "market__book": book("9999", "10002")}
    return make_case(side, draft=plan, **market)


@pytest.mark.parametrize(("side", "targets", "invalidation", "prices"), [
    ("long", ONE, 50, [10002, 10002, 9999, 9801]),
    ("long", ONE, 200, [10002, 9981, 9999, 9801]),
    ("short", ONE, 50, [9999, 9999, 10002, 10200]),
    ("short", ONE, 200, [9999, 10014, 10002, 10200]),
    ("long", TWO, 50, [10_002, 9_972, 9_954, 9_945, 9_939, 9_999, 9_801]),
    ("short", TWO, 50, [9_999, 10_026, 10_041, 10_050, 10_056, 10_002, 10_200]),
])  # fmt: skip
def test_an_entry_could_be_the_touch_the_worst_that_passes_or_where_it_rests(
    side, targets, invalidation, prices
):
    found = candidates(case_of(side, targets, invalidation), "entry")
    assert [alternative.draft.entry for alternative in found] == prices


@pytest.mark.parametrize(
    ("side", "prices"), [("long", [9_900, 9_999]), ("short", [10_101, 10_002])]
)
def test_an_invalidation_could_be_beyond_noise_or_one_tick_from_the_touch(side, prices):
    found = candidates(case_of(side, ONE, 200), "invalidation")
    assert [alternative.draft.invalidation for alternative in found] == prices


@pytest.mark.parametrize(("side", "targets", "prices"), [
    ("long", ONE, [[10_347], [10_395], [10_491], [10_683], [10_347]]),
    ("short", ONE, [[9_663], [9_624], [9_546], [9_390], [9_663]]),
    ("long", THREE, [
        [10_260, 10_260, 10_700], [10_371, 10_371, 10_700], [10_590, 10_590, 10_700],
        [11_031] * 3, [10_347, 10_347, 10_700],
    ]),
    ("short", THREE, [
        [9_753, 9_753, 9_300], [9_654, 9_654, 9_300], [9_459, 9_459, 9_300],
        [9_066] * 3, [9_663, 9_663, 9_300],
    ]),
])  # fmt: skip
def test_targets_could_have_a_floor_under_them(side, targets, prices):
    found = candidates(case_of(side, targets, 200), "targets")
    assert [[t.price for t in alternative.draft.targets] for alternative in found] == prices


def test_a_floor_that_just_meets_the_next_target_leaves_it_alone():
    shares = (Share(D(10_200), D("0.5")), Share(D(10_300), D("0.5")))
    assert _floor_for(shares, D(10_300)) == 10_300
    assert _floor_for(shares, D(10_260)) == 10_220
    assert _floor_for(shares, D(10_340)) == 10_340


def test_a_horizon_could_be_one_bar():
    assert [a.draft.horizon_bars for a in candidates(make_case(), "horizon_bars")] == [1]


def test_steps_to_a_floor_are_counted_from_the_nearest_target():
    for side, floor in (("long", 10_180), ("short", 9_820)):
        case = case_of(side, THREE, 200)
        rows = tuple(t.model_copy(update={"price": D(floor)}) for t in case.draft.targets)
        far = Alternative.of(case, case.draft.model_copy(update={"targets": rows}), "targets")
        assert far.steps == 10
        assert told(case, far.draft, "targets") == (
            f"every target {'>=' if side == 'long' else '<='} {floor}"
        )
