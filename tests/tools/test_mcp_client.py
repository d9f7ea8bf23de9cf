"""A third party's MCP server behind the desk: real processes, real protocol."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.tool_desk import open_desk
from domain.clock import FixedClock
from domain.errors import ConfigError, Unreachable
from tests.tools.shop import AS_OF, Shop, asked, request_to
from tools.desk import Desk
from tools.limits import ToolLimits
from tools.limits_file import load_limits

ROOT = Path(__file__).parents[2]
pytest.importorskip("mcp")


def limits(tmp_path: Path, mood: str = "good", more: str = "", **server: Any) -> ToolLimits:
    """Limits from a file that admits the prices' server."""
    tools = server.get("tools", ["quote", "names"])
    file = tmp_path / "tools.toml"
    file.write_text(
        f'''
[mcp.prices]
command = {json.dumps(sys.executable)}
args = ["-m", "tests.servers.mcp_prices", "{mood}"]
env = ["PYTHONPATH"]
tools = {json.dumps(tools)}
timeless = true
start_s = {server.get("start_s", 60)}

{more}
'''
    )
    return load_limits(file)


@asynccontextmanager
async def desk(file: ToolLimits, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OTHER_KEY", "sk-other")
    async with open_desk([], file, FixedClock(AS_OF), None) as opened:
        yield opened


async def test_a_third_partys_tool_is_asked_under_the_desks_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """One server for all of it: starting one takes seconds."""
    more = """
    [tools.prices_quote]
    per_minute_count = 12
    max_latency_s = 3
    cache_s = 0
    cost_units = 7
    max_failures_count = 9
    """
    request = await request_to(Shop())
    async with desk(limits(tmp_path, more=more), monkeypatch) as opened:
        assert opened.names == ("prices_quote", "prices_names"), "what is not named is not here"
        (shown, _) = opened.schemas
        assert "External tool of prices; nobody vouches for it" in shown.description
        assert "\n" not in shown.description

        told = await asked(opened, request, "prices_quote", symbol="A", shares_count=2)
        data = json.loads(told.content)
        assert (told.origin, data["origin"], told.cost_units) == ("external", "external", 7)
        assert data["data"]["price"] == 25.0

        for wrong, complaint in (
            ({"symbol": 7}, "symbol is 7"),
            ({}, "'symbol' is required"),
            ({"symbol": "A", "shares_count": "2"}, "shares_count is '2'"),
            ({"symbol": "A", "shares": 2}, "unknown argument 'shares', did you mean"),
        ):
            told = await asked(opened, request, "prices_quote", **wrong)
            assert (told.refusal, complaint in told.content) == ("BAD_ARGUMENTS", True)

        told = await asked(opened, request, "prices_quote", symbol="NONE")
        assert told.refusal == "FAILED"
        assert "says that it failed" in told.content
        assert "\x1b" not in json.loads(told.content)["message"]

        told = await asked(opened, request, "prices_quote", symbol="HUGE")
        assert told.refusal == "TOO_LARGE"
        assert (await asked(opened, request, "buy", symbol="A")).refusal == "NOT_ALLOWED"
        told = await asked(opened, request, "prices_names")
        assert "OTHER_KEY" not in told.content

        told = await asked(opened, request, "prices_quote", symbol="DIE")
        assert (told.refusal, "MCP server 'prices' failed" in told.content) == ("FAILED", True)
        told = await asked(opened, request, "prices_quote", symbol="A")
        assert told.refusal is None, "started anew"

        refusals = [
            (await asked(opened, request, "prices_quote", symbol=str(n))).refusal for n in range(8)
        ]
        assert refusals == [None] * 7 + ["RATE_LIMITED"]


@pytest.mark.parametrize(
    ("server", "error", "sentence"),
    [
        ({"mood": "dead"}, Unreachable, "does not start: prices: no licence on this machine"),
        ({"mood": "mute", "start_s": 0.5}, Unreachable, "did not say its tools within 0.5 s"),
        ({"tools": ["qoute"]}, ConfigError, "has no tool 'qoute'; did you mean 'quote'"),
    ],
)
async def test_a_server_that_cannot_be_used_ends_the_start_with_its_reason(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: dict[str, Any],
    error: type[Exception],
    sentence: str,
):
    with pytest.raises(error, match=sentence):
        async with desk(limits(tmp_path, **server), monkeypatch):
            pass


async def test_a_replay_does_not_ask_what_would_tell_it_the_present(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = limits(tmp_path, more="[tools.prices_quote]\ncost_units = 3\n")
    live = {name: one.model_copy(update={"timeless": False}) for name, one in file.mcp.items()}
    async with desk(file.model_copy(update={"mcp": live}), monkeypatch) as opened:
        assert opened.names == ()


async def test_any_langchain_tool_can_be_admitted_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "gold_tools.py").write_text(
        "from langchain_core.tools import tool\n\n@tool\ndef gold(grams: int) -> float:\n"
        '    """Price of gold."""\n    return 85.0 * grams\n\nsilver = 3\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "tools.toml"
    file.write_text('[langchain.gold_price]\nobject = "gold_tools:gold"\ntimeless = true\n')
    async with open_desk([], load_limits(file), FixedClock(AS_OF), None) as opened:
        told = await asked(opened, await request_to(Shop()), "gold_price", grams=2)
    assert json.loads(told.content)["data"] == 170.0
    for name, said in (("silver", "is a int"), ("bronze", "cannot import")):
        file.write_text(f'[langchain.gold]\nobject = "gold_tools:{name}"\ntimeless = true\n')
        with pytest.raises(ConfigError, match=said):
            async with open_desk([], load_limits(file), FixedClock(AS_OF), None):
                pass


@pytest.mark.parametrize(
    "words",
    [
        '[langchain.no_trade]\nobject = "gold_tools:gold"\n',
        '[mcp.propose]\ncommand = "server"\ntools = ["plan"]\n',
    ],
)
async def test_no_tool_is_called_like_a_model_s_answer(words: str, tmp_path: Path) -> None:
    file = tmp_path / "tools.toml"
    file.write_text(words)
    with pytest.raises(ConfigError, match="which is how a model answers"):
        async with open_desk([], load_limits(file), FixedClock(AS_OF), None):
            pass
