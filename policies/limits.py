"""Every limit of a policy beside what enforces it: what `policy explain` shows.

Nothing is written twice: meaning and range come from the policy's own field, code and formula from
the rule's docstring, the test from the rule's name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import NamedTuple

from policies.evidence import EVIDENCE_RULES, EvidenceRule
from policies.exits import EXIT_RULES, ExitRule
from policies.policy_file import allowed, toml_value
from policies.rulebook import RULES, Rule
from policies.settings import Policy

TEST = "tests/policies/test_selftest.py::test_each_rule_passes_inside_its_edge_and_fires_outside"
"""The test that moves each rule across its edge, once a rule."""
EXIT_TEST = "tests/policies/test_exits.py::test_each_exit_rule_acts_at_its_edge_and_not_before"
"""The same of the rules that manage an open position."""

EVIDENCE_TEST = "tests/policies/test_evidence.py::test_each_rule_on_numbers_fires_at_its_edge"
"""The test of the rules on a plan's numbers, which come before the gate."""


class Enforced(NamedTuple):
    """One rule that enforces a limit."""

    code: str
    formula: str
    where: str
    """Module and function."""
    test: str
    """Pytest's id of the test that shows it firing."""


class Limit(NamedTuple):
    """One key of the policy."""

    key: str
    value: str
    allowed: str
    """The hard range, in words."""
    meaning: str
    rules: tuple[Enforced, ...]


def explained(policy: Policy) -> list[Limit]:
    """Every key of the policy, in the order of the file."""
    return [
        Limit(
            key=key,
            value=toml_value(policy, key),
            allowed=allowed(key),
            meaning=" ".join((field.description or "").split()),
            rules=(
                *(_enforced(rule) for rule in RULES if key in rule.limits),
                *(_managed(rule) for rule in EXIT_RULES if key in rule.limits),
                *(_before(rule) for rule in EVIDENCE_RULES if key in rule.limits),
            ),
        )
        for key, field in Policy.model_fields.items()
    ]


def without_limit() -> Iterator[Enforced]:
    """The rules that no number of the policy moves."""
    return (_enforced(rule) for rule in RULES if not rule.limits)


def _enforced(rule: Rule) -> Enforced:
    return _described(rule.code, rule.check, TEST)


def _managed(rule: ExitRule) -> Enforced:
    return _described(rule.code, rule.check, EXIT_TEST)


def _before(rule: EvidenceRule) -> Enforced:
    return _described(rule.code, rule.check, EVIDENCE_TEST)


def _described(code: str, check: Callable[..., object], test: str) -> Enforced:
    doc = inspect.getdoc(check) or ""
    formula = doc.split("\n\n")[0].partition(": ")[2].rstrip(".")
    name, module = check.__name__, check.__module__
    return Enforced(code, " ".join(formula.split()), f"{module}.{name}", f"{test}[{name}]")
