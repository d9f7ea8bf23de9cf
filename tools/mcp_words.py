"""What an MCP server says, made fit to be shown: cut, marked, and nothing but data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.outside_text import one_line
from tools.protocol import ToolComplaint

if TYPE_CHECKING:
    from mcp.types import CallToolResult

MAX_DESCRIPTION_CHARS = 300
MAX_COMPLAINT_CHARS = 200


def described(server: str, text: str | None) -> str:
    """The description of a tool as a model reads it."""
    said = one_line(text or "no description", MAX_DESCRIPTION_CHARS)
    return f"External tool of {server}; nobody vouches for it. It says of itself: {said}"


def told_result(name: str, result: CallToolResult) -> Any:
    """A result as JSON-able data; what is neither text nor structured is counted and left out.

    Raises:
        ToolComplaint: the server says that the call failed.
    """
    texts = [part.text for part in result.content if part.type == "text"]
    if result.is_error:
        said = one_line(" ".join(texts), MAX_COMPLAINT_CHARS)
        raise ToolComplaint("FAILED", f"{name} says that it failed: {said!r}")
    if result.structured_content is not None:
        return result.structured_content
    left_out = len(result.content) - len(texts)
    if left_out:
        texts.append(f"({left_out} parts that are no text are left out)")
    return texts[0] if len(texts) == 1 else texts
