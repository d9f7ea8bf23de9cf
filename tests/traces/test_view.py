from __future__ import annotations

from pathlib import Path

from rich.console import Console

from tests.traces.handmade import RUN, ended, opened, record_run, recorder, started
from traces import events as ev
from traces import view
from traces.document import document as whole
from traces.events import EVENT
from traces.recorder import Recorder

GOLDEN = Path(__file__).parents[1] / "snapshots" / "trace_view.txt"


def recorded(tmp_path: Path) -> Recorder:
    to = recorder(opened(tmp_path))
    record_run(to)
    return to


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
    document = whole(to.store.events(RUN), to.read_blob)
    kinds = {row["kind"] for row in document["events"]}
    schemas = [schema["properties"] for schema in EVENT.json_schema()["$defs"].values()]
    known = {schema["kind"]["const"] for schema in schemas if "kind" in schema}
    assert kinds == known - {"model_failed"}
    for row in document["events"]:
        for name in [*row.get("messages", []), row.get("message"), row.get("content")]:
            assert name is None or name in document["texts"]


def test_the_document_states_moments_in_utc(tmp_path: Path) -> None:
    to = recorded(tmp_path)
    first = whole(to.store.events(RUN), to.read_blob)["events"][0]
    assert (first["at"], first["as_of"]) == ("2019-05-12T14:00:00Z", "2019-05-12T14:00:00Z")
