"""Is the plan wrong already, by its own words, or could nobody notice when it becomes so?"""

from __future__ import annotations

from domain.finding import Finding, Stated
from domain.numbers import plain
from policies.case import Case
from policies.conditions import Reading

CODE = "INVALIDATED"


def no_condition_holds(case: Case) -> Finding:
    """`INVALIDATED`: each of the plan's `invalid_if` can be read now, and none holds.

    Reason: a condition that holds already would close the position at once, and one that cannot be
    read (a candle that the session does not see, funding of spot) protects nothing. Source: own.
    """
    read = {reading.condition: reading for reading in case.readings}
    asked = case.draft.invalid_if
    wrong = [said for text in asked if (said := _against(text, read.get(text)))]
    whole = f"{len(asked)} of {len(asked)}"
    if not wrong:
        sentence = "No condition under which the plan is wrong holds, and each can be watched."
        return Stated(CODE, True, whole, whole, sentence if asked else "The plan names none.")
    open_ones = f"{len(asked) - len(wrong)} of {len(asked)}"
    return Stated(CODE, False, open_ones, whole, " ".join(wrong))


def _against(text: str, reading: Reading | None) -> str | None:
    """What is wrong with a condition, as a sentence."""
    if reading is None or reading.holds is None:
        return f"Whether {text!r} holds cannot be known here, so nobody could watch it."
    if reading.holds:
        now = "" if reading.measured is None else f": it is {plain(reading.measured)}"
        return f"The plan is wrong if {text!r}, and that is so already{now}."
    return None
