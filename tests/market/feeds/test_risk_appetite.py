"""The composite by its formula; what is missing stays missing."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest

from market.feeds.protocol import Observation
from market.feeds.risk_appetite import SIGNS, Daily, daily_of, risk_appetite
from tests.market.feeds.samples import NOW

DAY = timedelta(days=1)


def daily(values: list[float], newest_at: object = None) -> Daily:
    return Daily(tuple(values), NOW, NOW if newest_at is None else newest_at)  # type: ignore[arg-type]


def walk(last: float, days: int = 61) -> list[float]:
    """A zigzag of 1 %, whose last five days add up to `last` in ln."""
    steps = [0.01 * (-1) ** n for n in range(days - 6)] + [last / 5] * 5
    return [100 * math.exp(x) for x in np.cumsum([0.0, *steps])]


def test_a_part_is_its_move_over_two_deviations_with_its_sign():
    values = walk(0.02)
    changes = np.diff(np.log(values))
    expected = math.log(values[-1] / values[-6]) / (2 * changes.std(ddof=1) * math.sqrt(5))
    parts = risk_appetite({name: daily(values) for name in SIGNS}, NOW).parts
    assert parts["spy"] == pytest.approx(expected, abs=1e-4)
    assert parts["vix"] == pytest.approx(-expected, abs=1e-4)
    assert parts["gold"] == parts["dxy"] == parts["btc_dominance"] == parts["vix"]
    assert parts["eth_btc"] == parts["qqq"] == parts["spy"]


def test_the_score_is_the_mean_of_the_parts_and_has_a_label():
    up, down = daily(walk(0.2)), daily(walk(-0.2))
    on = risk_appetite({"spy": up, "qqq": up, "vix": down}, NOW)
    assert (on.score, on.label) == (1.0, "risk_on")
    off = risk_appetite({"spy": down, "qqq": down, "vix": up}, NOW)
    assert (off.score, off.label) == (-1.0, "risk_off")
    mixed = risk_appetite({"spy": up, "qqq": down, "vix": daily(walk(0.0))}, NOW)
    assert (mixed.score, mixed.label) == (pytest.approx(0, abs=0.02), "mixed")
    assert "dxy: no feed of the session has it" in on.missing


def test_fewer_than_three_parts_give_no_score():
    found = risk_appetite({"spy": daily(walk(0.2)), "vix": daily(walk(0.2))}, NOW)
    assert (found.score, found.label) == (None, None)
    assert len(found.parts) == 2
    assert "risk appetite: 2 of 7 parts, at least 3 are needed" in found.missing


@pytest.mark.parametrize(
    ("series", "why"),
    [
        (daily(walk(0.2, 20)), "spy: 20 of 21 daily values"),
        (daily(walk(0.2), NOW - 6 * DAY), "spy: stale, its newest value is of 2026-11-14"),
        (daily([100.0] * 61), "spy: does not move"),
    ],
)
def test_a_part_that_cannot_be_told_says_why(series: Daily, why: str):
    found = risk_appetite({"spy": series}, NOW)
    assert found.parts == {}
    assert why in found.missing


def test_a_day_has_the_value_that_was_last_known_of_it():
    seen = [
        Observation("vix", 20.0, NOW - DAY, NOW - DAY),
        Observation("vix", 21.0, NOW - DAY, NOW),
        Observation("vix", 22.0, NOW, NOW),
        Observation("spy", 500.0, NOW, NOW),
    ]
    found = daily_of(seen)
    assert found["vix"].values == (21.0, 22.0)
    assert found["spy"].values == (500.0,)
