"""Texts and cases that Hypothesis makes and shrinks: what no table of edges thought of."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.holding import MINIMAL, hold
from tests.fuzz.writing import to_text

SOME = settings(max_examples=200)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
TICK = Decimal("0.01")


def agreed(text: str) -> None:
    outcome = hold(text)
    assert not outcome.complaints, "\n".join([*outcome.complaints, text])


@SOME
@given(text=st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_no_text_breaks_the_door(text):
    agreed(text)


@SOME
@given(
    section=st.sampled_from(
        ["plan", "market", "instrument", "account", "tool_results", "quantity"]
    ),
    value=VALUES,
)
def test_no_value_in_the_place_of_a_section_breaks_the_door(section, value):
    agreed(json.dumps({**MINIMAL, section: value}))


LEVELS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 400)), min_size=1, max_size=4)


@st.composite
def ladder_cases(draw):
    """A case on a coarse ladder of ticks around 100, so that levels meet each other often."""
    price = st.integers(9_000, 11_000)
    bid = draw(st.integers(9_980, 10_020))
    ask = bid + draw(st.integers(0, 30))
    bids = sorted(((bid - away, size) for away, size in draw(LEVELS)), reverse=True)
    asks = sorted((ask + away, size) for away, size in draw(LEVELS))
    cut = draw(st.integers(1, 99))
    targets = [{"price": draw(price) * TICK, "weight": Decimal(cut) / 100}]
    targets.append({"price": draw(price) * TICK, "weight": 1 - Decimal(cut) / 100})
    entry = draw(st.none() | st.integers(9_950, 10_050))
    document = {
        "plan": {
            "side": draw(st.sampled_from(["long", "short"])),
            "targets": targets,
            "invalidation": draw(price) * TICK,
            "confidence": Decimal(draw(st.integers(0, 100))) / 100,
            "entry": None if entry is None else entry * TICK,
        },
        "instrument": {"kind": "perpetual", "quantity_step": Decimal("0.1")},
        "market": {
            "last": draw(st.integers(9_950, 10_050)) * TICK,
            "atr": draw(st.integers(1, 500)) * TICK,
            "book": {
                "bids": [[level * TICK, size] for level, size in bids],
                "asks": [[level * TICK, size] for level, size in asks],
            },
        },
        "account": {"equity": draw(st.integers(1, 100_000))},
    }
    if draw(st.booleans()):
        document["quantity"] = draw(st.integers(1, 3_000)) * Decimal("0.1")
    return to_text(document)


@SOME
@given(text=ladder_cases())
def test_gate_and_oracle_agree_on_a_ladder_of_ticks(text):
    agreed(text)
