"""Where the gate and the oracle are known to differ.

The volume tests count these and go on; `test_open_questions` holds that each is still there, with
its smallest case, so that a mended gate is noticed and its row here goes.
"""

from __future__ import annotations

from tests.fuzz.holding import Outcome

FAR = 1e8
"""Orders this many times the book are priced with fewer digits than are stated."""


def known(outcome: Outcome) -> str | None:
    """The question that all of an outcome's complaints belong to; None when one of them is new."""
    if "CONTROL_ERROR" in outcome.codes:
        return "a price, tick or step beyond the gate's arithmetic is a CONTROL_ERROR"
    if all(c.startswith("MISSTATED") and _books(c) > FAR for c in outcome.complaints):
        return "an order far beyond the book is priced with too few digits"
    return None


def _books(complaint: str) -> float:
    """How many times the book the order is, from the complaint's own words."""
    words = complaint.split()
    return float(words[-2]) if words[-1] == "books" else 0.0
