"""One text before the gate and before the oracle: what came of it, and what is wrong with that."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from domain.errors import ConfigError
from domain.strict_json import exact
from domain.verdict import Denied
from policies.case import Case
from policies.case_document import case_document
from policies.document import read_case, read_verdict, verdict_document
from policies.gate import review
from tests.oracle.judge import violations
from tests.oracle.limits import DOOR_CODES

MINIMAL = {
    "plan": {"side": "long", "targets": [{"price": 2}], "invalidation": 0.5, "confidence": 1},
    "market": {"last": 1},
}


class Outcome(NamedTuple):
    """What came of one text."""

    kind: Literal["approved", "denied", "refused", "misconfigured"]
    codes: tuple[str, ...]
    complaints: list[str]
    """Everything that should not be; empty when gate and oracle agree."""


def hold(text: str, *, thorough: bool = True) -> Outcome:
    """Judge `text` twice. Never raises: an exception of the gate is a complaint.

    Args:
        text: A case file.
        thorough: Write the case and the verdict down and read them again, too.
    """
    try:
        return _held(text, thorough)
    except Exception as error:  # noqa: BLE001  # any exception at all is what is looked for
        return Outcome("denied", (), [f"EXCEPTION {error!r}"])


def _held(text: str, thorough: bool) -> Outcome:
    try:
        case = read_case(text)
    except ConfigError as error:
        return Outcome("misconfigured", (), _unfounded_config_error(text, error))
    if isinstance(case, Denied):
        strange = [f"DOOR said {code}" for code in case.codes if code not in DOOR_CODES]
        return Outcome("refused", case.codes, strange + _round_trip_of_verdict(case))
    verdict = review(case)
    stated = verdict_document(verdict)
    parsed = json.loads(text, parse_float=Fraction)
    complaints = violations(parsed, stated, case.policy.policy_hash)
    if thorough:
        complaints += _round_trip_of_verdict(verdict) + _round_trip_of_case(case, stated)
    return Outcome("approved" if verdict.approved else "denied", verdict.codes, complaints)


def _unfounded_config_error(text: str, error: ConfigError) -> list[str]:
    """The policy section alone has to raise it as well."""
    section = json.loads(text, parse_float=str).get("policy")
    try:
        read_case(json.dumps({**MINIMAL, "policy": section}))
    except ConfigError:
        return []
    return [f"EXCEPTION {error!r} is not the policy's"]


def _round_trip_of_verdict(verdict: Any) -> list[str]:
    stated = verdict_document(verdict)
    again = verdict_document(read_verdict(json.loads(json.dumps(stated))))
    return [] if again == stated else ["ROUND TRIP of the verdict document"]


def _round_trip_of_case(case: Case, stated: dict[str, Any]) -> list[str]:
    again = read_case(exact(case_document(case)))
    if isinstance(again, Denied):
        return [f"ROUND TRIP of the case: {again.failed[0].sentence}"]
    if _without_history(again) != _without_history(case):
        return ["ROUND TRIP of the case: another case was read"]
    if verdict_document(review(again)) != stated:
        return ["ROUND TRIP of the case: the same case was judged otherwise"]
    return []


def _without_history(case: Case) -> Case:
    """The case less the past funding rates, which no document holds."""
    funding = case.market.funding
    if funding is None:
        return case
    bare = funding.model_copy(update={"recent_rates": ()})
    return replace(case, market=replace(case.market, funding=bare))
