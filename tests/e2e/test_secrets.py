"""40 secrets in 8 spellings, said by a model, a tool and a provider: none stands anywhere after."""

from __future__ import annotations

import json
import sqlite3
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from app.home import DATABASE
from tests.e2e.command import ROOT, Ran, plangate
from tests.servers.openai_server import OpenAIServer, Step
from tests.spellings import canaries, found, spellings
from traces.bodies import body_text
from traces.database import Database
from traces.index import list_runs
from traces.spans import spans
from traces.store import TraceStore
from traces.tables import METADATA

pytest.importorskip("mcp")

SPELLINGS = (
    *("plain", "json in json", "url", "base64 of a login", "urlsafe", "hex"),
    *("zero-width", "zero-width, escaped"),
)
SECRETS = {f"CANARY_{number:02}": value for number, value in enumerate(canaries(40))}
TOOLS = f"""
[mcp.prices]
command = {json.dumps(sys.executable)}
args = ["-m", "tests.servers.mcp_prices"]
tools = ["values"]
env = {json.dumps(["PYTHONPATH", *SECRETS])}
timeless = true
"""


class Gossip:
    """Each market that the model is shown has the next spelling said to it, in every way.

    Where nothing is to be told, the same session is had without a secret in any word.
    """

    def __init__(self, *, tells: bool) -> None:
        self._tells = tells
        self._shown: dict[str, int] = {}

    def __call__(self, body: dict[str, Any]) -> Step:
        market = body["messages"][1]["content"]
        number = self._shown.setdefault(market, len(self._shown))
        spelling = SPELLINGS[number // 2 % len(SPELLINGS)]
        told = [spellings(value)[spelling] for value in SECRETS.values()] if self._tells else []
        words = " | ".join(told) or "nothing of note"
        if number % 2:
            return {"status": 500, "error": {"message": words}, "headers": {"retry-after": "0"}}
        if body["messages"][-1]["role"] == "user":
            asked = {"spelling": spelling if self._tells else "none"}
            said = {"calls": [("prices_values", asked), ("ohlcv", {"bars": words})]}
            return said | {"content": words}
        reason = words[: 1900 - 1900 % (len(told[0]) + 3)] if told else words
        return {"calls": [("no_trade", {"reason": reason})]}


@pytest.mark.parametrize("tells", [True, False])
def test_no_secret_reaches_any_place_and_nothing_else_is_taken_for_one(
    tells: bool, tmp_path: Path
) -> None:
    (tmp_path / "tools.toml").write_text(TOOLS, encoding="utf-8")
    count, known = 2 * len(SPELLINGS) if tells else 2, {**SECRETS, "PYTHONPATH": str(ROOT)}
    with OpenAIServer(Gossip(tells=tells)) as server:
        ran = plangate(
            tmp_path, "run", "--market", "synthetic", "BTC/USDT", "--model", "openai:gpt-4o",
            "--base-url", server.base_url, "--tools", str(tmp_path / "tools.toml"),
            "--decisions", str(count), "--session", "told", "--json",
            OPENAI_API_KEY=SECRETS["CANARY_00"], **known,
        )  # fmt: skip
    assert ran.code == 0, ran.err
    outcomes = [one["outcome"] for one in ran.document["decisions"]]
    assert outcomes == ["no_trade", "failed"] * (count // 2)
    places = {
        "the run": ran.out + ran.err,
        "prompts": json.dumps(server.requests, ensure_ascii=False),
        **_shown(tmp_path),
        **_files(tmp_path),
    }
    if tells:
        assert "[redacted:known:" in places["prompts"]
        assert "prices_values      8         8" in places["tools stats"]
    else:
        assert [name for name, text in places.items() if "[redacted:" in text] == []
    assert [
        (name, secret[:6], how)
        for name, text in places.items()
        for secret in SECRETS.values()
        for how in found(text, secret)
    ] == []


def _shown(home: Path) -> dict[str, str]:
    """What the commands say of it."""
    last, *_ = list_runs(home / DATABASE)
    asked = (
        *(("traces", "list", "--json"), ("report", "--json"), ("report", "--html", "r.html")),
        *(("traces", "show", last.run_id, "--full"), ("traces", "show", last.run_id, "--json")),
        *(("tools", "stats"), ("cost",), ("traces", "export", "-o", "told.plangate")),
        *(("export", "bars", "-o", "bars.jsonl"), ("export", "summary", "-o", "summary.csv")),
    )
    return {" ".join(words): _said(plangate(home, *words)) for words in asked}


def _said(ran: Ran) -> str:
    assert ran.code == 0, ran.err
    return ran.out + ran.err


def _files(home: Path) -> dict[str, str]:
    """Every file as it is, and what is packed in the database."""
    files = [file for file in home.rglob("*") if file.is_file() and file.name != "tools.toml"]
    assert {DATABASE, "checkpoints.db", "telemetry.jsonl", "r.html"} <= {f.name for f in files}
    told = {str(file): file.read_bytes().decode("utf-8", "replace") for file in files}
    with zipfile.ZipFile(home / "told.plangate") as bundle:
        told |= {f"bundled {name}": bundle.read(name).decode() for name in bundle.namelist()}
    texts, sent = "\n".join(_texts(home / DATABASE)), "\n".join(_spans(home / DATABASE))
    return told | {"texts": texts, "spans": sent}


def _spans(file: Path) -> Iterator[str]:
    database = Database.open(file, METADATA)
    try:
        store = TraceStore(database, "told")
        for row in list_runs(file):
            made = spans("told", row.run_id, store.events(row.run_id), store.blobs.get)
            yield json.dumps([asdict(span) for span in made], ensure_ascii=False, default=str)
    finally:
        database.close()


def _texts(file: Path) -> Iterator[str]:
    with closing(sqlite3.connect(file)) as connection:
        hashes = [name for (name,) in connection.execute("SELECT hash FROM trace_blob")]
        yield from (
            body_text(kept) for (kept,) in connection.execute("SELECT body FROM trace_event")
        )
    database = Database.open(file, METADATA)
    try:
        yield from (TraceStore(database, "told").blobs.get(name) for name in hashes)
    finally:
        database.close()
