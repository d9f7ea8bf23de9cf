"""Feeds by the command line: the examples, a session that reads them, a key that stays hidden."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.command import ROOT, plangate
from tests.market.feeds.samples import coindesk, fear_greed, rss
from tests.servers.feed_server import FeedServer
from tests.servers.openai_server import OpenAIServer

OFFLINE = str(ROOT / "examples" / "feeds" / "offline.toml")
KEY = "c4n4ry-of-the-news-api"
AS_OF = ("--as-of", "2019-04-02T08:00")


def test_the_offline_example_is_listed_and_shown(tmp_path: Path):
    listed = plangate(tmp_path, "feeds", "list", "--feeds", OFFLINE, *AS_OF, "--json").document
    assert [(row["name"], row["count"], row["error"]) for row in listed["feeds"]] == [
        ("seen", 6, None), ("mood", 33, None), ("closes", 230, None),
    ]  # fmt: skip
    assert all(row["newest_known_at"] <= "2019-04-02T08:00:00Z" for row in listed["feeds"])
    shown = plangate(tmp_path, "feeds", "show", "seen", "--feeds", OFFLINE, *AS_OF)
    assert "known_at 2019-04-02T05:16:00Z  at 2019-04-02T05:10:00Z" in shown.out
    assert "\u202e" not in shown.out


def test_a_model_reads_the_feeds_as_quoted_data_of_their_time(tmp_path: Path):
    calls = [("news", {}), ("sentiment", {}), ("cross_asset", {})]
    steps: list[dict[str, Any]] = [
        {"calls": calls}, {"calls": [("no_trade", {"reason": "only looking"})]},
    ]  # fmt: skip
    words = ["run", "BTC/USD", "--model", "openai:gpt-4.1", "--from", "2019-04-02T08:00",
             "--to", "2019-04-02T09:00", "--session", "s", "--json"]  # fmt: skip
    with OpenAIServer(steps) as server:
        told = {"OPENAI_API_KEY": "x" * 20}
        ran = plangate(
            tmp_path, *words, "--decisions", "1", "--feeds", OFFLINE,
            "--base-url", server.base_url, **told,
        )  # fmt: skip
        assert ran.code == 0, ran.err
        answers = [m for m in server.requests[1]["messages"] if m["role"] == "tool"]
        news, mood, other = (json.loads(answer["content"]) for answer in answers)
        again = plangate(tmp_path, *words, "--base-url", server.base_url, **told)
    titles = [story["title"] for story in news["stories"]]
    assert titles[0] == "Bitcoin jumps past $5,000 in an hour"
    spam = next(s for s in news["stories"] if s["outlet"] == "Example Spam")
    assert spam["marks"] == ["instruction_like", "hidden_characters"]
    assert "[link]" in " ".join(spam["sentences"])
    assert mood["of"] == "2019-04-02T00:00:00Z"
    assert other["risk_appetite"]["label"] in {"risk_on", "risk_off", "mixed"}
    assert again.code == 6, "the same session without its feeds"
    assert "feeds was" in again.err


async def test_live_feeds_are_tried_by_hand_and_the_key_stays_hidden(tmp_path: Path):
    now = datetime.now(UTC)
    async with FeedServer() as server:
        server.bodies["/rss"] = rss(("Bitcoin up", "a", now - timedelta(hours=1)))
        server.bodies["/news/v1/article/list"] = coindesk({})
        server.bodies["/fng/"] = fear_greed(("40", now - timedelta(hours=3)))
        server.failures["/gone"] = (503, {"Retry-After": "60"})
        file = tmp_path / "feeds.toml"
        file.write_text(
            f"""
record = "seen"
[[news]]
name = "wire"
kind = "rss"
url = "{server.url}/rss?token={KEY}"
[[news]]
name = "gone"
kind = "rss"
url = "{server.url}/gone"
[[news]]
name = "api"
kind = "coindesk"
key_env = "NEWS_API_KEY"
url = "{server.url}"
[[sentiment]]
name = "mood"
kind = "fear_greed"
url = "{server.url}"
""",
            encoding="utf-8",
        )
        ask = ("feeds", "list", "--feeds", str(file))
        ran = await asyncio.to_thread(plangate, tmp_path, *ask, NEWS_API_KEY=KEY)
        doctor = await asyncio.to_thread(
            plangate, tmp_path, "doctor", "--feeds", str(file), NEWS_API_KEY=KEY
        )
        unset = await asyncio.to_thread(plangate, tmp_path, *ask)
        past = await asyncio.to_thread(plangate, tmp_path, *ask, *AS_OF, NEWS_API_KEY=KEY)
    assert ran.code == 0, ran.err
    assert "gone" in ran.out
    assert "answered 503 and asks to wait 60 s" in ran.out
    assert doctor.code == 4
    assert "wire: answers" in doctor.out
    assert (unset.code, "'NEWS_API_KEY' is not set" in unset.err) == (2, True)
    assert past.out.count("is live and cannot say") == 4
    sent = [headers.get("Authorization") for path, headers in server.requests if "news" in path]
    assert sent == [f"Apikey {KEY}"] * 2
    written = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p != file]
    assert KEY not in ran.out + ran.err + doctor.out + past.out
    assert not any(KEY.encode() in body for body in written)
    assert {p.name for p in (tmp_path / "seen").iterdir()} == {
        "wire.jsonl", "api.jsonl", "mood.jsonl",
    }  # fmt: skip


def test_a_feed_that_is_not_there_is_offered_the_others(tmp_path: Path):
    ran = plangate(tmp_path, "feeds", "show", "nope", "--feeds", OFFLINE)
    assert (ran.code, "there is: seen, mood, closes" in ran.err) == (2, True)
