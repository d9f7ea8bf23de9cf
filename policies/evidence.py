"""Before the gate: is each number of a plan what its source says it is?

What the sources say is looked up elsewhere (`agent.evidence`); here what was found is held against
what the plan says. It can only deny an entry or a change of a plan, never an exit, and grants
nothing: a plan that passes is judged by the gate like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.finding import Finding, Stated
from domain.numbers import plain
from domain.verdict import Denied, Verdict
from policies.settings import Policy

SHOWN_DIGITS = 9
"""Places after the point of what a source says, as it is told."""


@dataclass(frozen=True, slots=True)
class CheckedNumber:
    """One number of a plan beside what its source says."""

    where: str
    """What of the plan it is: `entry`, `target 1`, `invalidation`, `invalid_if 2`, `thesis`."""
    number: Decimal
    source: str | None
    """As the plan names it, such as `ohlcv#1 low_20`; None where it names none."""
    found: Decimal | None = None
    """What the source says; None where it does not say."""
    tolerance: Decimal = Decimal(0)
    """How far apart both may lie by rounding alone."""
    why: str = ""
    """Why there is nothing to be found."""

    @property
    def bound(self) -> bool:
        """Whether it has a source that says anything."""
        return self.found is not None

    @property
    def agrees(self) -> bool:
        """Whether it is what its source says, but for rounding."""
        return self.found is not None and abs(self.number - self.found) <= self.tolerance


def numbers_have_a_source(checked: Sequence[CheckedNumber]) -> Finding:
    """`EVIDENCE_UNBOUND`: each number has a source that can be read; count of those that have none.

    Reason: a level that follows from nothing that was seen is made up, however well it sounds.
    Source: own; models invent figures that look right.
    """
    loose = [one for one in checked if not one.bound]
    told = " ".join(_unbound(one) for one in loose) or "Each number has a source."
    return _counted("EVIDENCE_UNBOUND", len(loose), len(checked), told)


def numbers_agree(checked: Sequence[CheckedNumber]) -> Finding:
    """`EVIDENCE_MISMATCH`: |number - source| <= tolerance for each; count of those beyond it.

    Tolerance: one price tick and half of the last digit shown. Reason: a wrong number shows that
    the plan does not follow from what it cites. Source: own.
    """
    wrong = [one for one in checked if one.bound and not one.agrees]
    told = " ".join(_mismatch(one) for one in wrong) or "Each number is what its source says."
    return _counted("EVIDENCE_MISMATCH", len(wrong), len(checked), told)


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """A rule on what was found of a plan's numbers."""

    code: str
    check: Callable[[Sequence[CheckedNumber]], Finding]
    limits: tuple[str, ...] = ("evidence",)
    """Keys of the policy that switch it."""


EVIDENCE_RULES = (
    EvidenceRule("EVIDENCE_UNBOUND", numbers_have_a_source),
    EvidenceRule("EVIDENCE_MISMATCH", numbers_agree),
)
CODES = frozenset(rule.code for rule in EVIDENCE_RULES)


def with_evidence(verdict: Verdict, checked: Sequence[CheckedNumber], policy: Policy) -> Verdict:
    """The gate's verdict, denied where a number is not what it is said to be; that is told first.

    What agrees adds no finding: the verdict is then the gate's own, word for word.
    """
    if policy.evidence == "off":
        return verdict
    found = (rule.check(checked) for rule in EVIDENCE_RULES)
    failed = tuple(finding for finding in found if not finding.passed)
    if not failed:
        return verdict
    return Denied((*failed, *verdict.findings), verdict.bracket, verdict.nearest)


def _counted(code: str, count: int, of: int, sentence: str) -> Finding:
    return Stated(code, not count, f"{count} of {of}", "none", sentence, "count")


def _unbound(one: CheckedNumber) -> str:
    number = plain(one.number)
    if one.where == "thesis":
        return f"{number} in the thesis is nowhere in what you were shown."
    if one.source is None:
        return f"{one.where} {number} has no source: add '{number} = ...' to numbers."
    return f"{one.where} {number} = {one.source} cannot be read: {one.why}."


def _mismatch(one: CheckedNumber) -> str:
    found = one.found if one.found is not None else Decimal(0)
    return (
        f"{one.where} is {plain(one.number)}, but {one.source} is {plain(found, SHOWN_DIGITS)}: "
        f"{plain(abs(one.number - found), SHOWN_DIGITS)} apart, rounding allows "
        f"{plain(one.tolerance, SHOWN_DIGITS)}."
    )
