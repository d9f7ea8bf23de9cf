"""Decisions handed to a collector of OpenTelemetry on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.command import Ran, plangate, unasked
from tests.servers.otlp_collector import OtlpCollector, attributes

SECRET = "honey-comb-team-4711"
HEADERS = f"authorization=Bearer%20{SECRET}"
WINDOW = ("--from", "2019-05-07", "--to", "2019-05-09", "--every", "4")


@dataclass(frozen=True)
class Handed:
    """A session that was exported as it went."""

    home: Path
    ran: Ran
    collector: OtlpCollector


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handed]:
    home = tmp_path_factory.mktemp("otlp")
    with OtlpCollector() as collector:
        ran = plangate(
            home,
            *("run", "--session", "told", "--policy", unasked(home), *WINDOW),
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_EXPORTER_OTLP_HEADERS=HEADERS,
        )
        yield Handed(home, ran, collector)


def test_a_session_hands_on_each_decision_and_what_becomes_of_its_orders(handed: Handed) -> None:
    assert handed.ran.code == 0, handed.ran.err
    found = handed.collector.spans
    said = [attributes(span) for span in found]
    assert sum(span.name == "decision" for span in found) == 12
    assert {each["openinference.span.kind"] for each in said} == {
        *("AGENT", "CHAIN", "LLM", "TOOL", "GUARDRAIL")
    }
    assert "filled" in {span.name for span in found}
    assert f"{len(found)} of {len(found)} spans were taken" in handed.ran.err
    whole = {span.span_id for span in found}
    assert all(span.parent_span_id in whole for span in found if span.name != "decision")
    assert {head["authorization"] for head in handed.collector.headers} == {f"Bearer {SECRET}"}
    assert SECRET.encode() not in b"".join(handed.collector.bodies)
    assert SECRET not in handed.ran.err + handed.ran.out


def test_recorded_decisions_are_the_same_spans_again(handed: Handed) -> None:
    with OtlpCollector() as other:
        words = ("traces", "otlp", "--session", "told", "--to", other.url, "--json")
        ran = plangate(handed.home, *words)
        assert ran.code == 0, ran.err
        assert ran.document == {
            "schema": "plangate.traces.otlp/1",
            "collector": f"{other.url}/v1/traces",
            "runs_count": 12,
            "spans_count": len(handed.collector.spans),
        }
        again = sorted(span.SerializeToString() for span in other.spans)
        assert again == sorted(span.SerializeToString() for span in handed.collector.spans)


def test_a_collector_that_refuses_ends_no_session_and_the_command_tells_why(
    handed: Handed,
) -> None:
    with OtlpCollector() as refusing:
        refusing.status = 401
        words = ("run", "--session", "untold", "--decisions", "1", *WINDOW)
        ran = plangate(handed.home, *words, OTEL_EXPORTER_OTLP_ENDPOINT=refusing.url)
        assert ran.code == 0, ran.err
        assert "answered 401" in ran.err
        told = plangate(handed.home, "traces", "otlp", "--to", refusing.url)
        assert told.code != 0
        assert "answered 401" in told.err
        assert "0 of 1 decisions were taken" in told.err
        quiet = {"OTEL_EXPORTER_OTLP_ENDPOINT": refusing.url, "OTEL_SDK_DISABLED": "true"}
        refusing.paths.clear()
        assert plangate(handed.home, "run", "--session", "off", *words[3:], **quiet).code == 0
        assert refusing.paths == []


def test_without_a_collector_it_says_what_to_name(handed: Handed) -> None:
    ran = plangate(handed.home, "traces", "otlp")
    assert ran.code != 0
    assert "no collector is named; expected --to http://127.0.0.1:4318" in ran.err
    wrong = plangate(handed.home, "traces", "otlp", "--to", "localhost:4317")
    assert wrong.code != 0
    assert "expected to be as http://127.0.0.1:4318" in wrong.err
