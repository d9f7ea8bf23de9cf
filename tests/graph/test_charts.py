"""A model that sees gets a chart with its situation; the trace keeps it once, and says so."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from agent.model_spec import read_models
from agent.models import close_model, make_models
from agent.opinions import Opinions, Voter
from agent.planner import Planner
from app.wire import Wired
from graph.context import RunContext
from graph.recording import message_of
from graph.run import Runner
from journal.spending_reading import model_calls
from tests.graph.room import SLOT, proposal, scripted, wired_session
from tests.servers.openai_server import FIT_PLAN, USAGE, OpenAIServer, Step
from traces import events as ev
from traces.document import document
from traces.opinion_events import VoteCast
from traces.prompt_events import ChartDrawn
from traces.telemetry import decision_line
from traces.view import render
from traces.visits import visits

ABSTAIN: Step = {"calls": [("no_trade", {"reason": "no edge"})]}
LOOK: Step = {"calls": [("regime", {})]}
SOUND = {**FIT_PLAN, "confidence": 0.7, "targets": [{"price": 5300}], "invalidation": 5120}
PLAN: Step = {"calls": [("propose_plan", SOUND)]}
REFUSES: Step = {"status": 401, "error": {"message": "no such key"}}


def seeing(wired: Wired, *tables: dict[str, Any]) -> RunContext:
    """The session with a chain of models, the first table's first."""
    named = {f"m{n}": {"model": "gpt-4o", **table} for n, table in enumerate(tables)}
    named["m0"]["fallback"] = [name for name in named if name != "m0"]
    keys = {"OPENAI_API_KEY": "sk-test-0123456789"}
    models = make_models("m0", read_models({"models": named}, "test"), keys)
    planner = Planner(models, wired.context.desk.schemas, max_attempts=1)
    return replace(wired.context, planner=planner, charts=True)


async def decided(context: RunContext) -> tuple[dict[str, Any], list[Any]]:
    """One decision: its last state, and everything recorded of it."""
    try:
        final = await Runner(context, None).decide("BTC/USD", SLOT)
    finally:
        for named in context.planner.models:
            await close_model(named.model)
    return final, context.recorder.store.events(final["run_id"])


def events_of(recorded: Sequence[Any], kind: type[Any]) -> list[Any]:
    return [item.event for item in recorded if isinstance(item.event, kind)]


def image_of(message: dict[str, Any]) -> bytes:
    (*_, last) = message["content"]
    head, _, data = last["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    return base64.b64decode(data)


async def test_the_chart_comes_last_on_every_call_and_is_kept_once(tmp_path: Path) -> None:
    with OpenAIServer([LOOK, ABSTAIN]) as server:
        async with wired_session(tmp_path) as wired:
            context = seeing(wired, {"base_url": server.base_url, "vision": True})
            final, recorded = await decided(context)
            read = context.recorder.read_blob
            page = render(recorded, read, full=True).plain
            whole = document(visits(recorded), read)
            line = decision_line("s", final["run_id"], recorded)
            (drawn,) = events_of(recorded, ChartDrawn)
            data = read(drawn.picture)
            kept = [read(name) for e in events_of(recorded, ev.PromptSent) for name in e.messages]
    first, second = (request["messages"][1] for request in server.requests)
    assert [part["type"] for part in first["content"]] == ["text", "text", "image_url"]
    assert first["content"][0]["text"].startswith("# Situation")
    assert "newest 96 closed 1h candles" in first["content"][1]["text"]
    assert second == first
    png = image_of(first)
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (drawn.width_px, drawn.height_px) == (768, 448)
        assert len(np.unique(np.asarray(image))) > 5
    assert base64.b64decode(data) == png
    assert len(png) == drawn.size_bytes
    assert not any(data[:80] in text for text in [*kept, page, json.dumps(final)])
    assert f"chart     768x448, {len(png) / 1000:.0f} KB, 96 candles, {drawn.picture[:12]}" in page
    assert f"[picture {drawn.picture[:12]}] The chart below shows" in page
    assert whole["texts"][drawn.picture] == data
    assert line["chart"] == drawn.picture


async def test_the_picture_is_counted_beforehand_and_settled_as_the_provider_says(
    tmp_path: Path,
) -> None:
    details = {"cached_tokens": 400, "image_tokens": 411}
    settled: Step = {**ABSTAIN, "usage": {**USAGE, "prompt_tokens_details": details}}
    with OpenAIServer([{**LOOK, "usage": None}, settled]) as server:
        async with wired_session(tmp_path) as wired:
            context = seeing(wired, {"base_url": server.base_url, "vision": True})
            final, recorded = await decided(context)
            offers = final["offers"]
            sent = events_of(recorded, ev.PromptSent)[0]
            messages = [message_of(context, name) for name in sent.messages]
            blind = seeing(wired, {"base_url": server.base_url})
            (told,) = context.planner.claims(messages, 7, offers)
            (less,) = blind.planner.claims(messages, 7, offers)
            unsaid, said = model_calls(wired.context.journal.database, None, None, None)
        ((_, caption, _), _) = (request["messages"][1]["content"] for request in server.requests)
    words = context.planner.count_text(caption["text"])
    bare = blind.planner.count(messages, offers).tokens
    assert 0 <= sent.tokens - bare - words - 425 <= 2
    assert told.prompt_tokens == sent.tokens > less.prompt_tokens + 425
    assert (unsaid.input_tokens, unsaid.image_tokens) == (sent.tokens, 425)
    assert (said.input_tokens, said.image_tokens) == (1000, 411)


async def test_who_stands_in_for_a_model_that_sees_has_the_text_and_decides_the_same(
    tmp_path: Path,
) -> None:
    with OpenAIServer([REFUSES]) as first, OpenAIServer([ABSTAIN]) as second:
        async with wired_session(tmp_path / "both") as wired:
            chain = ({"base_url": first.base_url, "vision": True}, {"base_url": second.base_url})
            final, _ = await decided(seeing(wired, *chain))
    with OpenAIServer([ABSTAIN]) as alone:
        async with wired_session(tmp_path / "alone") as wired:
            await decided(replace(seeing(wired, {"base_url": alone.base_url}), charts=False))
    assert final["outcome"] == "no_trade"
    text = second.requests[0]["messages"][1]["content"]
    assert text == alone.requests[0]["messages"][1]["content"]
    assert text == first.requests[0]["messages"][1]["content"][0]["text"]
    # What may be cached stands before all that changes.
    assert first.requests[0]["messages"][0] == alone.requests[0]["messages"][0]


async def test_voters_see_by_their_own_spec(tmp_path: Path) -> None:
    with OpenAIServer([PLAN]) as lead, OpenAIServer(lambda _: PLAN) as others:
        async with wired_session(tmp_path) as wired:
            context = seeing(wired, {"base_url": lead.base_url})
            voters = [
                Voter(name, seeing(wired, {"base_url": others.base_url, "vision": sees}).planner)
                for name, sees in (("eagle", True), ("mole", False))
            ]
            opinions = Opinions(tuple(voters), voters[0], 3)
            _, recorded = await decided(replace(context, opinions=opinions))
            (drawn,) = events_of(recorded, ChartDrawn)
            for voter in voters:
                await close_model(voter.planner.models[0].model)
    assert isinstance(lead.requests[0]["messages"][1]["content"], str)
    assert len(events_of(recorded, VoteCast)) == 5
    asked = [request["messages"][1] for request in others.requests]
    with_image = [message for message in asked if isinstance(message["content"], list)]
    assert (len(asked), len(with_image)) == (5, 4)
    assert {len(image_of(message)) for message in with_image} == {drawn.size_bytes}


async def test_a_position_stands_on_the_next_chart_with_its_stop_and_targets(
    tmp_path: Path,
) -> None:
    async with wired_session(tmp_path) as wired:
        context, _ = scripted(wired, [proposal(5300), [("no_trade", {"reason": "quiet"})]])
        runner = Runner(replace(context, charts=True), None)
        await runner.decide("BTC/USD", SLOT)
        context.clock.advance_to(SLOT + timedelta(hours=3))  # type: ignore[attr-defined]
        later = await runner.decide("BTC/USD", SLOT + timedelta(hours=3))
        (drawn,) = events_of(context.recorder.store.events(later["run_id"]), ChartDrawn)
    assert drawn.levels == ["entry", "stop", "target 1"]
