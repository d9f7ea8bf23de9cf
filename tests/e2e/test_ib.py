"""Stocks from the command line, by the real ib_async against a gateway on loopback."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.clock import iso
from tests.e2e.command import Ran, plangate, unasked
from tests.servers.ib_gateway import IbGateway
from tests.servers.openai_server import OpenAIServer

KEY = {"OPENAI_API_KEY": "x" * 20}


def long_plan(price: float, stop: float = 0.98) -> dict[str, Any]:
    return {
        "side": "long",
        "targets": [{"price": round(price * 1.08, 2)}],
        "invalidation": round(price * stop, 2),
        "horizon_bars": 24,
        "thesis": "The range broke.",
        "evidence": [],
        "confidence": 0.7,
    }


async def run(home: Path, gateway: IbGateway, *words: str, **extra: str) -> Ran:
    market = ("run", "AAPL", "--market", f"ib:127.0.0.1:{gateway.port}", "--session", "s")
    policy = ("--policy", unasked(home))
    return await asyncio.to_thread(plangate, home, *market, *policy, *words, "--json", **extra)


async def test_a_live_session_on_a_closed_market_enters_nothing_and_says_why(tmp_path: Path):
    now = datetime.now(UTC)
    async with IbGateway() as gateway:
        gateway.closed_days = {f"{now + timedelta(days=n):%Y%m%d}" for n in (-1, 0, 1)}
        steps = [{"calls": [("propose_plan", long_plan(gateway.price(now)))]}] * 3
        with OpenAIServer(steps) as model:
            ran = await run(
                tmp_path, gateway, "--model", "openai:gpt-4.1", "--base-url", model.base_url,
                "--decisions", "1", **KEY,
            )  # fmt: skip
        market = f"ib:127.0.0.1:{gateway.port}"
        doctor = await asyncio.to_thread(plangate, tmp_path, "doctor", "--market", market)
    assert (doctor.code, "closed 1h candles of AAPL/USD" in doctor.out) == (0, True), doctor.out
    assert ran.code == 0, ran.err
    (decision,) = ran.document["decisions"]
    assert decision["outcome"] == "denied"
    assert "MARKET_CLOSED" in decision["versions"][0]["verdict"]["codes"]
    assert ran.document["orders"] == []
    assert ran.document["account"]["currency"] == "USD"
    assert ran.document["market"]["symbols"] == ["AAPL/USD"]


async def test_a_replay_trades_dollars_in_trading_hours_only(tmp_path: Path):
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    earlier = (midnight - timedelta(days=n) for n in range(1, 8))
    day = next(at for at in earlier if at.weekday() == 3)
    first, last = day + timedelta(hours=16), day + timedelta(hours=23)
    async with IbGateway() as gateway:
        gateway.waves_from = day
        plan = {"calls": [("propose_plan", long_plan(gateway.price(first)))]}
        with OpenAIServer(lambda _body: plan) as model:
            ran = await run(
                tmp_path, gateway, "--model", "openai:gpt-4.1", "--base-url", model.base_url,
                "--from", iso(first), "--to", iso(last), "--every", "6", **KEY,
            )  # fmt: skip
    assert ran.code == 0, ran.err
    codes = {
        d["as_of"][11:13]: {c for v in d["versions"] for c in v["verdict"]["codes"]}
        for d in ran.document["decisions"]
    }
    assert codes["16"] == set()
    assert "MARKET_CLOSED" in codes["22"]
    (fill,) = ran.document["fills"]
    assert (fill["symbol"], fill["at"][:16]) == ("AAPL/USD", f"{first:%Y-%m-%dT%H}:01")
    assert ran.document["account"]["currency"] == "USD"
    assert ran.document["account"]["replayed_from_fills"]["equal"] is True


async def held_over_a_night(home: Path, split: str) -> dict[str, Any]:
    """A stock bought on Thursday at 16:00 and held until Friday, replayed by two processes."""
    home.mkdir()
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    earlier = (midnight - timedelta(days=n) for n in range(2, 9))
    day = next(at for at in earlier if at.weekday() == 3)
    first, night, last = (day + timedelta(hours=hours) for hours in (16, 23, 44))
    async with IbGateway() as gateway:
        gateway.waves_from = day
        plan = {"calls": [("propose_plan", long_plan(gateway.price(first)))]}
        asked_count = 0

        def answer(_body: Any) -> Any:
            nonlocal asked_count
            asked_count += 1
            if split == "between decisions" and asked_count == 2:
                gateway.split = 4.0
            return plan

        with OpenAIServer(answer) as model:
            words = (
                *("--model", "openai:gpt-4.1", "--base-url", model.base_url),
                *("--from", iso(first), "--every", "6"),
            )
            held = await run(home, gateway, *words, "--to", iso(night), **KEY)
            if split == "between processes":
                gateway.split = 4.0
            ran = await run(home, gateway, *words, "--to", iso(last), **KEY)
    assert (held.code, ran.code) == (0, 0), held.err + ran.err
    assert [one["symbol"] for one in held.document["account"]["positions"]] == ["AAPL/USD"]
    assert ran.document["account"]["replayed_from_fills"]["equal"] is True
    said = "one share of this session is 4 of today's" in " ".join((held.err + ran.err).split())
    assert said == (split != "never")
    return ran.document


async def test_a_split_changes_no_fill_and_no_cent_of_what_is_held(tmp_path: Path):
    whole = await held_over_a_night(tmp_path / "never", "never")
    assert [fill["reason"] for fill in whole["fills"]] == [None, "time"]
    for split in ("between processes", "between decisions"):
        found = await held_over_a_night(tmp_path / split.replace(" ", "-"), split)
        for part in ("fills", "orders", "trades", "account"):
            assert found[part] == whole[part], (split, part)


async def test_without_a_gateway_it_says_what_to_start(tmp_path: Path):
    ran = await asyncio.to_thread(plangate, tmp_path, "run", "AAPL", "--market", "ib:127.0.0.1:9")
    assert (ran.code, "start TWS or IB Gateway" in ran.err) == (4, True)
