"""The desk on a screen, in 100 columns."""

from __future__ import annotations

import json
from typing import Any

from app.cli.output import err, out
from tools.protocol import ToolAnswer


def show_tools(document: dict[str, Any]) -> None:
    """One line a tool."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("tool", "from", "allowed", "a minute", "s", "bytes", "cache s", "cost", "when"):
        table.add_column(name, no_wrap=True)
    for row in document["tools"]:
        table.add_row(
            row["tool"],
            row["from"],
            "yes" if row["allowed"] else "no",
            str(row["per_minute_count"]),
            f"{row['max_latency_s']:g}",
            str(row["max_bytes"]),
            f"{row['cache_s']:g}",
            str(row["cost_units"]),
            row["when"],
        )
    out().print(table)
    out().print(
        f"a decision: {document['calls_per_decision_count']} calls, "
        f"{document['cost_per_decision_units']} cost units"
    )


def show_stats(document: dict[str, Any]) -> None:
    """One line a tool that was asked."""
    from rich.table import Table

    if not document["tools"]:
        err().print("no tool was asked yet")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("tool", "calls", "answered", "in part", "cached", "p50 ms", "p95 ms", "cost"):
        table.add_column(name, no_wrap=True, justify="left" if name == "tool" else "right")
    table.add_column("refused")
    for row in document["tools"]:
        refused = ", ".join(f"{kind} {count}" for kind, count in row["refusals"].items())
        table.add_row(
            row["tool"],
            *(str(row[f"{key}_count"]) for key in ("calls", "answered", "partial", "cached")),
            *("-" if row[key] is None else f"{row[key]:g}" for key in _LATENCIES),
            str(row["cost_units"]),
            refused,
        )
    out().print(table)


_LATENCIES = ("latency_p50_ms", "latency_p95_ms")


def show_answer(told: ToolAnswer) -> None:
    """The answer as a model reads it, then what it took."""
    body = json.loads(told.content)
    lines = [f"  {json.dumps(key)}: {_value(value)}" for key, value in body.items()]
    text = "{\n" + ",\n".join(lines) + "\n}"
    out().print(text, markup=False, soft_wrap=True)
    how = "refused" if told.refusal else "in part" if told.partial else "answered"
    size = len(told.content.encode())
    err().print(
        f"{how} in {told.latency_ms:.1f} ms, {size} bytes, {told.cost_units} cost units",
        style="dim",
    )


def _value(value: Any) -> str:
    """A table row by row, everything else in one line; control characters stay escaped."""
    if isinstance(value, list) and len(value) > 1 and isinstance(value[0], list):
        return "[\n" + ",\n".join(f"    {json.dumps(row)}" for row in value) + "\n  ]"
    return json.dumps(value)
