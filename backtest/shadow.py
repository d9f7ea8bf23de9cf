"""What was not traded, followed on paper after the fact: what each rule saved or cost.

A plan that was denied, voted down, denied at send, not committed, or whose entry never filled is
followed alone (`backtest.follow`) as its bracket was made. One that several codes denied counts
under each of them, so their sums must not be added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from backtest.follow import Followed, follow
from backtest.record import StoredDecision, StoredPlan
from backtest.resampling import Interval, interval_of_mean
from broker.paper.terms import PaperTerms
from domain.instrument import quote_of
from domain.numbers import ZERO
from domain.plan import TradePlan, make_plan
from domain.verdict import Bracket
from market.protocol import MarketSource
from policies.case import Case
from policies.document import BRACKET, read_case

Why = Literal["denied", "denied at send", "outvoted", "expired", "not committed"]
UNCOMMITTED = frozenset({"no_trade", "failed"})
"""Ends of an approved plan that no order followed from, such as without `--armed`."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """One plan that was not traded."""

    decision: StoredDecision
    plan: StoredPlan
    why: Why
    codes: tuple[str, ...]
    """Under which it counts."""
    followed: Followed | None = None
    not_followed: str = ""
    """Why it could not be followed."""

    @property
    def r(self) -> float | None:
        """What it came to in R; None unless it was entered and closed."""
        trade = self.followed.trade if self.followed else None
        return None if trade is None or not trade.risk_amount > ZERO else float(trade.r_multiple)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one code kept out."""

    code: str
    cases_count: int
    alone_count: int
    """Of these, how many no other code would have kept out."""
    never_filled_count: int
    closed_count: int
    not_known_count: int
    """Still open when the data ends, or not to be followed."""
    sum_r: float
    """What they would have made together, in R: below 0 is what the rule saved."""
    mean_r: float | None
    mean_interval: Interval | None
    net: float | None
    """The same in their currency, at the size that each bracket had; None of several currencies."""


def untraded(decisions: Sequence[StoredDecision]) -> Iterator[Shadow]:
    """Every plan that ended a decision and was not traded, oldest first."""
    for decision in decisions:
        last = decision.plans[-1] if decision.plans else None
        if last is None:
            continue
        if decision.outvoted is not None:
            yield Shadow(decision, last, "outvoted", (decision.outvoted,))
        elif not last.approved:
            yield Shadow(decision, last, "denied", last.codes)
        elif decision.denied_at_send and not decision.filled:
            yield Shadow(decision, last, "denied at send", decision.denied_at_send)
        elif decision.outcome == "approved" and not decision.filled and _is_limit(last):
            yield Shadow(decision, last, "expired", ("entry never filled",))
        elif decision.outcome in UNCOMMITTED:
            codes = decision.ended_with or (decision.outcome,)
            yield Shadow(decision, last, "not committed", codes)


async def followed(
    shadow: Shadow, read: Callable[[str], str], source: MarketSource, until: datetime
) -> Shadow:
    """Follow one; an entry that never filled is followed as if it had been made at the market."""
    plan, row = shadow.plan, shadow.plan.bracket
    if plan.replan:
        return replace(shadow, not_followed="it changes a plan that stands")
    if row is None or plan.case is None:
        return replace(shadow, not_followed="no bracket could be made of it")
    bracket: Bracket = BRACKET.validate_python(row)
    if not (bracket.quantity > ZERO and bracket.risk_amount > ZERO):
        return replace(shadow, not_followed="its size came to nothing")
    case = read_case(read(plan.case))
    if not isinstance(case, Case):
        return replace(shadow, not_followed="its case cannot be read")
    if shadow.why == "expired":
        case = replace(case, draft=case.draft.model_copy(update={"entry": None}))
        bracket = replace(bracket, entry_kind="market")
    terms = PaperTerms(leverage_ratio=case.policy.margin_leverage_ratio)
    on = source.instrument(shadow.decision.symbol)
    found = await follow(_plan(shadow.decision, case), bracket, on, source, until, terms)
    return replace(shadow, followed=found)


def by_code(shadows: Sequence[Shadow]) -> list[Rule]:
    """What each code kept out, that with the most cases first."""
    codes = Counter(code for shadow in shadows for code in shadow.codes)
    ordered = sorted(codes, key=lambda code: (-codes[code], code))
    return [rule_of(code, [s for s in shadows if code in s.codes]) for code in ordered]


def rule_of(code: str, cases: Sequence[Shadow]) -> Rule:
    """One code over its cases, oldest first."""
    fates = Counter(one.followed.fate if one.followed else "unknown" for one in cases)
    known = [(r, one) for one in cases if (r := one.r) is not None]
    values = [r for r, _ in known]
    trades = [one.followed.trade for _, one in known if one.followed and one.followed.trade]
    currencies = {quote_of(trade.symbol) for trade in trades}
    return Rule(
        code=code,
        cases_count=len(cases),
        alone_count=sum(len(one.codes) == 1 for one in cases),
        never_filled_count=fates["never filled"],
        closed_count=len(values),
        not_known_count=len(cases) - fates["never filled"] - len(values),
        sum_r=sum(values),
        mean_r=sum(values) / len(values) if values else None,
        mean_interval=interval_of_mean(values),
        net=float(sum((t.net for t in trades), ZERO)) if len(currencies) < 2 else None,
    )


def held(decisions: Sequence[StoredDecision]) -> Mapping[str, int]:
    """How many decisions ended without any plan, by outcome: there is nothing to follow."""
    return Counter(one.outcome for one in decisions if not one.plans and one.exit is None)


def _is_limit(plan: StoredPlan) -> bool:
    return plan.bracket is not None and plan.bracket["entry_kind"] == "limit"


def _plan(decision: StoredDecision, case: Case) -> TradePlan:
    return make_plan(
        case.draft,
        version=case.version,
        run_id=decision.run_id,
        symbol=decision.symbol,
        as_of=case.decided_at,
        timeframe=case.timeframe,
        decision_price=case.decision_price,
        model=decision.model,
        prompt_hash="",
        policy_hash=case.plan_policy_hash,
    )
