from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.clock import FixedClock, to_ms
from tests.traces.handmade import AS_OF, RUN, ended, opened, record_run, recorder, started
from traces import events as ev
from traces.chosen import EVERY, Chosen
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.stats import spread, stats
from traces.store import TraceStore

pytestmark = pytest.mark.usefixtures("each_database")


def test_a_decision_is_added_up_by_node_and_tool(tmp_path: Path) -> None:
    database = opened(tmp_path)
    record_run(recorder(database))
    found = stats(database, EVERY)
    assert (found["decisions_count"], found["outcomes"]) == (1, {"approved": 1})
    assert found["usd"] == "0.0123"
    plan = found["nodes"]["plan"]
    assert (plan["visits_count"], plan["model_calls"], plan["input_tokens"]) == (3, 3, 1200)
    assert (plan["usd"], plan["known_usd"], plan["unknown_count"]) == (None, "0", 3)
    assert found["nodes"]["consult"]["usd"] == "0.0021"
    assert found["tools"]["ohlcv"]["latency_ms"] == {
        "count": 1, "p50": 1.25, "p95": 1.25, "max": 1.25
    }  # fmt: skip
    assert found["denials"] == {"RR_BELOW_MIN": 1}
    assert found["failures"] == {}


def test_a_nodes_time_is_from_where_the_one_before_it_stopped_to_the_end_of_the_decision(
    tmp_path: Path,
) -> None:
    database = opened(tmp_path)
    clock = FixedClock(AS_OF)
    to = Recorder(TraceStore(database, "made"), Redactor({}), clock)
    failed = ev.ModelFailed(error="Timeout", message="", latency_ms=1)
    invalid = ev.AnswerParsed(answer="invalid", body=None, complaint="no JSON")
    for run in ("one", "two"):
        for node, event, ms in (
            ("observe", started(), 0),
            ("plan", failed, 250),
            ("plan", invalid, 50),
            ("record", ended("failed"), 5),
            ("venue", invalid, 60_000),
        ):
            clock.advance_to(clock.now() + timedelta(milliseconds=ms))
            to.record(run, node, event)
    to.flush()
    found = stats(database, EVERY)
    took = {node: of["took_ms"] for node, of in found["nodes"].items()}
    assert took == {
        "observe": {"count": 2, "p50": 0, "p95": 0, "max": 0},
        "plan": {"count": 2, "p50": 300, "p95": 300, "max": 300},
        "record": {"count": 2, "p50": 5, "p95": 5, "max": 5},
    }
    assert found["failures"] == {"answer invalid": 4, "Timeout": 2}


def test_only_the_chosen_decisions_count(tmp_path: Path) -> None:
    database = opened(tmp_path)
    record_run(recorder(database))
    other = recorder(database, session="other")
    other.record(RUN, "observe", started(as_of=AS_OF + timedelta(hours=1)))
    other.record(RUN, "record", ended("no_trade"))
    later = to_ms(AS_OF + timedelta(hours=1))
    found = stats(database, Chosen(since_ms=later))
    assert (found["outcomes"], found["tools"]) == ({"no_trade": 1}, {})
    assert stats(database, Chosen(until_ms=later))["models"]["count"] == 4
    assert stats(database, Chosen(session="none"))["decisions_count"] == 0


def test_a_percentile_is_the_nearest_rank() -> None:
    assert spread(list(range(1, 101))) == {"count": 100, "p50": 50, "p95": 95, "max": 100}
    assert spread([3.0, 1.0]) == {"count": 2, "p50": 1.0, "p95": 3.0, "max": 3.0}
    assert spread([])["max"] is None
