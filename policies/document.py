"""A case from JSON, and a verdict as JSON: the gate's door for files, without a model or a market.

The door is strict: numbers are JSON numbers (no strings, no NaN, at most 18 digits), no key twice,
no key that is not known. What does not pass is an answer, a denied verdict that names the place.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain.clock import iso
from domain.finding import Stated, finding_fields
from domain.numbers import plain
from domain.plan import PlanDraft
from domain.strict_json import Json, JsonRefused, exact, loads
from domain.verdict import Approved, Bracket, Change, Denied, Nearest, Verdict
from policies.arithmetic import gate_arithmetic
from policies.case import Case
from policies.case_defaults import to_case
from policies.case_model import CaseDocument
from policies.door import EXPECTED, NO_NUMBER, innermost, shown, strict_values
from policies.settings import DEFAULTS, Policy

MAX_CASE_BYTES = 1_048_576
"""A case holds one book and some rows; what is larger is some other file."""
FACT_DIGITS = 40
"""Significant digits of a number in a case that no model wrote: facts are reckoned, not said."""
BRACKET: TypeAdapter[Bracket] = TypeAdapter(Bracket)
"""Reads and writes a bracket as JSON values."""
_OUT_OF_RANGE = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}


def read_case(text: str, base: Policy = DEFAULTS) -> Case | Denied:
    """The case in a JSON text, or the denied verdict that says what is wrong with it.

    Args:
        text: A case file.
        base: The policy where the file's own `policy` section says nothing.

    Raises:
        ConfigError: the `policy` section has an unknown key or a value out of its range.
    """
    try:
        raw = loads(text, max_bytes=MAX_CASE_BYTES, max_digits=FACT_DIGITS)
        _check_plan(raw)
        document = CaseDocument.model_validate(strict_values(raw), strict=True)
    except JsonRefused as error:
        return Denied((_refusal(error.code, "text", f"The case is refused: {error}."),))
    except ValidationError as error:
        return Denied(tuple(_complaint(item) for item in innermost(error.errors())))
    return to_case(document, base)


def _check_plan(raw: Json) -> None:
    """A plan's own numbers have no more digits than a model may write; facts are reckoned."""
    plan = raw.get("plan") if isinstance(raw, dict) else None
    if isinstance(plan, dict):
        drafted = {name: plan[name] for name in PlanDraft.model_fields if name in plan}
        loads(exact(drafted))


def case_schema() -> dict[str, Any]:
    """JSON Schema of a case file; the descriptions are the model's own docstrings."""
    schema = CaseDocument.model_json_schema()
    policy = Policy.model_json_schema()["properties"]
    schema["properties"]["policy"]["properties"] = policy
    schema["properties"]["policy"]["additionalProperties"] = False
    return schema


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON values; every Decimal is plain text, every moment ISO 8601 in UTC."""
    with gate_arithmetic():
        return _verdict(verdict)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    bracket = verdict.bracket
    return {
        "verdict": "approved" if verdict.approved else "denied",
        "codes": list(verdict.codes),
        "findings": [finding_fields(finding) for finding in verdict.findings],
        "bracket": None if bracket is None else _bracket(bracket),
        "nearest": None if verdict.nearest is None else _nearest(verdict.nearest),
    }


def read_verdict(document: dict[str, Any]) -> Verdict:
    """The verdict that `verdict_document` wrote; its findings as the words that were written."""
    findings = tuple(Stated(**row) for row in document["findings"])
    raw = document["bracket"]
    bracket = None if raw is None else BRACKET.validate_python(raw)
    if document["verdict"] == "approved" and bracket is not None:
        return Approved(bracket, findings)
    return Denied(findings, bracket, _read_nearest(document["nearest"]))


def _complaint(item: Any) -> Stated:
    path = ".".join(str(part) for part in item["loc"]) or "case"
    kind = item["type"]
    if kind == "extra_forbidden":
        sentence = f"Unknown field {path} with the value {shown(item['input'])}."
        return _refusal("UNKNOWN_FIELD", path, sentence)
    if path == "plan.invalidation" and (kind == "missing" or item["input"] is None):
        sentence = "The plan has no invalidation, so it has no stop; give the price in quote."
        return _refusal("STOP_MISSING", path, sentence)
    if kind == "value_error":
        return _refusal("SCHEMA_INVALID", path, f"Field {path}: {item['ctx']['error']}.")
    code = "NUMBER_INVALID" if kind in NO_NUMBER | _OUT_OF_RANGE else "SCHEMA_INVALID"
    given = "is missing" if kind == "missing" else f"is {shown(item['input'])}"
    expected = EXPECTED.get(kind, item["msg"])
    return _refusal(code, path, f"Field {path} {given}; expected: {expected}.")


def _refusal(code: str, path: str, sentence: str) -> Stated:
    return Stated(code, False, path, "the schema of a case", sentence)


def _nearest(nearest: Nearest) -> dict[str, Any]:
    draft = nearest.draft
    return {
        "sentence": nearest.sentence,
        "changes": [change._asdict() for change in nearest.changes],
        "together": list(nearest.together),
        "plan": None if draft is None else draft.model_dump(mode="json"),
        "hopeless": list(nearest.hopeless),
        "quantity": None if nearest.quantity is None else plain(nearest.quantity),
    }


def _read_nearest(raw: dict[str, Any] | None) -> Nearest | None:
    if raw is None:
        return None
    return Nearest(
        changes=tuple(Change(**row) for row in raw["changes"]),
        together=tuple(raw["together"]),
        draft=None if raw["plan"] is None else PlanDraft.model_validate(raw["plan"]),
        hopeless=tuple(raw["hopeless"]),
        quantity=None if raw["quantity"] is None else Decimal(raw["quantity"]),
    )


def _bracket(bracket: Bracket) -> dict[str, Any]:
    return {
        "symbol": bracket.symbol,
        "side": bracket.side,
        "entry_kind": bracket.entry_kind,
        "entry_price": plain(bracket.entry_price),
        "quantity": plain(bracket.quantity),
        "notional": plain(bracket.notional),
        "stop_price": plain(bracket.stop_price),
        "targets": [
            {"price": plain(leg.price), "quantity": plain(leg.quantity)} for leg in bracket.targets
        ],
        "expires_at": iso(bracket.expires_at),
        "close_at": iso(bracket.close_at),
        "risk_per_unit": plain(bracket.risk_per_unit),
        "risk_amount": plain(bracket.risk_amount),
        "reward_risk": plain(bracket.reward_risk),
        "stop_slippage": plain(bracket.stop_slippage),
        "entry_slippage_bps": plain(bracket.entry_slippage_bps),
        "sizing": [
            {"name": step.name, "quantity": plain(step.quantity)} for step in bracket.sizing
        ],
        "book_origin": bracket.book_origin,
        "least_quantity": plain(bracket.least_quantity),
    }
