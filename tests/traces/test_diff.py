from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.traces.handmade import AS_OF, RUN, message, opened, record_run, recorder
from traces import events as ev
from traces.diff import Side, diff
from traces.events import EVENT
from traces.recorder import Recorder


def made(folder: Path) -> Recorder:
    to = recorder(opened(folder))
    record_run(to)
    return to


def side(to: Recorder, kind: str = "", **changed: Any) -> Side:
    """A decision, the first event of a kind recorded otherwise."""
    found = to.store.events(RUN)
    for place, item in enumerate(found):
        if item.event.kind == kind:
            event = EVENT.validate_python(item.event.model_dump() | changed)
            found[place] = item._replace(event=event)
            break
    return Side(found, to.read_blob)


def told(found: dict[str, Any]) -> set[str]:
    return {part for part, rows in found["parts"].items() if rows}


def test_the_same_decision_recorded_twice_is_equal(tmp_path: Path) -> None:
    other = side(made(tmp_path / "b"), "model_answered", latency_ms=7.0)
    found = diff(side(made(tmp_path / "a")), other)
    assert (found["equal"], found["first"], told(found)) == (True, None, set())


def test_a_providers_ids_of_calls_are_no_difference(tmp_path: Path) -> None:
    to = made(tmp_path)
    call = {"name": "ohlcv", "args": {"bars": 24}, "id": "another"}
    answer = to.blob(message("ai", "", tool_calls=[call]))
    assert diff(side(to), side(to, "model_answered", message=answer))["equal"]


@pytest.mark.parametrize(
    ("kind", "changed", "parts", "where", "row"),
    [
        ("run_started", {"model": "other"}, {"begun"}, "model", ("model", "rules", "other")),
        (
            "tool_answered",
            {"arguments": {"bars": 12}},
            {"tools"},
            "arguments.bars",
            ("ohlcv#1.arguments.bars", 24, 12),
        ),
        (
            "reviewed",
            {"codes": ["SPREAD_TOO_WIDE"]},
            {"verdict"},
            "codes[1]",
            ("review v1.codes[1]", "RR_BELOW_MIN", "SPREAD_TOO_WIDE"),
        ),
        ("filled", {"price": "7014.5"}, {"fills"}, "price", ("entry.price", "7014", "7014.5")),
        (
            "run_ended",
            {"cost_usd": None},
            {"spent"},
            "cost_usd",
            ("cost_usd", "0.0123", None),
        ),
    ],
)
def test_what_differs_is_told_in_its_part_and_where_it_came_first(
    tmp_path: Path, kind: str, changed: dict[str, Any], parts: set[str], where: str, row: Any
) -> None:
    to = made(tmp_path)
    found = diff(side(to), side(to, kind, **changed))
    assert not found["equal"]
    assert told(found) == parts
    assert tuple(found["parts"][min(parts)][0].values()) == row
    assert found["first"]["kinds"] == [kind, kind]
    assert found["first"]["rows"][0]["where"] == where


def test_a_tools_answer_is_compared_value_by_value(tmp_path: Path) -> None:
    to = made(tmp_path)
    rows = [{"open_time": f"2019-05-11T{n:02}:00:00Z", "close": 7000 + n} for n in range(24)]
    rows[3]["close"] = 1
    other = side(to, "tool_answered", content=to.blob(json.dumps({"rows": rows})))
    assert diff(side(to), other)["parts"]["tools"] == [
        {"where": "ohlcv#1.answer.rows[4].close", "a": 7003, "b": 1}
    ]


def test_a_message_that_differs_in_numbers_alone_is_told_by_them_and_once(tmp_path: Path) -> None:
    to = made(tmp_path)
    sent = next(e.event for e in to.store.events(RUN) if isinstance(e.event, ev.PromptSent))
    for text, told_row in (
        ("BTC/USD as of 2019-05-12T14:00:00Z\nlast 7013.5", {"numbers": [["7012.5", "7013.5"]]}),
        (
            "BTC/USD as of 2019-05-12T14:00:00Z\nlast unknown",
            {
                "lines": [
                    "@@ -1,2 +1,2 @@",
                    " BTC/USD as of 2019-05-12T14:00:00Z",
                    "-last 7012.5",
                    "+last unknown",
                ]
            },
        ),
    ):
        other = to.blob(message("human", text))
        messages = [sent.messages[0], other]
        row = {"where": "prompt 1, message 2 (human)", "a": None, "b": None} | told_row
        found = diff(side(to), side(to, "prompt_sent", messages=messages))
        assert found["parts"]["prompt"] == [row]


def test_of_two_decisions_of_two_moments_the_first_difference_is_what_followed(
    tmp_path: Path,
) -> None:
    to = made(tmp_path)
    later = side(to, "run_started", as_of=AS_OF.replace(day=13))
    assert diff(side(to), later)["first"]["kinds"] == ["run_started", "run_started"]
    seen = [
        item._replace(event=item.event.model_copy(update={"last": "7"}))
        if isinstance(item.event, ev.SnapshotTaken)
        else item
        for item in later.recorded
    ]
    first = diff(side(to), Side(seen, to.read_blob))["first"]
    assert (first["event"], first["kinds"][0]) == (2, "snapshot_taken")
    assert first["rows"][0] == {"where": "last", "a": "7012.5", "b": "7"}


def test_a_decision_that_goes_on_differs_from_one_that_ended(tmp_path: Path) -> None:
    to = made(tmp_path)
    whole = side(to)
    short = Side(whole.recorded[:5], whole.read_blob)
    first = diff(whole, short)["first"]
    assert (first["event"], first["nodes"][1], first["rows"]) == (6, None, [])
