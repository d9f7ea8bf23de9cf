"""Our tools as the official MCP client finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.counter import open_counter
from app.options import read_options
from app.tools_command import stats_document

pytest.importorskip("mcp")


async def test_any_client_is_served_data_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mcp import Client

    from app.mcp_server import make_server

    monkeypatch.setenv("PLANGATE_HOME", str(tmp_path))
    options = read_options(
        symbols=None, market="box", model="rules", base_url=None, timeframe="1h", every=1,
        start=None, end=None, capital=None, policy=None, session=None, decisions=None,
        market_url=None, seed=7,
    )  # fmt: skip
    async with (
        open_counter(options, None) as counter,
        Client(make_server(counter, {})) as client,
    ):
        tools = (await client.list_tools()).tools
        assert {"ohlcv", "position", "what_if"} <= {tool.name for tool in tools}
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        told = await client.call_tool("ohlcv", {"bars": 2})
        assert told.structured_content is not None
        assert (told.is_error, len(told.structured_content["rows"])) == (False, 2)
        for name, arguments, refusal in (
            ("ohlcv", {"bars": 0}, "BAD_ARGUMENTS"),
            ("propose_plan", {}, "NOT_ALLOWED"),
        ):
            refused = await client.call_tool(name, arguments)
            assert refused.structured_content is not None
            assert (refused.is_error, refused.structured_content["refused"]) == (True, refusal)
    (row,) = stats_document("mcp")["tools"]
    assert (row["tool"], row["calls_count"], row["answered_count"]) == ("ohlcv", 2, 1)
    assert row["refusals"] == {"BAD_ARGUMENTS": 1}
