"""Stocks in the market store: filled from a gateway on loopback, looked at, replayed offline."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.clock import iso
from tests.e2e.command import Ran, plangate, unasked
from tests.e2e.test_ib import KEY, long_plan
from tests.servers.ib_gateway import IbGateway
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.timeout(300)
DAY = timedelta(days=1)
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
START = TODAY - 60 * DAY
THURSDAY = next(at for at in (TODAY - n * DAY for n in range(2, 9)) if at.weekday() == 3)


async def data(home: Path, *words: str) -> Ran:
    ran = await asyncio.to_thread(plangate, home, "data", *words, "--json")
    assert ran.code == 0, ran.err
    return ran


def syncing(gateway: IbGateway) -> tuple[str, ...]:
    market = ("--market", f"ib:127.0.0.1:{gateway.port}", "--timeframe", "30m,1d")
    return ("sync", "AAPL", *market, "--to", iso(TODAY))


async def test_a_synchronised_stock_has_no_gaps_at_night_and_is_told_anew_after_a_split(
    tmp_path: Path,
):
    traded = sum((START + n * DAY).weekday() < 5 for n in range(60))
    async with IbGateway() as gateway:
        whole = gateway.is_open
        hole = THURSDAY + timedelta(hours=15)
        gateway.is_open = lambda at: whole(at) and not hole <= at < hole + 2 * DAY / 48  # type: ignore[method-assign]
        first = await data(tmp_path, *syncing(gateway), "--from", iso(START))
        halves, days = first.document["series"]
        assert (halves["added"], days["added"]) == (13 * traded - 2, traded)
        gap = {"from": iso(hole), "to": iso(hole + 2 * DAY / 48)}
        assert (halves["gaps"], days["gaps"]) == ([gap], [])
        again = await data(tmp_path, *syncing(gateway))
        assert [one["added"] for one in again.document["series"]] == [0, 0]
        gateway.split = 4.0
        split = await data(tmp_path, *syncing(gateway))
        gateway.closed_days = {f"{TODAY + n * DAY:%Y%m%d}" for n in (2, 3, 4)}
        await data(tmp_path, *syncing(gateway))
    for before, after in zip((halves, days), split.document["series"], strict=True):
        assert len(after["revised"]) == before["added"]
        for bar in after["revised"]:
            assert [price / 4 for price in bar["old"][:4]] == pytest.approx(bar["new"][:4])
    status = await data(tmp_path, "status", "AAPL")
    assert {one["relisted"] for one in status.document["series"]} == {0}, "hours are told each day"
    assert {one["kind"]: one["missing"] for one in status.document["series"]} == {"30m": 2, "1d": 0}
    assert (await data(tmp_path, "verify")).document["ok"] is True


async def test_a_stored_stock_is_replayed_in_its_hours_and_its_session_saw_no_future(
    tmp_path: Path,
):
    async with IbGateway() as gateway:
        gateway.waves_from = THURSDAY
        price = gateway.price(THURSDAY + DAY * 2 / 3)
        plan = {"calls": [("propose_plan", long_plan(price, stop=0.994))]}
        await data(tmp_path, *syncing(gateway), "--from", iso(START))
    words = ("--market", "store:ib", "--timeframe", "30m", "--session", "s", "--every", "6")
    window = ("--from", iso(THURSDAY + DAY * 2 / 3), "--to", iso(THURSDAY + DAY))
    with OpenAIServer(lambda _body: plan) as model:
        made = ("--model", "openai:gpt-4.1", "--base-url", model.base_url, "--json")
        made += ("--policy", unasked(tmp_path))
        ran = await asyncio.to_thread(
            plangate, tmp_path, "run", "AAPL", *words, *window, *made, **KEY
        )
    assert ran.code == 0, ran.err
    codes = {
        d["as_of"][11:13]: {code for v in d["versions"] for code in v["verdict"]["codes"]}
        for d in ran.document["decisions"]
    }
    assert sorted(codes) == ["16", "19", "22"]
    assert [hour for hour, found in codes.items() if "MARKET_CLOSED" in found] == ["22"]
    assert not any("DATA_GAP" in found for found in codes.values())
    assert [fill["symbol"] for fill in ran.document["fills"]] == ["AAPL/USD"]
    look = await asyncio.to_thread(plangate, tmp_path, "lookahead", "s", "--json", **KEY)
    assert (look.code, look.document["verdict"]) == (0, "clean"), look.out
