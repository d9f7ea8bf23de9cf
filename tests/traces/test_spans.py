from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.traces.handmade import PLAN, RUN, ended, message, opened, record_run, recorder, started
from traces import events as ev
from traces.recorder import Recorder
from traces.spans import Span, spans


@pytest.fixture
def to(tmp_path: Path) -> Recorder:
    return recorder(opened(tmp_path))


def told(to: Recorder, run_id: str = RUN) -> list[Span]:
    store = to.store
    return spans(store.session, run_id, store.events(run_id), store.blobs.get)


def kinds(found: list[Span], kind: str) -> list[Span]:
    return [span for span in found if span.attributes["openinference.span.kind"] == kind]


def test_a_decision_is_one_tree_whose_branches_are_nodes(to: Recorder) -> None:
    record_run(to)
    found = told(to)
    whole = found[0]
    assert whole.name == "decision"
    assert whole.parent_id is None
    assert len({span.trace_id for span in found}) == 1
    ids = {span.span_id: span for span in found}
    assert len(ids) == len(found)
    for span in found[1:]:
        assert span.parent_id in ids
        assert span.end_ns >= span.start_ns
    nodes = [span.name for span in kinds(found, "CHAIN") if span.parent_id == whole.span_id]
    assert {"plan", "call_tools", "review", "revise"} <= set(nodes)
    for kind, node in (("LLM", "plan"), ("TOOL", "call_tools"), ("GUARDRAIL", "review")):
        inside = [ids[span.parent_id or 0].name for span in kinds(found, kind)]
        assert node in inside
    assert whole.attributes["session.id"] == "made"
    assert json.loads(str(whole.attributes["output.value"]))["outcome"] == "approved"


def test_a_model_s_call_has_its_messages_tools_and_tokens(to: Recorder) -> None:
    record_run(to)
    first, second, *_ = kinds(told(to), "LLM")
    said = first.attributes
    assert said["llm.model_name"] == "rules"
    assert said["llm.input_messages.0.message.role"] == "system"
    assert said["llm.input_messages.1.message.role"] == "user"
    assert str(said["llm.input_messages.1.message.content"]).startswith("BTC/USD as of")
    assert json.loads(str(said["llm.tools.1.tool.json_schema"])) == {"name": "propose_plan"}
    at = "llm.output_messages.0.message"
    assert said[f"{at}.role"] == "assistant"
    assert said[f"{at}.tool_calls.0.tool_call.id"] == "c1"
    assert said[f"{at}.tool_calls.0.tool_call.function.name"] == "ohlcv"
    assert json.loads(str(said[f"{at}.tool_calls.0.tool_call.function.arguments"])) == {"bars": 24}
    assert said["llm.token_count.prompt"] == 200
    assert said["llm.token_count.completion"] == 40
    assert said["llm.token_count.total"] == 240
    assert said["llm.token_count.prompt_details.cache_read"] == 0
    assert "llm.cost.total" not in said, "what nobody knows is not told as nothing"
    assert second.attributes["llm.input_messages.3.message.tool_call_id"] == "c1"


def test_a_tool_and_a_verdict_say_what_went_in_and_what_came_out(to: Recorder) -> None:
    record_run(to)
    found = told(to)
    (tool,) = kinds(found, "TOOL")
    assert (tool.name, tool.attributes["tool.name"]) == ("ohlcv", "ohlcv")
    assert json.loads(str(tool.attributes["input.value"])) == {"bars": 24}
    assert len(json.loads(str(tool.attributes["output.value"]))["rows"]) == 24
    denied, approved, *_ = kinds(found, "GUARDRAIL")
    assert denied.attributes["plangate.approved"] is False
    assert json.loads(str(denied.attributes["output.value"]))["codes"] == ["RR_BELOW_MIN"]
    assert json.loads(str(denied.attributes["input.value"]))["invalidation"] == "6900"
    assert approved.attributes["plangate.plan_id"] == PLAN


def test_what_becomes_of_orders_comes_behind_and_changes_nothing_before_it(to: Recorder) -> None:
    record_run(to)
    recorded = to.store.events(RUN)
    whole = spans("made", RUN, recorded, to.store.blobs.get)
    first = next(n for n, item in enumerate(recorded) if isinstance(item.event, ev.RunEnded))
    later = [recorded[first]._replace(node="venue", event=item.event) for item in recorded[1:3]]
    grown = spans("made", RUN, [*recorded, *later], to.store.blobs.get)
    assert grown[: len(whole)] == whole
    assert [span.name for span in grown[len(whole) :]] == [item.event.kind for item in later]
    assert {span.parent_id for span in grown[len(whole) :]} == {whole[0].span_id}
    again = spans("other", RUN, recorded, to.store.blobs.get)
    assert not {span.span_id for span in again} & {span.span_id for span in whole}


def test_a_call_that_failed_is_an_error_of_the_model_that_did(to: Recorder) -> None:
    to.record(RUN, "observe", started())
    text = to.blob(message("human", "hello"))
    tools = to.blob("[]")
    to.record(
        RUN, "plan", ev.PromptSent(messages=[text], tools=tools, tokens=1, tokens_from="estimate")
    )
    failed = ev.ModelFailed(error="Timeout", message="late", latency_ms=5, model="openai:m")
    to.record(RUN, "plan", failed)
    to.record(RUN, "record", ended("failed", reason="no model answered"))
    found = told(to)
    (call,) = kinds(found, "LLM")
    assert call.error == "Timeout: late"
    assert call.attributes["llm.provider"] == "openai"
    assert call.attributes["llm.model_name"] == "m"
    assert call.attributes["llm.input_messages.0.message.content"] == "hello"
    assert found[0].error == "no model answered"


def test_of_nothing_recorded_there_are_no_spans(to: Recorder) -> None:
    assert told(to) == []
