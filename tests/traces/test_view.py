from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from domain.clock import FixedClock
from domain.errors import ConfigError
from tests.traces.handmade import AS_OF, RUN, ended, opened, record_run, recorder, started
from traces import events as ev
from traces import view
from traces.chain import link
from traces.document import document as whole
from traces.events import EVENT
from traces.prompts import prompts
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.store import TraceStore
from traces.visits import named, visits

GOLDEN = Path(__file__).parents[1] / "snapshots" / "trace_view.txt"


def recorded(tmp_path: Path) -> Recorder:
    to = recorder(opened(tmp_path))
    record_run(to)
    return to


def answered(to: Recorder, cost_usd: str | None) -> ev.ModelAnswered:
    return ev.ModelAnswered(
        message=to.blob("an answer"),
        latency_ms=1,
        input_tokens=100,
        output_tokens=20,
        cached_tokens=0,
        tokens_from="provider",
        cost_usd=cost_usd,
        finish_reason=None,
    )


def reviewed() -> ev.Reviewed:
    return ev.Reviewed(
        plan_id="f" * 26,
        version=1,
        approved=False,
        codes=["RR_BELOW_MIN"],
        findings=[],
        bracket=None,
        stage="review",
    )


def shown(to: Recorder, *, full: bool = False) -> str:
    return view.render(to.store.events(RUN), to.read_blob, full=full).plain


def test_a_decision_reads_as_it_always_did(tmp_path: Path) -> None:
    assert shown(recorded(tmp_path)) == GOLDEN.read_text(encoding="utf-8")


def test_no_line_is_wider_than_a_hundred_columns(tmp_path: Path) -> None:
    to = recorded(tmp_path)
    to.record(RUN, "plan", ev.ModelFailed(error="X", message="word " * 90, latency_ms=1))
    to.record(RUN, "plan", ev.ModelFailed(error="X", message="w" * 900, latency_ms=1))
    to.flush()
    assert max(len(line) for line in shown(to, full=True).splitlines()) == 100


def test_cut_text_says_how_much_is_missing_and_full_shows_it(tmp_path: Path) -> None:
    to = recorded(tmp_path)
    assert "more lines (--full shows them)" in shown(to)
    assert "T23:00:00Z" not in shown(to)
    assert "more lines" not in shown(to, full=True)
    assert "T23:00:00Z" in shown(to, full=True)


def test_a_message_is_shown_once_however_often_it_is_sent(tmp_path: Path) -> None:
    assert shown(recorded(tmp_path)).count("You plan trades.") == 1


def test_an_unknown_cost_stays_unknown(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    to.record(RUN, "observe", started())
    to.record(RUN, "record", ended("no_trade", reason="nothing to do"))
    text = shown(to)
    assert "cost unknown" in text
    assert "0 USD" not in text


def test_hostile_text_neither_moves_the_terminal_nor_becomes_markup(tmp_path: Path) -> None:
    to = recorded(tmp_path)
    console = Console(record=True, width=120, file=(tmp_path / "out").open("w"))
    console.print(view.render(to.store.events(RUN), to.read_blob))
    text = console.export_text()
    console.file.close()
    assert "[/bold]" in text
    assert "[system]" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_refused_tool_call_shows_why(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    to.record(
        RUN,
        "call_tools",
        ev.ToolAnswered(
            result_id="news#1",
            name="news",
            arguments={},
            content=to.blob('{"error": "not offered"}'),
            refusal="NOT_OFFERED",
            latency_ms=0.0,
            cached=False,
            source="",
            origin="",
            known_at=None,
        ),
    )
    to.record(RUN, "plan", ev.AnswerParsed(answer="invalid", body=None, complaint="no JSON"))
    to.flush()
    assert "REFUSED NOT_OFFERED" in shown(to)
    assert "could not be used: no JSON" in shown(to)


def test_a_stored_text_that_is_no_message_is_shown_as_it_is(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    for text in ("plain words", "[1, 2]", "[" * 100_000):
        to.record(RUN, "plan", ev.Revised(revision=1, message=to.blob(text), codes=[]))
        to.record(
            RUN,
            "plan",
            ev.PromptSent(
                messages=[to.blob(text)], tools=to.blob("[]"), tokens=1, tokens_from="estimate"
            ),
        )
    to.flush()
    assert "plain words" in shown(to)
    assert "[1, 2]" in shown(to)


def test_the_document_holds_every_event_and_every_text_they_name(tmp_path: Path) -> None:
    to = recorded(tmp_path)
    document = whole(visits(to.store.events(RUN)), to.read_blob)
    kinds = {row["kind"] for row in document["events"]}
    schemas = [schema["properties"] for schema in EVENT.json_schema()["$defs"].values()]
    known = {schema["kind"]["const"] for schema in schemas if "kind" in schema}
    assert kinds == known - {"model_failed"}
    for row in document["events"]:
        for name in [*row.get("messages", []), row.get("message"), row.get("content")]:
            assert name is None or name in document["texts"]


def test_each_node_tells_its_time_tokens_and_money_and_what_came_of_it(tmp_path: Path) -> None:
    database = opened(tmp_path)
    clock = FixedClock(AS_OF)
    to = Recorder(TraceStore(database, "made"), Redactor({}), clock)
    for node, event, ms in (
        ("observe", started(), 0),
        ("plan", answered(to, "0.01"), 250),
        ("plan", ev.ModelFailed(error="Timeout", message="", latency_ms=1), 50),
        ("plan", answered(to, "0.005"), 100),
        ("review", reviewed(), 3),
        ("plan", answered(to, None), 10),
        ("record", ended("denied"), 1),
        ("send", reviewed(), 60_000),
    ):
        clock.advance_to(clock.now() + timedelta(milliseconds=ms))
        to.record(RUN, node, event)
    to.flush()
    rows = whole(visits(to.store.events(RUN)), to.read_blob)["nodes"]
    told = ("node", "took_ms", "model_calls", "input_tokens", "output_tokens", "cost_usd", "words")
    assert [tuple(row[name] for name in told) for row in rows] == [
        ("observe", 0, 0, 0, 0, "0", []),
        ("plan", 400, 3, 200, 40, "0.015", ["no answer: Timeout"]),
        ("review", 3, 0, 0, 0, "0", ["v1 denied RR_BELOW_MIN"]),
        ("plan", 10, 1, 100, 20, None, []),
        ("record", 1, 0, 0, 0, "0", ["denied"]),
        ("send", None, 0, 0, 0, "0", ["v1 denied RR_BELOW_MIN"]),
    ]
    lines = shown(to).splitlines()
    assert (
        "├──  2 plan            400 ms  3 model calls, 200 + 40 tokens, 0.015 USD, no answer: T"
        in (lines[4][:88])
    )
    assert "├──  4 plan#2           10 ms  1 model call, 100 + 20 tokens, cost unknown" in lines
    (second,) = whole(named(visits(to.store.events(RUN)), ["plan#2"]), to.read_blob)["nodes"]
    assert second == rows[3]
    again = visits([*to.store.events(RUN), *to.store.events(RUN)])
    assert [visit.name for visit in again[6:9]] == ["observe", "plan", "review"]


def test_one_node_alone_is_shown_whole_below_the_tree(tmp_path: Path) -> None:
    to = recorded(tmp_path)
    text = view.render(to.store.events(RUN), to.read_blob, nodes=["review"]).plain
    assert "DENIED RR_BELOW_MIN" in text
    assert "call_tools" in text
    assert "You plan trades." not in text
    assert (
        "DENIED RR_BELOW_MIN"
        not in view.render(to.store.events(RUN), to.read_blob, nodes=["review#2"]).plain
    )
    with pytest.raises(ConfigError, match=r"no node 'review#3'; .* observe, plan, .*, review#2"):
        view.render(to.store.events(RUN), to.read_blob, nodes=["review#3"])


def test_a_prompt_reads_as_it_was_sent_with_roles_and_tools(tmp_path: Path) -> None:
    to = recorded(tmp_path)
    sent = prompts(to.store.events(RUN))
    assert [prompt.number for prompt in sent] == list(range(1, len(sent) + 1))
    text = sent[1].render(to.read_blob)
    roles = [line for line in text.splitlines() if line.startswith("════")]
    assert roles == [
        "════ message 1 of 4: system",
        "════ message 2 of 4: human",
        "════ message 3 of 4: ai",
        "════ message 4 of 4: tool",
        "════ tools",
    ]
    assert "T23:00:00Z" in text
    document = sent[1].document(to.read_blob)
    assert document["messages"][1]["content"] == "BTC/USD as of 2019-05-12T14:00:00Z\nlast 7012.5"
    assert document["tools"] == [{"name": "ohlcv"}, {"name": "propose_plan"}]
    assert "\x1b" not in "".join(prompt.render(to.read_blob) for prompt in sent)


def test_rows_are_the_bytes_that_their_hashes_are_of(tmp_path: Path) -> None:
    to = recorded(tmp_path)
    before = ""
    for row in to.store.rows(RUN):
        before = link(before, row._asdict())
        assert row.hash == before


def test_the_document_states_moments_in_utc(tmp_path: Path) -> None:
    to = recorded(tmp_path)
    first = whole(visits(to.store.events(RUN)), to.read_blob)["events"][0]
    assert (first["at"], first["as_of"]) == ("2019-05-12T14:00:00Z", "2019-05-12T14:00:00Z")
