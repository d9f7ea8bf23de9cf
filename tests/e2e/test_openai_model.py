"""A whole session through real ChatOpenAI over HTTP: tools, a denial, a revision, an approval."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.e2e.command import plangate, unasked
from tests.servers.openai_server import OpenAIServer

SLOT = ("--from", "2019-04-15T01:00:00Z", "--to", "2019-04-15T03:00:00Z", "--decisions", "1")
KEY = "sk-proj-thisisasecretkeyofthetest0001"


def draft(target: float) -> dict[str, Any]:
    return {
        "side": "long",
        "targets": [{"price": target}],
        "invalidation": 5120,
        "horizon_bars": 24,
        "thesis": "The range broke with volume.",
        "evidence": ["ohlcv#1", "regime#2"],
        "confidence": 0.7,
    }


def planner(body: dict[str, Any]) -> dict[str, Any]:
    """Asks for data, proposes too little, then does what the denial says."""
    said = [m for m in body["messages"] if m["role"] == "assistant"]
    if not said:
        return {"calls": [("ohlcv", {"bars": 24}), ("regime", {})]}
    if len(said) == 1:
        return {"calls": [("propose_plan", draft(5200))]}
    denial = body["messages"][-1]["content"]
    needed = float(re.findall(r"at least ([0-9]+\.[0-9]+)", denial)[0])
    return {"calls": [("propose_plan", draft(round(needed + 30, 2)))]}


def test_a_denied_plan_is_revised_and_approved_over_http(tmp_path: Path) -> None:
    with OpenAIServer(planner) as server:
        ran = plangate(
            tmp_path, "run", "--model", "openai:gpt-4o", "--base-url", server.base_url,
            *SLOT, "--session", "llm", "--json", "--policy", unasked(tmp_path), OPENAI_API_KEY=KEY,
        )  # fmt: skip
    assert ran.code == 0, ran.err
    (decision,) = ran.document["decisions"]
    assert decision["outcome"] == "approved"
    first, second = decision["versions"]
    assert first["verdict"]["codes"] == ["RR_BELOW_MIN"]
    assert second["verdict"]["codes"] == []
    assert decision["model_calls"] == 3
    assert decision["tool_calls"] == 2
    assert decision["input_tokens"] == 3000
    assert ran.document["cost"]["usd"] is not None
    assert float(ran.document["cost"]["usd"]) > 0
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    trace = plangate(tmp_path, "traces", "show", decision["run_id"])
    assert "provider" in trace.out
    assert "DENIED RR_BELOW_MIN" in trace.out
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes(), file


def test_a_wrong_key_stops_the_session_and_says_so(tmp_path: Path) -> None:
    refusal = {"status": 401, "error": {"message": "Incorrect API key provided"}}
    with OpenAIServer(lambda _body: refusal) as server:
        ran = plangate(
            tmp_path, "run", "--model", "openai:gpt-4o", "--base-url", server.base_url,
            *SLOT, "--json", OPENAI_API_KEY=KEY,
        )  # fmt: skip
    assert ran.code == 4, ran.err
    assert "key" in ran.err
    assert KEY not in ran.err
    assert "Traceback" not in ran.err


def test_a_model_that_never_stops_asking_ends_at_the_cap(tmp_path: Path) -> None:
    with OpenAIServer(lambda _body: {"calls": [("regime", {})]}) as server:
        ran = plangate(
            tmp_path, "run", "--model", "openai:somebody", "--base-url", server.base_url,
            *SLOT, "--json",
        )  # fmt: skip
    (decision,) = ran.document["decisions"]
    assert decision["outcome"] == "failed"
    assert decision["codes"] == ["TOOL_TURNS_CAP"]
    assert ran.document["cost"]["usd"] is None


def test_what_cannot_be_read_goes_back_and_ends_as_no_trade(tmp_path: Path) -> None:
    twice = '{"side": "long", "side": "short"}'
    with OpenAIServer(lambda _body: {"calls": [("propose_plan", twice)]}) as server:
        ran = plangate(
            tmp_path, "run", "--model", "openai:gpt-4o", "--base-url", server.base_url,
            *SLOT, "--json",
        )  # fmt: skip
    (decision,) = ran.document["decisions"]
    assert (decision["outcome"], decision["codes"]) == ("failed", ["DUPLICATE_KEY"])
    assert decision["revisions"] == 2
    assert ran.document["orders"] == []
    assert "side" in json.dumps(server.requests[1]["messages"][-1])


def test_a_server_that_echoes_the_key_leaks_it_nowhere(tmp_path: Path) -> None:
    echo = {"status": 500, "error": {"message": f"failed for Authorization: Bearer {KEY}"}}
    with OpenAIServer(lambda _body: echo) as server:
        ran = plangate(
            tmp_path, "run", "--model", "openai:gpt-4o", "--base-url", server.base_url,
            *SLOT, "--json", OPENAI_API_KEY=KEY,
        )  # fmt: skip
    assert KEY not in ran.out + ran.err
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) > 3
    for file in files:
        assert KEY.encode() not in file.read_bytes(), file
