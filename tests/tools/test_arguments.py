"""A stranger's schema cannot end a decision, or hold it up."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.tools import BaseTool, StructuredTool

from tools.arguments import checked
from tools.protocol import ToolComplaint


def tool(argument: dict[str, Any], **definitions: Any) -> BaseTool:
    async def ask(**arguments: Any) -> Any:
        return arguments

    schema = {"type": "object", "properties": {"a": argument}, "$defs": definitions}
    return StructuredTool(name="q", description="q", args_schema=schema, coroutine=ask)


@pytest.mark.parametrize(
    "definitions",
    [
        {"x": {"$ref": "#/$defs/x"}},
        {"x": {"anyOf": [{"$ref": "#/$defs/x"}, {"$ref": "#/$defs/x"}]}},
        {"y": {}},
    ],
)
def test_a_reference_to_itself_or_to_nothing_is_a_complaint(definitions: dict[str, Any]):
    with pytest.raises(ToolComplaint, match="refers to itself or to nothing"):
        checked(tool({"$ref": "#/$defs/x"}, **definitions), {"a": 1})


def test_a_pattern_that_takes_for_ever_is_not_tried():
    slow = tool({"type": "string", "pattern": "^(a+)+$"})
    assert checked(slow, {"a": "a" * 60 + "!"}) == {"a": "a" * 60 + "!"}
    with pytest.raises(ToolComplaint, match="a is 5"):
        checked(slow, {"a": 5})
