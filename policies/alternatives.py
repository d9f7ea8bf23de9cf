"""Where else a field of a plan could stand: the edges that the rules' own arithmetic gives.

Candidates come with the number of smallest steps (ticks, bars) that lie between them and the plan,
so that whoever tries them can halve the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import zip_longest
from typing import Any, NamedTuple

from domain.numbers import ONE, ZERO, ceil_to_tick, floor_to_tick, plain
from domain.plan import PlanDraft, Target
from domain.verdict import ChangedField
from policies.acceptable import worst_entries
from policies.bracket import target_shares
from policies.case import Case
from policies.costs import Costs, Share, costs_of, mean_target
from policies.facts import known
from policies.pricing import Entry, price_entry
from policies.reference import collar, reference_price
from policies.stop import least_distance, place_stop

FIELDS: tuple[ChangedField, ...] = (
    "evidence",
    "horizon_bars",
    "invalidation",
    "targets",
    "entry",
)
PARTS = 4
"""Into how many parts the way to an edge is cut, where no edge will do."""
REACHES = (1, 2, 4, 8)
"""A floor under the targets is tried at the edge and at multiples of that way: a larger order
pays worse prices."""


class Alternative(NamedTuple):
    """A draft with one field changed."""

    field: ChangedField
    draft: PlanDraft
    steps: int
    """Smallest steps between the plan's own value and this one; 1 where there is no between."""

    @classmethod
    def of(cls, case: Case, draft: PlanDraft, field: ChangedField) -> Alternative:
        """`draft` as an alternative to the case's own, which differs in `field`."""
        if field == "evidence":
            return cls(field, draft, 1)
        own, new = _value(case, case.draft, field), _value(case, draft, field)
        return cls(field, draft, max(1, int(abs(new - own) / _step(case, field))))


def candidates(case: Case, field: ChangedField) -> Iterator[Alternative]:
    """Drafts in which only `field` differs, the most promising first."""
    for draft in _drafts(case, field):
        if draft != case.draft:
            yield Alternative.of(case, draft, field)


def between(case: Case, far: Alternative, steps: int) -> PlanDraft | None:
    """The draft `steps` smallest steps from the plan toward the alternative; None where none is."""
    if far.field == "evidence":
        return None
    own, new = _value(case, case.draft, far.field), _value(case, far.draft, far.field)
    step = _step(case, far.field)
    # Counted from the far end, which is on the tick; the plan's own value may not be.
    value = new - (far.steps - steps) * step * (1 if new > own else -1)
    return _with(case, far.field, value)


def parts(case: Case, far: Alternative) -> Iterator[Alternative]:
    """Parts of the way to an alternative, the nearest first."""
    for share in range(1, PARTS):
        draft = between(case, far, far.steps * share // PARTS)
        if draft is not None and draft != case.draft:
            yield Alternative.of(case, draft, far.field)


def told(case: Case, draft: PlanDraft, field: ChangedField) -> str:
    """What the field of this draft says, as a bound that the plan's own value misses."""
    if field == "evidence":
        return f"evidence only {', '.join(draft.evidence) or 'of what was answered'}"
    own, new = _value(case, case.draft, field), _value(case, draft, field)
    comparison = ">=" if new > own else "<="
    name = {"targets": "target" if len(draft.targets) == 1 else "every target"}.get(field, field)
    return f"{name} {comparison} {plain(new)}"


def _drafts(case: Case, field: ChangedField) -> Iterator[PlanDraft]:
    if field == "evidence":
        sound = {e.result_id for e in case.evidence if e.ok and e.as_of >= case.decided_at}
        kept = tuple(name for name in case.draft.evidence if name in sound)
        yield case.draft.model_copy(update={"evidence": kept})
    elif field == "horizon_bars":
        yield case.draft.model_copy(update={"horizon_bars": 1})
    else:
        for price in _prices(case, field):
            draft = _with(case, field, price)
            if draft is not None:
                yield draft


def _prices(case: Case, field: ChangedField) -> Iterator[Decimal]:
    book = case.market.book
    if book is None or not (book.bids and book.asks):
        return
    entry = price_entry(case, book)
    stop = place_stop(case, entry.touch)
    if stop is None:
        return
    costs = costs_of(case, stop)
    if field == "targets":
        yield from _targets(case, entry, costs)
    elif field == "invalidation":
        yield from _invalidations(case, entry)
    else:
        yield from _entries(case, entry, costs)


def _targets(case: Case, entry: Entry, costs: Costs) -> Iterator[Decimal]:
    """Floors under the targets at which reward/risk is enough, seen from the worst level."""
    least, shares = case.policy.min_reward_risk_ratio, target_shares(case)
    needed = costs.nearest_target(entry.touch, least, case.instrument.price_tick)
    if needed is None:
        return
    first = shares[0].price
    way = _floor_for(shares, needed) - first
    for reach in REACHES:
        yield _away(case, first + way * reach)
    yield _away(case, needed)  # whatever legs are merged: none is nearer than this


def _floor_for(shares: tuple[Share, ...], mean: Decimal) -> Decimal:
    """The price that targets nearer than it have to be moved to, for the mean target to be `mean`.

    The nearest is moved first; when it reaches the next one, they are moved together.
    """
    floor, missing = mean, mean - mean_target(shares)
    weight = worth = ZERO
    for share, farther in zip_longest(shares, shares[1:]):
        weight, worth = weight + share.weight, worth + share.weight * share.price
        floor = (worth + missing) / weight
        if farther is None or abs(floor - share.price) <= abs(farther.price - share.price):
            break
    return floor


def _invalidations(case: Case, entry: Entry) -> Iterator[Decimal]:
    """As near to the entry as noise allows; where the plan has it on the wrong side, beyond it."""
    least = least_distance(case)
    if least is not None:
        yield _back(case, entry.touch - least * case.direction)
        yield _back(case, entry.touch - case.instrument.price_tick * case.direction)


def _entries(case: Case, entry: Entry, costs: Costs) -> Iterator[Decimal]:
    """Limits: the touch itself, the worst that every rule accepts, and the edge of the collar."""
    yield _back(case, entry.touch)
    stop = costs
    for _ in REACHES:
        bounds = [*worst_entries(case, entry, stop, target_shares(case)), entry.touch]
        worst = min(bounds) if case.direction > ZERO else max(bounds)
        if not worst > ZERO:
            break
        price = _back(case, worst)
        yield price
        moved = place_stop(case, price)
        if moved is None or moved == stop.stop:
            break
        stop = costs_of(case, moved)
    yield entry.mid * 2 - entry.touch  # the best of the entry's own side, where it rests
    reference, atr = reference_price(case), known(case.market.atr)
    if reference is not None and atr is not None:
        yield _away(case, reference * (ONE - case.direction * collar(case, reference, atr)))


def _back(case: Case, price: Decimal) -> Decimal:
    """On the tick, on the side that is better for the entry: down for a long."""
    tick = case.instrument.price_tick
    return floor_to_tick(price, tick) if case.direction > ZERO else ceil_to_tick(price, tick)


def _away(case: Case, price: Decimal) -> Decimal:
    tick = case.instrument.price_tick
    return ceil_to_tick(price, tick) if case.direction > ZERO else floor_to_tick(price, tick)


def _value(case: Case, draft: PlanDraft, field: ChangedField) -> Decimal:
    """Where a field stands that is a number; evidence is none."""
    if field == "horizon_bars":
        return Decimal(draft.horizon_bars)
    if field == "targets":
        nearer = min if draft.side == "long" else max
        return nearer(target.price for target in draft.targets)
    if field == "invalidation":
        return draft.invalidation
    if draft.entry is not None:
        return draft.entry
    book = case.market.book
    levels = book.side(case.entry_side) if book is not None else ()
    return levels[0].price if levels else case.decision_price


def _step(case: Case, field: ChangedField) -> Decimal:
    return ONE if field == "horizon_bars" else case.instrument.price_tick


def _with(case: Case, field: ChangedField, value: Decimal) -> PlanDraft | None:
    """The draft with the field at `value`; None where no plan can have it there."""
    if not ZERO < value < Decimal("1e12"):
        return None
    if field != "targets":
        new: Any = int(value) if field == "horizon_bars" else value
        return case.draft.model_copy(update={field: new})
    farther = max if case.draft.side == "long" else min
    targets = tuple(
        Target(price=farther(t.price, value), weight=t.weight) for t in case.draft.targets
    )
    return case.draft.model_copy(update={"targets": targets})
