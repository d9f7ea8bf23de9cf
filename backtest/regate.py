"""Recorded plans before another policy, each as it stood: the same gate, the same facts.

Market and account are those that the gate saw then. What would have become of the account under the
other policy is another question: `backtest.walk` answers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, NamedTuple

from backtest.record import StoredDecision, StoredPlan
from domain.errors import ConfigError
from domain.finding import Finding
from domain.numbers import ZERO
from domain.verdict import Denied, Verdict
from policies.case import Case
from policies.document import read_case
from policies.evidence import with_evidence
from policies.facts import AccountFacts
from policies.gate import review
from policies.settings import Policy
from traces.blobs import ReadBlob

Flip = Literal["approved to denied", "denied to approved", "another version"]
"""What another policy makes of a decision: what was approved is denied, what ended in a denial is
approved, or a version is approved that the model was made to change."""


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """A recorded plan with its case, read once for however many policies."""

    plan: StoredPlan
    case: Case | None
    """None where none was kept that can be read."""
    why: str = ""
    """Why it cannot be judged by itself; empty: it can."""


class Word(NamedTuple):
    """A verdict without what passed: of many plans, that would be most of what is kept."""

    approved: bool
    failed: tuple[Finding, ...]
    """The findings that denied, in gate order."""

    @property
    def codes(self) -> tuple[str, ...]:
        """Their codes, each once."""
        return tuple(dict.fromkeys(finding.code for finding in self.failed))


class Judged(NamedTuple):
    """A decision under another policy, each of its plans as it stood."""

    decision: StoredDecision
    verdicts: tuple[Word | None, ...]
    """Per plan; None where it could not be judged, and stays as it was recorded."""
    approved: int | None
    """Which plan is the first to be approved, counted from 0."""

    @property
    def flip(self) -> Flip | None:
        """What has changed; None: nothing has."""
        was = self.decision.approved
        if was == self.approved or self.decision.outvoted is not None:
            return None
        if self.approved is None:
            return "approved to denied"
        return "denied to approved" if was is None else "another version"

    @property
    def because(self) -> tuple[Finding, ...]:
        """The findings that deny what was approved; none for what is approved now."""
        was = self.decision.approved
        verdict = None if was is None else self.verdicts[was]
        return () if verdict is None or self.approved is not None else verdict.failed

    @property
    def no_longer(self) -> tuple[str, ...]:
        """The codes that had denied what is approved now; none for what is denied."""
        return () if self.approved is None else self.decision.plans[self.approved].codes


def read_plans(
    decisions: Iterable[StoredDecision], read: ReadBlob
) -> Iterator[tuple[StoredDecision, tuple[ReadPlan, ...]]]:
    """Each decision with the cases of its plans."""
    for decision in decisions:
        yield decision, tuple(_read(plan, read) for plan in decision.plans)


def judged(decision: StoredDecision, plans: Sequence[ReadPlan], policy: Policy) -> Judged:
    """One decision under another policy. Pure: no clock, no market, no model."""
    verdicts = tuple(_word(rejudged(one, policy)) for one in plans)
    passed = (
        one.plan.approved if verdict is None else verdict.approved
        for one, verdict in zip(plans, verdicts, strict=True)
    )
    return Judged(decision, verdicts, next((n for n, yes in enumerate(passed) if yes), None))


def _word(verdict: Verdict | None) -> Word | None:
    if verdict is None:
        return None
    return Word(verdict.approved, verdict.failed if isinstance(verdict, Denied) else ())


def rejudged(read: ReadPlan, policy: Policy) -> Verdict | None:
    """One plan under another policy; None where there is nothing to judge it by.

    A plan that was made under the policy of its day counts as made under this one; what was found
    of its numbers is what was found then.
    """
    case = read.case
    if case is None or read.why:
        return None
    current = case.plan_policy_hash == case.policy.policy_hash
    made_under = policy.policy_hash if current else case.plan_policy_hash
    account = _at_margin(case, policy.margin_leverage_ratio)
    changed = replace(case, policy=policy, plan_policy_hash=made_under, account=account)
    return with_evidence(review(changed), read.plan.numbers, policy)


def _at_margin(case: Case, leverage: Decimal) -> AccountFacts:
    """The account as it would be reckoned at another margin; spot ties up its whole value.

    What else is held counts as the instrument's own kind.
    """
    account = case.account
    was = account.leverage_ratio
    if case.spot or was is None or was == leverage or not was > ZERO:
        return account
    values = [*(p.value for p in account.positions), *(w.value for w in account.working_entries)]
    worth = sum(map(abs, values), ZERO)
    free = account.free + worth / was - worth / leverage
    return replace(account, leverage_ratio=leverage, free=free)


def codes_changed(found: Iterable[Judged]) -> Mapping[str, tuple[int, int]]:
    """Per code, how many plans it denied on record and how many it denies now; the most first."""
    counts: dict[str, list[int]] = {}
    for one in found:
        for plan, verdict in zip(one.decision.plans, one.verdicts, strict=True):
            if verdict is None:
                continue
            for code in plan.codes:
                counts.setdefault(code, [0, 0])[0] += 1
            for code in verdict.codes:
                counts.setdefault(code, [0, 0])[1] += 1
    ordered = sorted(counts.items(), key=lambda item: (-max(item[1]), item[0]))
    return {code: (was, now) for code, (was, now) in ordered}


def _read(plan: StoredPlan, read: ReadBlob) -> ReadPlan:
    if plan.case is None:
        return ReadPlan(plan, None, "no case was kept (plangate 0.1, or nothing could be seen)")
    try:
        case = read_case(read(plan.case))
    except ConfigError as error:
        return ReadPlan(plan, None, f"its policy is of another release: {error}")
    if not isinstance(case, Case):
        return ReadPlan(plan, None, f"its case cannot be read: {case.failed[0].sentence}")
    held = case.standing is not None and case.standing.held > 0
    if plan.replan and held and not plan.body.get("add"):
        return ReadPlan(plan, case, "new levels of a position are no entry: judged on a walk")
    return ReadPlan(plan, case)
