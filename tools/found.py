"""What a tool returned, made into an answer that can be told: who vouches for it, as of when."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from langchain_core.tools import BaseTool
from pydantic import BaseModel

from domain.clock import iso, parse_moment
from domain.outside_text import one_line, unmarked, visible
from tools.arguments import offered
from tools.cache import Found
from tools.protocol import ToolAnswer, ToolCall, ToolComplaint, ToolRequest

REQUEST = "request"
"""The argument by which a tool of ours is given the `ToolRequest`."""
EXTERNAL = "external"
"""Origin of what a tool answers that is not ours: nobody vouches for where it got it."""
MAX_COMPLAINT_CHARACTERS = 800
"""Of what is said about a call that came to nothing: a source's error may be of any length."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call came to, before it is told."""

    found: Found | None
    complaint: ToolComplaint | None = None
    latency_ms: float = 0.0
    cached: bool = False


def is_ours(tool: BaseTool) -> bool:
    """Whether the tool takes the request, which only tools of this house do."""
    schema = tool.args_schema
    if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        return False
    field = schema.model_fields.get(REQUEST)
    return field is not None and field.annotation is ToolRequest


def found_of(result: Any, tool: BaseTool, request: ToolRequest) -> Found:
    """What a tool returned, as text. Raises what JSON raises on what it cannot hold.

    Raises:
        ToolComplaint: FAILED when the answer was not known yet at `as_of`.
    """
    if not is_ours(tool):
        body = {"source": tool.name, "origin": EXTERNAL, "known_at": None, "data": result}
        return Found(_members(body), tool.name, EXTERNAL, None, partial=False)
    stamp = result["known_at"]
    known_at: datetime | None = None if stamp is None else parse_moment(stamp)
    if known_at is not None and known_at > request.as_of:
        raise ToolComplaint(
            "FAILED",
            f"{tool.name} answered with data of {stamp} when asked as of {iso(request.as_of)}",
        )
    source, origin = str(result["source"]), str(result["origin"])
    return Found(_members(result), source, origin, known_at, result.get("partial") is True)


def fits(found: Found, max_bytes: int, tool: BaseTool) -> None:
    """Refuse an answer that is too large.

    Raises:
        ToolComplaint: TOO_LARGE, with the arguments that could ask for less.
    """
    size = len(found.body.encode("utf-8"))
    if size > max_bytes:
        names = ", ".join(offered(tool)) or "none"
        raise ToolComplaint(
            "TOO_LARGE",
            f"{tool.name} answered {size} bytes, at most {max_bytes} are shown; "
            f"ask for less by its arguments ({names})",
        )


def told(call: ToolCall, number: int, outcome: Outcome, cost_units: int) -> ToolAnswer:
    """The answer under its result id, which comes first so that a plan can name it."""
    known_name = call.name if _NAME.fullmatch(call.name) else "unknown"
    result_id = f"{known_name}#{number}"
    found, complaint = outcome.found, outcome.complaint
    refusal = complaint.refusal if complaint else None
    said = one_line(str(complaint), MAX_COMPLAINT_CHARACTERS)
    body = found.body if found else _members({"refused": refusal, "message": said})
    return ToolAnswer(
        call=call,
        result_id=result_id,
        content=f'{{"id":"{result_id}",{body}}}',
        refusal=refusal,
        latency_ms=outcome.latency_ms,
        cached=outcome.cached,
        cost_units=cost_units,
        partial=found is not None and found.partial,
        source=found.source if found else "",
        origin=found.origin if found else "",
        known_at=found.known_at if found else None,
    )


def _members(body: dict[str, Any]) -> str:
    """Compact JSON without the braces and without what cannot be seen; NaN is refused."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return unmarked(visible(text))[1:-1]
