"""The gate tries itself: each rule passes just inside its edge and fires just outside, or says so.

Under the user's own policy, on a made-up specimen. The edge is not taken from the rule's formula
but found by halving, so that a rule which never fires is seen, and where it does is shown beside
the limit. Outside, the whole gate denies with the rule's code; inside, the rule itself passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from domain.finding import Finding
from domain.verdict import Denied
from policies.case import Case
from policies.document import read_case
from policies.gate import review
from policies.probe_list import PROBES
from policies.probes import Slide, Switch
from policies.rulebook import RULES, OnCase, Rule
from policies.settings import Policy
from policies.specimen import specimen

Result = Literal["holds", "off", "broken"]
"""`off`: the policy's own value switches the rule off; `broken`: a bug of ours."""

_SOUND = """{
  "plan": {
    "side": "long",
    "targets": [{"price": 7800}],
    "invalidation": 7380,
    "confidence": 0.7
  },
  "market": {"last": 7485, "atr": 60}
}"""
_DOOR = (
    ("SCHEMA_INVALID", "a side that is none", '"long"', '"up"'),
    ("UNKNOWN_FIELD", "a plan with a leverage", '"side"', '"leverage": 5, "side"'),
    ("DUPLICATE_KEY", "two sides", '"side"', '"side": "short", "side"'),
    ("NUMBER_INVALID", "a target of NaN", "7800", "NaN"),
    ("STOP_MISSING", "no invalidation", '"invalidation": 7380,', ""),
)
"""What the door refuses: code, in words, and what stands in the sound file instead of what."""


class Row(NamedTuple):
    """One control, tried."""

    code: str
    rule: str
    """Name of the rule's function; `the door` for what is refused before there is a case."""
    limits: str
    """Keys of the policy with their values."""
    moved: str
    """What was moved across the edge."""
    inside: str
    """What was measured just inside."""
    outside: str
    """What was measured just outside."""
    limit: str
    result: Result


def selftest(policy: Policy) -> Iterator[Row]:
    """Every control, in gate order; those of the door and a broken rule at the end."""
    base = specimen(policy)
    for rule in RULES:
        yield _row(rule, base, policy)
    sound = not isinstance(read_case(_SOUND), Denied)
    for code, moved, old, new in _DOOR:
        verdict = read_case(_SOUND.replace(old, new))
        codes = verdict.codes if isinstance(verdict, Denied) else ()
        result: Result = "holds" if sound and codes == (code,) else "broken"
        yield Row(code, "the door", "", moved, "read", ", ".join(codes), "a case", result)
    yield _control_error(base)


def _row(rule: Rule, base: Case, policy: Policy) -> Row:
    probe = PROBES[rule.check]
    limits = ", ".join(f"{key} {_value(policy, key)}" for key in rule.limits)
    good, bad = _ends(probe, base)
    if not _finding(rule, good).passed or _finding(rule, bad).passed:
        off = _finding(rule, good).passed and _finding(rule, bad).passed
        found = _finding(rule, bad)
        result: Result = "off" if off else "broken"
        words = rule.code, rule.check.__name__, limits, probe.moved
        return Row(*words, _finding(rule, good).measured, found.measured, found.limit, result)
    if isinstance(probe, Slide):
        good, bad = _edge(rule, probe, base)
    inside, outside = _finding(rule, good), _finding(rule, bad)
    holds = inside.passed and not outside.passed and rule.code in review(bad).codes
    return Row(
        rule.code,
        rule.check.__name__,
        limits,
        probe.moved,
        inside.measured,
        outside.measured,
        outside.limit,
        "holds" if holds else "broken",
    )


def _ends(probe: Slide | Switch, base: Case) -> tuple[Case, Case]:
    if isinstance(probe, Slide):
        return probe.vary(base, probe.good), probe.vary(base, probe.bad)
    return base, probe.bad(base)


def _edge(rule: Rule, probe: Slide, base: Case) -> tuple[Case, Case]:
    """The last step at which the rule passes and the first at which it fires."""
    sign = 1 if probe.bad > probe.good else -1
    low, high = 0, int(abs(probe.bad - probe.good) / probe.step)

    def at(steps: int) -> Case:
        return probe.vary(base, probe.good + sign * steps * probe.step)

    while high - low > 1:
        middle = (low + high) // 2
        if _finding(rule, at(middle)).passed:
            low = middle
        else:
            high = middle
    return at(low), at(high)


def _finding(rule: Rule, case: Case) -> Finding:
    """The rule's own finding; where no bracket could be built, why not."""
    return review(case, (rule,)).findings[0]


def _value(policy: Policy, key: str) -> str:
    value = getattr(policy, key)
    return ", ".join(value) or "any" if isinstance(value, tuple) else str(value)


def _control_error(base: Case) -> Row:
    def broken(case: Case) -> Finding:
        raise ArithmeticError(f"cannot answer for {case.instrument.symbol}")

    codes = review(base, (*RULES, OnCase("BROKEN", broken))).codes
    result: Result = "holds" if "CONTROL_ERROR" in codes else "broken"
    moved, outside = "a rule that raises", "ArithmeticError"
    words = "CONTROL_ERROR", "any rule", "", moved
    return Row(*words, "an answer", outside, "an answer", result)
