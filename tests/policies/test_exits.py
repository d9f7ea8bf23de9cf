"""How the exits of an open position are managed: at the edge of each rule, and never backwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.exits import (
    EXIT_RULES,
    OpenPosition,
    breakeven_stop,
    is_stale,
    manages,
    moved_stop,
    trailing_stop,
)
from policies.presets import PRESETS
from policies.settings import DEFAULTS, Policy

D = Decimal

LONG = OpenPosition(
    side="long",
    entry_price=D(100),
    planned_stop=D(95),
    stop=D(95),
    best=D(110),
    bars=10,
    last=D(109),
    atr=D(2),
    costs=D("0.31"),
    tick=D("0.1"),
    confidence_fraction=D(1),
)
"""A long whose R is 5; its best way is 2 R."""


def policy(**keys: Any) -> Policy:
    return Policy.model_validate({**DEFAULTS.model_dump(), **keys})


def mirrored(held: OpenPosition) -> OpenPosition:
    """The short whose prices lie as far on the other side of 100."""
    flip = {name: 200 - getattr(held, name) for name in ("planned_stop", "stop", "last")}
    best = None if held.best is None else 200 - held.best
    return replace(held, side="short", best=best, **flip)


EDGES: Mapping[str, tuple[Policy, OpenPosition, OpenPosition]] = {
    # rule: the policy, a position at the edge, the same just before it
    "breakeven_stop": (
        policy(breakeven_after_r_ratio=2),
        LONG,
        replace(LONG, best=D("109.9")),
    ),
    "trailing_stop": (
        policy(trail_after_r_ratio=2, trail_atr_ratio=1),
        LONG,
        replace(LONG, best=D("109.9")),
    ),
    "is_stale": (
        policy(stale_after_bars=10, stale_below_r_ratio=D("2.001")),
        LONG,
        replace(LONG, bars=9),
    ),
}


@pytest.mark.parametrize("name", [rule.check.__name__ for rule in EXIT_RULES])
def test_each_exit_rule_acts_at_its_edge_and_not_before(name: str) -> None:
    (rule,) = (r for r in EXIT_RULES if r.check.__name__ == name)
    limits, at_the_edge, before = EDGES[name]
    for turned in (lambda held: held, mirrored):
        assert rule.check(turned(at_the_edge), limits)
        assert not rule.check(turned(before), limits)
        assert not rule.check(turned(at_the_edge), DEFAULTS)


def test_a_breakeven_stop_covers_the_costs_and_lies_on_the_tick() -> None:
    move = breakeven_stop(LONG, policy(breakeven_after_r_ratio=1))
    assert move is not None
    assert (move.price, move.reason) == (D("100.4"), "breakeven")
    short = breakeven_stop(mirrored(LONG), policy(breakeven_after_r_ratio=1))
    assert short is not None
    assert short.price == D("99.6")


@pytest.mark.parametrize(
    ("keys", "price"),
    [
        ({"trail_atr_ratio": 3}, "104"),
        ({"trail_fraction": D("0.1")}, "99"),
        ({"trail_atr_ratio": 3, "trail_fraction": D("0.1")}, "99"),
        ({"trail_atr_ratio": 6, "trail_fraction": D("0.1")}, "98"),
        ({"trail_atr_ratio": D("3.04")}, "103.9"),
    ],
)
def test_a_trailing_stop_keeps_the_wider_of_its_distances(keys: dict[str, Any], price: str) -> None:
    move = trailing_stop(LONG, policy(**keys))
    assert move is not None
    assert (move.price, move.reason) == (D(price), "trailing")


@pytest.mark.parametrize("atr", [None, D(0), D("NaN"), D("Infinity")])
def test_without_a_sound_atr_nothing_trails_by_it(atr: Decimal | None) -> None:
    held = replace(LONG, atr=atr)
    assert moved_stop(held, policy(trail_atr_ratio=3)) is None
    assert moved_stop(held, policy(trail_atr_ratio=3, trail_fraction=D("0.1"))) is None
    assert trailing_stop(held, policy(trail_fraction=D("0.1"))) is not None


def test_the_tighter_of_two_moves_is_taken() -> None:
    both = policy(breakeven_after_r_ratio=1, trail_atr_ratio=3)
    move = moved_stop(LONG, both)
    assert move is not None
    assert (move.price, move.reason) == (D(104), "trailing")
    move = moved_stop(replace(LONG, atr=D(5)), both)
    assert move is not None
    assert (move.price, move.reason) == (D("100.4"), "breakeven")


def test_a_stop_that_stands_as_tight_already_is_left() -> None:
    limits = policy(trail_atr_ratio=3)
    assert moved_stop(replace(LONG, stop=D(104)), limits) is None
    assert moved_stop(replace(LONG, stop=D("103.9")), limits) is not None


def test_a_stop_beyond_the_price_is_not_placed() -> None:
    limits = policy(trail_atr_ratio=3)
    assert moved_stop(replace(LONG, last=D(104)), limits) is None
    assert moved_stop(replace(LONG, last=D("104.1")), limits) is not None


def test_before_a_candle_has_closed_nothing_moves() -> None:
    fresh = replace(LONG, best=None, bars=0)
    everything = policy(breakeven_after_r_ratio=1, trail_fraction=D("0.1"), stale_after_bars=1)
    assert moved_stop(fresh, everything) is None
    assert not is_stale(fresh, everything)


def test_a_plan_of_low_conviction_is_stale_in_half_the_time() -> None:
    limits = policy(
        stale_after_bars=20, stale_below_r_ratio=3, full_size_confidence_fraction=D("0.9")
    )
    assert not is_stale(replace(LONG, confidence_fraction=D("0.9")), limits)
    assert is_stale(replace(LONG, confidence_fraction=D("0.89")), limits)


def test_the_rules_are_off_by_default_and_each_switches_the_management_on() -> None:
    assert not manages(DEFAULTS)
    for keys in (
        {"breakeven_after_r_ratio": 1},
        {"trail_atr_ratio": 1},
        {"trail_fraction": D("0.1")},
        {"stale_after_bars": 1},
    ):
        assert manages(policy(**keys))
    assert [name for name, keys in PRESETS.items() if manages(policy(**keys))] == ["conservative"]


PRICE = st.decimals("80", "120", places=2)


@settings(max_examples=300)
@given(
    best=PRICE,
    last=PRICE,
    stop=st.decimals("80", "99", places=1),
    atr=st.decimals("0.01", "9", places=2),
    after=st.decimals(0, 3, places=2),
    ratio=st.decimals(0, 9, places=1),
    fraction=st.decimals(0, "0.4", places=2),
)
def test_a_stop_only_moves_toward_the_price_and_longs_and_shorts_are_mirror_images(
    best: Decimal,
    last: Decimal,
    stop: Decimal,
    atr: Decimal,
    after: Decimal,
    ratio: Decimal,
    fraction: Decimal,
) -> None:
    held = replace(LONG, best=best, last=last, stop=stop, atr=atr)
    limits = policy(
        breakeven_after_r_ratio=after,
        trail_after_r_ratio=after,
        trail_atr_ratio=ratio,
        trail_fraction=fraction,
    )
    move = moved_stop(held, limits)
    if move is not None:
        assert stop < move.price < last
        assert move.price % held.tick == 0
    short = moved_stop(mirrored(held), limits)
    # Distances as a fraction of the price are not the same seen from the other side.
    if not fraction:
        assert (short is None) == (move is None)
        if short is not None and move is not None:
            assert short.price == 200 - move.price


def test_of_two_stops_the_one_nearer_to_the_price_is_taken_on_either_side() -> None:
    both = policy(breakeven_after_r_ratio=1, trail_after_r_ratio=1, trail_atr_ratio=3)
    far = policy(breakeven_after_r_ratio=1, trail_after_r_ratio=1, trail_atr_ratio=D("4.9"))
    for limits, reason, distance in ((both, "trailing", 4), (far, "breakeven", D("0.4"))):
        for held, sign in ((LONG, 1), (mirrored(LONG), -1)):
            move = moved_stop(held, limits)
            assert move is not None
            assert (move.reason, move.price) == (reason, 100 + sign * distance)


def test_a_position_without_a_distance_has_no_stop_that_trails() -> None:
    limits = policy(trail_after_r_ratio=0, trail_atr_ratio=1)
    assert trailing_stop(replace(LONG, planned_stop=LONG.entry_price), limits) is None


@pytest.mark.parametrize(("confidence", "bars", "stale"), [
    ("1", 10, True), ("1", 9, False), ("0.1", 5, True), ("0.1", 4, False),
])  # fmt: skip
def test_doubt_halves_the_bars_that_a_position_has(confidence: str, bars: int, stale: bool) -> None:
    limits = policy(stale_after_bars=10, stale_below_r_ratio=3)
    held = replace(LONG, confidence_fraction=D(confidence), bars=bars)
    assert is_stale(held, limits) is stale


def test_a_way_of_just_what_is_asked_is_not_stale() -> None:
    limits = policy(stale_after_bars=10, stale_below_r_ratio=2)
    assert not is_stale(LONG, limits)
