"""Where do the numbers of a plan come from? Each is looked up and recomputed, none is believed.

Levels (entry, targets, invalidation, prices in `invalid_if`) need an equation of `domain.equation`
in the plan's `numbers`; numbers of the thesis need only have been shown. What is found is held
against what the plan says by `policies.evidence`. Nothing here reads a clock, a market or a
journal: the same words about the same sources give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from decimal import Decimal

from agent.prose import Shown, strange_numbers
from agent.source import NoSuchValue
from agent.sources import Sources
from domain.condition import CANDLE_SUBJECTS, read_condition
from domain.equation import Equation, read_equation
from domain.numbers import BPS
from domain.plan import PlanDraft, ReplanDraft
from policies.evidence import CheckedNumber

PERSON = "a person, while stepping"
"""Source of a number that a person set in place of the model's."""
BESIDE = "number"
"""Where an equation stands whose number is no level of the plan."""
_PRICED = frozenset({"price", "open interest"})
"""Of the moment's subjects those that have no scale of their own."""
COARSEST_BPS = 1
"""Of the number or the newest price, whichever is more: the most that rounding of sources may hide.
Factors carry rounding along: without this `9999 * (1h rsi_14 - 1h rsi_14)` fits any price."""


def checked_numbers(
    draft: PlanDraft,
    said: PlanDraft,
    sources: Sources,
    texts: Sequence[str],
    tick: Decimal,
    *,
    merged: bool = False,
) -> tuple[CheckedNumber, ...]:
    """Every level of a plan beside its source, then what the thesis made up.

    Args:
        draft: The plan that is to be judged.
        said: The same as the model said it, whose words the thesis is.
        sources: What the plan may name.
        texts: What the model was shown, for the thesis.
        tick: The instrument's; a level may be rounded by one.
        merged: Where both differ, other models did that and have to name sources; else a person
            did, who has not.
    """
    words = dict(levels(said))
    stated = set(words.values())
    rows = _rows(draft, sources, tick, stated)
    own = rows if draft == said else _rows(said, sources, tick, stated)
    if not merged:
        rows = [row if _is_models(row, words) else _set_by_person(row) for row in rows]
    shown = Shown(texts, [r.number for r in (*rows, *own) if r.bound] + [sources.snapshot.last])
    if draft.thesis == said.thesis:
        rows += [CheckedNumber("thesis", n, None) for n in strange_numbers(draft.thesis, shown)]
    return tuple(rows)


def _is_models(row: CheckedNumber, words: Mapping[str, Decimal]) -> bool:
    return row.where == BESIDE or words.get(row.where) == row.number


def _set_by_person(row: CheckedNumber) -> CheckedNumber:
    return CheckedNumber(row.where, row.number, PERSON, row.number)


def _rows(
    draft: PlanDraft, sources: Sources, tick: Decimal, stated: Set[Decimal]
) -> list[CheckedNumber]:
    """Each level beside every equation that it has, then the equations of other numbers.

    What is said twice has to be true twice. A level that the model stated and somebody has set
    otherwise since is still rounded like one.
    """
    equations = [read_equation(text) for text in draft.numbers]
    rows: list[CheckedNumber] = []
    for where, number in levels(draft):
        mine = [equation for equation in equations if equation.number == number]
        rows += [_checked(where, equation, sources, tick) for equation in mine]
        rows += [] if mine else [CheckedNumber(where, number, None)]
    used = {row.number for row in rows}
    beside = [equation for equation in equations if equation.number not in used]
    return rows + [
        _checked(BESIDE, each, sources, tick if each.number in stated else _half(each))
        for each in beside
    ]


def levels(draft: PlanDraft | ReplanDraft) -> Iterator[tuple[str, Decimal]]:
    """The numbers of a plan that need a source: prices, and what is in a coin's own measure.

    A threshold on a scale (`rsi_14 above 70`, `funding above 0.05 %`, `macd below 0`) is a choice.
    """
    if draft.entry is not None:
        yield "entry", draft.entry
    for count, target in enumerate(draft.targets, 1):
        yield f"target {count}", target.price
    yield "invalidation", draft.invalidation
    for count, text in enumerate(draft.invalid_if, 1):
        condition = read_condition(text)
        priced = CANDLE_SUBJECTS.get(condition.subject) in {"quote", "base"}
        if isinstance(condition.level, Decimal) and (priced or condition.subject in _PRICED):
            yield f"invalid_if {count}", condition.level


def _checked(where: str, equation: Equation, sources: Sources, rounding: Decimal) -> CheckedNumber:
    number = equation.number
    try:
        found = equation.recomputed(sources.look)
    except NoSuchValue as error:
        return CheckedNumber(where, number, equation.source, why=str(error))
    most = COARSEST_BPS * max(abs(number), sources.snapshot.last) / BPS
    tolerance = min(found.error, most) + rounding
    return CheckedNumber(where, number, equation.source, found.value, tolerance)


def _half(equation: Equation) -> Decimal:
    """Half a unit of the last digit that the plan writes."""
    exponent = equation.number.as_tuple().exponent
    return Decimal(5).scaleb(int(exponent) - 1)
