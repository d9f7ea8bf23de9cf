"""What a model is shown of the tools: a prompt, and so kept to the byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from domain.candles import Timeframe
from domain.clock import FixedClock
from market.indicator_catalog import catalog
from tests.tools.shop import AS_OF
from tools.desk import Desk
from tools.limits import ToolLimit, ToolLimits
from tools.standard import standard_tools

SNAPSHOT = Path(__file__).parents[1] / "snapshots" / "tool_schemas.json"


def shown() -> list[dict[str, object]]:
    desk = Desk(standard_tools(), ToolLimits(), FixedClock(AS_OF))
    return [convert_to_openai_tool(tool) for tool in desk.schemas]


def test_the_tool_schemas_are_the_ones_on_record():
    text = json.dumps(shown(), indent=2, ensure_ascii=False) + "\n"
    assert text == SNAPSHOT.read_text(encoding="utf-8"), (
        "the schemas that the model reads have changed; if that is meant, write them anew: "
        "python -m tests.tools.test_schemas"
    )


def test_the_request_is_not_in_any_schema():
    assert "request" not in json.dumps(shown()).lower().replace("requested", "")
    assert "injected" not in json.dumps(shown()).lower()


@pytest.mark.parametrize("tool", standard_tools(), ids=lambda tool: tool.name)
def test_every_argument_is_optional_and_described(tool: BaseTool):
    function = convert_to_openai_tool(tool)["function"]
    assert "required" not in function["parameters"]
    assert len(function["description"]) > 40
    for name, field in function["parameters"]["properties"].items():
        assert field["description"].endswith("."), name


def test_the_timeframes_and_indicators_offered_are_those_that_there_are():
    by_name = {tool["function"]["name"]: tool["function"]["parameters"] for tool in shown()}
    properties = by_name["indicators"]["properties"]
    offered = next(one["enum"] for one in properties["timeframe"]["anyOf"] if "enum" in one)
    assert offered == [timeframe.value for timeframe in Timeframe]
    assert all(f" {name}" in properties["names"]["description"] for name in catalog())


def test_no_tool_can_act():
    names = {tool.name for tool in standard_tools()}
    assert names == {
        *("ohlcv", "indicators", "regime", "order_book", "trades", "funding", "open_interest"),
        *("cross_asset", "correlation", "breadth", "calendar", "position", "what_if"),
    }


def test_a_hidden_tool_is_not_shown():
    limits = ToolLimits(tools={"funding": ToolLimit(allowed=False)})
    desk = Desk(standard_tools(), limits, FixedClock(AS_OF))
    assert "funding" not in {tool.name for tool in desk.schemas}
    assert len(desk.schemas) == len(standard_tools()) - 1


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(shown(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
