"""The nearest acceptable plan: what would have to be otherwise, and proof that it then passes.

For each control that failed, the fields of the plan that can mend it are tried: where the rules'
own arithmetic puts the edge, and then, halving, back toward what the plan said. Nothing is said to
pass that the gate has not approved. The facts stay as they are, and so does the confidence: it is
no number to bargain with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from domain.numbers import ZERO, plain
from domain.plan import PlanDraft
from domain.verdict import Approved, Change, ChangedField, Denied, Nearest, Verdict
from policies.alternatives import FIELDS, Alternative, between, candidates, parts, told
from policies.arithmetic import gate_arithmetic
from policies.case import Case
from policies.gate import review
from policies.rulebook import RULES

MENDS: dict[str, tuple[ChangedField, ...]] = {
    "PRICE_COLLAR": ("entry",),
    "STOP_WRONG_SIDE": ("invalidation", "entry"),
    "TARGET_WRONG_SIDE": ("targets", "entry"),
    "STOP_TOO_TIGHT": ("invalidation", "entry"),
    "STOP_TOO_WIDE": ("invalidation", "entry"),
    "RR_BELOW_MIN": ("targets", "entry", "invalidation"),
    "RISK_PER_TRADE": ("invalidation", "entry"),
    "OPEN_RISK_LIMIT": ("invalidation", "entry"),
    "REPLAN_RISK_INCREASE": ("invalidation", "entry"),
    "FUNDING_COST_LIMIT": ("horizon_bars",),
    "LIQUIDATION_TOO_CLOSE": ("invalidation", "entry"),
    "SLIPPAGE_LIMIT": ("entry",),
    "QTY_BELOW_MIN": ("invalidation", "entry"),
    "MIN_NOTIONAL": ("invalidation", "entry"),
    "EVIDENCE_MISSING": ("evidence",),
}
"""Per code, the fields of a plan that can mend it; any other code no plan can."""


_Test = Callable[[Case, PlanDraft], bool]


class _Found(NamedTuple):
    draft: PlanDraft
    sentence: str


def advised(case: Case, verdict: Verdict) -> Verdict:
    """The verdict, with the nearest acceptable plan when it is a denial."""
    if isinstance(verdict, Approved):
        return verdict
    with gate_arithmetic():
        return replace(verdict, nearest=nearest(case, verdict))


def nearest(case: Case, denied: Denied) -> Nearest:
    """What would pass instead of the denied plan; see `Nearest`."""
    sized = None if case.quantity is None else review(replace(case, quantity=None))
    if isinstance(sized, Approved):
        return _own_size(case, denied, sized.bracket.quantity)
    changes, passing = _changes(case, denied)
    if passing:
        best = min(passing, key=lambda found: _distance(case, found.draft))
        return Nearest(changes, (best.sentence,), best.draft, ())
    if isinstance(sized, Denied):
        resized = _resized(case, changes, sized)
        if resized is not None:
            return resized
    draft = None if set(denied.codes) - set(MENDS) else _jointly(case)
    if draft is not None:
        return Nearest(changes, tuple(_differences(case, draft)), draft, ())
    mended = {change.code for change in changes}
    hopeless = tuple(c for c in denied.codes if c not in mended) or denied.codes
    return Nearest(changes, (), None, hopeless)


def _changes(case: Case, denied: Denied) -> tuple[tuple[Change, ...], list[_Found]]:
    """Per failing control and field the smallest change that satisfies it, and what passes alone.

    Where the smallest change of a field does not pass, a larger one of the same field may.
    """
    changes: list[Change] = []
    passing: list[_Found] = []
    larger: dict[ChangedField, _Found | None] = {}
    hopeless = bool(set(denied.codes) - set(MENDS))
    for code in denied.codes:
        for field in MENDS.get(code, ()):
            found = _mended(case, field, _meeting(code))
            passes = found is not None and _passes(case, found.draft)
            if not (passes or hopeless):
                if field not in larger:
                    larger[field] = _mended(case, field, _passes, partly=True)
                found, passes = larger[field] or found, larger[field] is not None
            if found is not None:
                changes.append(Change(code, field, found.sentence, passes))
                passing += [found] if passes else []
    return tuple(changes), passing


def _own_size(case: Case, denied: Denied, size: Decimal) -> Nearest:
    """The executor's own size passes where the given one does not."""
    sentence = _bound(case, size)
    changes = tuple(Change(code, "quantity", sentence, passes=True) for code in denied.codes)
    return Nearest(changes, (sentence,), case.draft, (), size)


def _resized(case: Case, changes: tuple[Change, ...], sized: Denied) -> Nearest | None:
    """The executor's size together with what else would have to change."""
    without = replace(case, quantity=None)
    found = nearest(without, sized)
    if found.draft is None:
        return None
    passing = _review(without, found.draft)
    size = passing.bracket.quantity if passing.bracket is not None else ZERO
    return Nearest(changes, (_bound(case, size), *found.together), found.draft, (), size)


def _bound(case: Case, size: Decimal) -> str:
    """The size that passes: as a bound where the given one is larger, else the size itself."""
    larger = case.quantity is not None and case.quantity > size
    return f"quantity {'<=' if larger else 'of'} {plain(size)}"


def _meeting(code: str) -> _Test:
    """Whether a draft has a bracket and meets this control; no other one is asked."""
    rules = [rule for rule in RULES if rule.code == code]

    def met(case: Case, draft: PlanDraft) -> bool:
        verdict = review(replace(case, draft=draft), rules)
        return code not in verdict.codes and verdict.bracket is not None

    return met


def _passes(case: Case, draft: PlanDraft) -> bool:
    return _review(case, draft).approved


def _mended(case: Case, field: ChangedField, good: _Test, *, partly: bool = False) -> _Found | None:
    """The smallest change of one field after which `good` holds.

    The edges first; where it holds at none of them, and `partly`, parts of the way to each.
    """
    edges = list(candidates(case, field))
    on_the_way = (part for edge in edges if partly for part in parts(case, edge))
    for alternative in (*edges, *on_the_way):
        if good(case, alternative.draft):
            closest = _closest(case, alternative, good)
            return _Found(closest, told(case, closest, field))
    return None


def _closest(case: Case, far: Alternative, good: _Test) -> PlanDraft:
    """From a good alternative back toward the plan, as near as it stays good.

    In strides that double, since most edges are where they have to be, then halving the last one.
    """
    near_steps, far_steps, best, stride = 0, far.steps, far.draft, 1
    while far_steps - near_steps > 1:
        tried = max(far_steps - stride, (near_steps + far_steps) // 2)
        draft = between(case, far, tried)
        if draft is not None and good(case, draft):
            far_steps, best, stride = tried, draft, 2 * stride
        else:
            near_steps = tried
    return best


def _jointly(case: Case) -> PlanDraft | None:
    """Change field after field as long as fewer controls fail, then go back as far as it passes."""
    draft, failing = case.draft, len(_review(case, case.draft).codes)
    for field in (*FIELDS, *FIELDS):
        here = replace(case, draft=draft)
        edges = list(candidates(here, field))
        for alternative in (*edges, *(part for edge in edges for part in parts(here, edge))):
            codes = _review(case, alternative.draft).codes
            if len(codes) < failing:
                draft, failing = alternative.draft, len(codes)
        if not failing:
            return _drawn_back(case, draft)
    return None


def _drawn_back(case: Case, draft: PlanDraft) -> PlanDraft:
    """Each changed field as near to the plan's own as the gate still approves, in turn."""
    for field in FIELDS:
        own: Any = getattr(case.draft, field)
        if getattr(draft, field) == own:
            continue
        origin = replace(case, draft=draft.model_copy(update={field: own}))
        if review(origin).approved:
            draft = origin.draft
            continue
        far = Alternative.of(origin, draft, field)
        draft = _closest(origin, far, _passes)
    return draft


def _differences(case: Case, draft: PlanDraft) -> Iterator[str]:
    for field in FIELDS:
        if getattr(draft, field) != getattr(case.draft, field):
            yield told(case, draft, field)


def _distance(case: Case, draft: PlanDraft) -> Decimal:
    """How far a draft moved from the plan: the sum of its price movements, in quote.

    A shorter horizon and less evidence move no price, so they come first.
    """
    touch = case.decision_price
    own, new = case.draft, draft
    moved = abs((new.entry or touch) - (own.entry or touch))
    moved += abs(new.invalidation - own.invalidation)
    pairs = zip(new.targets, own.targets, strict=True)
    return moved + sum((abs(a.price - b.price) for a, b in pairs), ZERO)


def _review(case: Case, draft: PlanDraft) -> Verdict:
    return review(replace(case, draft=draft))
