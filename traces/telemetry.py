"""One flat JSON line a decision: inputs, decision, verdict, fill; wanted against filled."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.clock import iso
from domain.errors import StateError
from domain.numbers import ZERO, plain
from traces import events as ev
from traces.order_events import Filled
from traces.prompt_events import ChartDrawn
from traces.store import Recorded

SCHEMA = "plangate.telemetry/1"


def decision_line(session: str, run_id: str, recorded: Sequence[Recorded]) -> dict[str, Any]:
    """What one run saw, decided and had, in one flat object of JSON values.

    Where something happened more than once (verdicts, parsed answers) the last holds; fills are
    the entry's: quantities and fees added up, prices averaged by quantity. What did not happen is
    absent, what is unknown is None.
    """
    line: dict[str, Any] = {"session": session, "run_id": run_id}
    entry: list[Filled] = []
    for item in recorded:
        if isinstance(item.event, Filled):
            entry += [item.event] if item.event.leg == "entry" else []
        else:
            line |= _columns(item.event)
    return line | (_entry(entry) if entry else {})


def append_line(path: Path, line: dict[str, Any]) -> None:
    """Append one line in one write; the file is the owner's alone.

    Raises:
        StateError: the file cannot be written.
    """
    text = json.dumps({"schema": SCHEMA, **line}, separators=(",", ":"), default=str) + "\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, text.encode())
        finally:
            os.close(handle)
    except OSError as error:
        raise StateError(f"cannot write {str(path)!r}: {error.strerror}") from error


def _columns(event: ev.Event) -> dict[str, Any]:
    match event:
        case ev.RunStarted():
            return event.model_dump(mode="json", exclude={"kind", "schema_version"}) | {
                "as_of": iso(event.as_of)
            }
        case ev.SnapshotTaken():
            return {
                "snapshot": event.snapshot,
                "last": event.last,
                "missing_count": len(event.missing),
                "sit_out": bool(event.sit_out),
            }
        case ChartDrawn():
            return {"chart": event.picture}
        case ev.AnswerParsed() if event.answer != "tool_calls":
            return {"answer": event.answer} | _plan(event.body or {})
        case ev.Reviewed():
            name = "review" if event.stage == "review" else "send"
            return {
                "plan_id": event.plan_id,
                "version": event.version,
                f"{name}_approved": event.approved,
                f"{name}_codes": event.codes,
                "wanted_quantity": event.bracket["quantity"] if event.bracket else None,
                "wanted_price": event.bracket["entry_price"] if event.bracket else None,
            }
        case ev.RunEnded():
            return event.model_dump(mode="json", exclude={"kind"})
        case _:
            return {}


def _plan(body: dict[str, Any]) -> dict[str, Any]:
    names = ("side", "entry", "invalidation", "horizon_bars", "confidence")
    return {name: body[name] for name in names if name in body}


def _entry(fills: list[Filled]) -> dict[str, Any]:
    quantities = [Decimal(fill.quantity) for fill in fills]
    total = sum(quantities, ZERO)

    def mean(values: Iterable[str]) -> str:
        return plain(
            sum((Decimal(v) * q for v, q in zip(values, quantities, strict=True)), ZERO) / total
        )

    return {
        "expected_price": mean(fill.expected_price for fill in fills),
        "filled_price": mean(fill.price for fill in fills),
        "filled_quantity": plain(total),
        "slippage_bps": mean(fill.slippage_bps for fill in fills),
        "fee": plain(sum((Decimal(fill.fee) for fill in fills), ZERO)),
        "filled_at": iso(fills[-1].at),
    }
