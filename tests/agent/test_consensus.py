"""The rule that makes one draft of several: careful in each part, and blind to order."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.consensus import Draft, Ruling, Terms, mean_target, ruling
from domain.plan import Answer, ExitDraft, NoTrade, PlanDraft, ReplanDraft, Target

D = Decimal
LAST, ATR = D(100), D(4)


def plan(side: str = "long", **changes: Any) -> PlanDraft:
    up = side == "long"
    levels = {
        "targets": (Target(price=D(112 if up else 88)),),
        "invalidation": D(95 if up else 105),
    }
    words = {"thesis": "It broke.", "confidence": D("0.8"), "horizon_bars": 24}
    return PlanDraft(side=side, **{**levels, **words, **changes})  # type: ignore[arg-type]


def ruled(
    draft: Draft, *votes: Answer | None, again: tuple[Answer | None, ...] = (), **terms: Any
) -> Ruling:
    return ruling(draft, "long", votes, again, LAST, ATR, Terms(**terms))


NOTHING = NoTrade(reason="no")


def test_each_part_is_the_most_careful_one_that_was_said() -> None:
    lead = plan(invalid_if=("price below 94",), evidence=("ohlcv#1",), confidence=D("0.7"))
    two = (Target(price=D(106), weight=D("0.5")), Target(price=D(114), weight=D("0.5")))
    other = plan(
        entry=D(99), targets=two, invalidation=D(96), horizon_bars=12, evidence=("regime#2",),
        invalid_if=("1h rsi_14 above 70",), thesis="Otherwise.",
    )  # fmt: skip
    merged = ruled(lead, other).draft
    assert merged == lead.model_copy(
        update={
            "entry": D(99),
            "targets": two,
            "invalidation": D(96),
            "invalid_if": ("price below 94", "1h rsi_14 above 70"),
            "horizon_bars": 12,
            "evidence": ("ohlcv#1", "regime#2"),
        }
    )


@pytest.mark.parametrize(
    ("votes", "code"),
    [
        ((plan(), NOTHING), None),  # 2 of 3
        ((plan("short"), NOTHING), "NO_QUORUM"),
        ((plan(), None, None), "NO_QUORUM"),  # 2 of 4: silence is against
        ((ExitDraft(thesis="out"),), "NO_QUORUM"),
        ((plan(invalidation=D(91)),), None),
        ((plan(invalidation=D("86.9")),), "DISPERSED"),
        ((plan(targets=(Target(price=D(121)),)),), "DISPERSED"),
        ((plan(entry=D("91.9")),), "DISPERSED"),
    ],
)
def test_what_a_quorum_and_a_dispersion_are(votes: tuple[Answer, ...], code: str | None) -> None:
    found = ruled(plan(), *votes)
    assert (found.code, found.draft is None) == (code, code is not None)


def test_levels_that_do_not_stand_in_their_order_are_no_plan() -> None:
    found = ruled(plan(), plan(entry=D(94), invalidation=D(92)))
    assert (found.code, found.draft) == ("DISPERSED", None)


def test_how_far_apart_is_unknown_without_an_atr_unless_they_are_the_same() -> None:
    apart = ruling(plan(), "long", [plan(invalidation=D(96))], [], LAST, None, Terms())
    same = ruling(plan(), "long", [plan()], [], LAST, None, Terms())
    assert (apart.code, same.code, same.dispersion_atr_ratio) == ("DISPERSED", None, 0)


@pytest.mark.parametrize(
    ("again", "code"),
    [
        ((plan(), plan(invalidation=D(50)), plan()), None),
        ((plan(), plan(), plan(), NOTHING), None),
        ((plan(), plan(), NOTHING), "UNSTABLE"),
        ((plan(), plan(), None), "UNSTABLE"),
        ((plan("short"),), "UNSTABLE"),
    ],
)
def test_a_model_that_flips_is_not_believed(again: tuple[Answer, ...], code: str | None) -> None:
    found = ruled(plan(), again=again)
    assert found.code == code
    assert found.draft == (None if code else plan())
    assert found.flip_fraction == D(found.flips_count) / len(again)


def test_a_change_of_a_plan_agrees_with_the_same_change_only() -> None:
    body = plan().model_dump(exclude={"side"})
    change, adding = ReplanDraft(**body), ReplanDraft(**body, add=True)
    assert ruled(change, change).draft == change
    assert ruled(change, adding).code == ruled(change, plan()).code == "NO_QUORUM"


def thrown(seed: int) -> tuple[PlanDraft, list[Answer | None]]:
    dice = Random(seed)

    def tenth(low: int, high: int) -> Decimal:
        return D(dice.randint(low, high)) / 10

    def one() -> PlanDraft:
        weights = dice.choice((("1",), ("0.4", "0.6"), ("0.5", "0.25", "0.25")))
        said = dice.sample(range(80, 90), dice.randint(0, 3))
        return plan(
            entry=dice.choice([None, None, tenth(950, 1000)]),
            targets=tuple(Target(price=tenth(1020, 1090), weight=D(w)) for w in weights),
            invalidation=tenth(900, 960),
            horizon_bars=dice.randint(1, 48),
            confidence=tenth(5, 10),
            invalid_if=tuple(f"price below {level}" for level in said),
        )

    others: list[Answer | None] = [NOTHING, None, plan("short"), ExitDraft(thesis="out")]
    return one(), [dice.choice([one(), one(), *others]) for _ in range(dice.randint(0, 5))]


SEEDS = st.integers(0, 10**9)


@settings(max_examples=150)
@given(seed=SEEDS)
def test_no_part_is_bolder_than_what_anybody_who_agreed_has_said(seed: int) -> None:
    draft, votes = thrown(seed)
    found = ruled(draft, *votes)
    if found.draft is None:
        return
    same = [draft, *(v for v in votes if isinstance(v, PlanDraft) and v.side == "long")]
    merged = found.draft
    risk = (LAST if merged.entry is None else merged.entry) - merged.invalidation
    for each in same:
        entry = LAST if each.entry is None else each.entry
        assert risk <= entry - each.invalidation
        assert mean_target(merged) <= mean_target(each)
        assert merged.horizon_bars <= each.horizon_bars
        assert merged.confidence <= each.confidence
    assert PlanDraft.model_validate(merged.model_dump()) == merged


@settings(max_examples=100)
@given(seed=SEEDS)
def test_the_order_of_the_voters_changes_nothing(seed: int) -> None:
    draft, votes = thrown(seed)
    turned = Random(seed).sample(votes, len(votes))
    assert ruled(draft, *turned) == ruled(draft, *votes)


@settings(max_examples=100)
@given(seed=SEEDS, dissent=st.sampled_from([NOTHING, None, plan("short")]))
def test_one_more_against_it_never_makes_a_trade(seed: int, dissent: Answer | None) -> None:
    draft, votes = thrown(seed)
    before, after = ruled(draft, *votes), ruled(draft, *votes, dissent)
    assert after.draft in {None, before.draft}


def test_the_levels_that_others_bring_bring_their_sources_and_those_that_give_way_take_theirs() -> (
    None
):
    mine = "112 = now price"
    lead = plan(numbers=(mine, "95 = 1h low_9"))
    other = plan(invalidation=D(96), numbers=("96 = 1h low_3", "7 = 1h close", mine))
    found = ruled(lead, other).draft
    assert found is not None
    assert found.numbers == (mine, "96 = 1h low_3")
