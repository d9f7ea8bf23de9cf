from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.otlp import Collector
from app.otlp_address import shown, traces_address
from app.settings import Settings
from app.span_outlet import Outlet
from domain.errors import ConfigError, Unreachable
from tests.servers.otlp_collector import OtlpCollector, attributes
from tests.traces.handmade import RUN, opened, record_run, recorder
from traces.spans import Span, spans


@pytest.fixture
def found(tmp_path: Path) -> list[Span]:
    to = recorder(opened(tmp_path))
    record_run(to)
    return spans("made", RUN, to.store.events(RUN), to.store.blobs.get)


@pytest.fixture
def server() -> Iterator[OtlpCollector]:
    with OtlpCollector() as standing:
        yield standing


def test_a_collector_is_handed_what_was_made(found: list[Span], server: OtlpCollector) -> None:
    collector = Collector(traces_address(server.url))
    collector.send(found)
    collector.close()
    assert server.paths == ["/v1/traces"]
    assert [
        (
            each.name,
            each.trace_id,
            each.span_id,
            each.parent_span_id,
            each.start_time_unix_nano,
            each.end_time_unix_nano,
            attributes(each),
            [(moment.name, moment.time_unix_nano, attributes(moment)) for moment in each.events],
        )
        for each in server.spans
    ] == [
        (
            each.name,
            each.trace_id.to_bytes(16),
            each.span_id.to_bytes(8),
            b"" if each.parent_id is None else each.parent_id.to_bytes(8),
            each.start_ns,
            each.end_ns,
            each.attributes,
            [(moment.name, moment.at_ns, moment.attributes) for moment in each.moments],
        )
        for each in found
    ]
    resource = attributes(server.requests[0].resource_spans[0].resource)
    assert resource["service.name"] == "plangate"


def test_spans_that_a_collector_rejects_in_an_answer_of_success_are_told(
    found: list[Span], server: OtlpCollector
) -> None:
    collector = Collector(traces_address(server.url))
    server.rejected_count = 2
    with pytest.raises(Unreachable, match="it rejected 2 of them: attributes too long"):
        collector.send(found)
    server.rejected_count = 0
    collector.send(found)
    collector.close()


@pytest.mark.parametrize(
    ("status", "why"),
    [(400, "400 Bad Request"), (503, "503 Service Unavailable"), (302, "302 Found")],
)
def test_a_collector_that_refuses_is_told_with_its_reason(
    found: list[Span], server: OtlpCollector, status: int, why: str
) -> None:
    server.status = status
    collector = Collector(traces_address(server.url) + "?key=s3cr3t", timeout_s=0.5)
    with pytest.raises(Unreachable, match=why) as refused:
        collector.send(found)
    collector.close()
    assert "s3cr3t" not in str(refused.value)


def test_where_nobody_listens_it_is_said_and_counted(found: list[Span]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1/traces"
        outlet = Outlet(Collector(url, timeout_s=2))
        outlet.put(found)
        words = outlet.close(last_s=20)
    assert words.startswith(f"0 of {len(found)} spans were taken by the collector ({url} did not")
    assert "Connection refused" in words
    assert words.endswith("later: plangate traces otlp")
    assert outlet.trouble() is not None
    assert outlet.trouble() is None, "it is said once"


def test_a_collector_that_hangs_holds_up_nothing(found: list[Span], server: OtlpCollector) -> None:
    server.is_hanging = True
    outlet = Outlet(Collector(traces_address(server.url), timeout_s=30), waiting_count=2)
    begun = time.monotonic()
    for _ in range(50):
        outlet.put(found)
    words = outlet.close(last_s=0.1)
    assert time.monotonic() - begun < 10, "the collector would take 30 s"
    assert words.startswith(f"0 of {50 * len(found)} spans")
    assert "more than 2 decisions waited" in words


def test_an_address_is_shown_without_what_may_be_secret_in_it() -> None:
    assert shown("https://me:word@[::1]:4318/v1/traces?key=1") == "https://[::1]:4318/v1/traces"
    assert traces_address("http://a:1/") == "http://a:1/v1/traces"
    assert traces_address("http://a:1/v1/traces") == "http://a:1/v1/traces"
    for wrong in ("collector:4317", "http://", "http://a:x", ""):
        with pytest.raises(ConfigError, match="expected to be as http"):
            shown(wrong)


def test_headers_and_passwords_of_the_collector_are_known_secrets() -> None:
    given = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:pass%20word@127.0.0.1:4318",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20sesame-open, x-team=honey-comb",
    }
    settings = Settings.model_validate(given)
    assert settings.collector == "http://me:pass%20word@127.0.0.1:4318/v1/traces"
    said = set(settings.secrets.values())
    assert {"sesame-open", "Bearer sesame-open", "honey-comb", "pass word"} <= said
