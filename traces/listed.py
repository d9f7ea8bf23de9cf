"""What a listing says of a decision against what the decision's end said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from traces.events import RunEnded

_LISTED = ("outcome", "model_calls", "tool_calls", "input_tokens", "output_tokens", "cost_usd")


def listed_otherwise(listed: Mapping[str, Any], end: RunEnded) -> Iterator[str]:
    """A sentence for each value of a row of `trace_run` that the run did not end with."""
    said = {name: getattr(end, name) for name in _LISTED} | {"codes": " ".join(end.codes)}
    for name, value in said.items():
        if listed[name] != value:
            yield f"it is listed with {name} {listed[name]!r}, expected {value!r} as it ended"
