"""Hands spans to a collector of OpenTelemetry, over OTLP/HTTP; needs `plangate[otel]`.

What the standard variables OTEL_EXPORTER_OTLP_* say of headers, timeout, certificate and
compression is the exporter's own to read and obey.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from typing_extensions import override

from app.otlp_address import shown
from domain.errors import ConfigError, Unreachable
from traces.spans import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from requests import Response

_LOGGER = "opentelemetry.exporter"
_SYSTEM_ERROR = re.compile(r"\[Errno -?\d+\] [^\"')]+")
_SILENT = logging.NullHandler()


class Collector:
    """An address that takes spans."""

    def __init__(self, url: str, timeout_s: float | None = None) -> None:
        """At the full address of its traces.

        Args:
            url: Where it takes them.
            timeout_s: Of handing over, retries included; None: OTEL_EXPORTER_OTLP_TIMEOUT, or 10.

        Raises:
            ConfigError: that is none, or the extra is not installed.
        """
        self.shown = shown(url)
        self._query = urlsplit(url).query
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from requests import Session
        except ImportError as error:
            raise ConfigError(
                "spans need OpenTelemetry's exporter: pip install 'plangate[otel]'"
            ) from error
        self._said = _Said()
        session = Session()
        session.hooks["response"].append(self._said.answered)
        logger = logging.getLogger(_LOGGER)
        logger.addHandler(_SILENT)
        logger.addHandler(self._said)
        logger.propagate = False  # it is told by `send`
        try:
            self._exporter = OTLPSpanExporter(endpoint=url, timeout=timeout_s, session=session)
        except (ValueError, OSError, RuntimeError, ImportError) as error:
            raise ConfigError(
                f"environment: OTEL_EXPORTER_OTLP_*: {type(error).__name__}; expected as the "
                "standard has them (opentelemetry.io, OTLP exporter configuration)"
            ) from error

    def send(self, spans: Sequence[Span]) -> None:
        """Hand them over, waiting for the answer.

        Raises:
            Unreachable: the collector did not take them in that time.
        """
        from opentelemetry.sdk.trace.export import SpanExportResult

        self._said.forget()
        taken = self._exporter.export(_readable(spans)) is SpanExportResult.SUCCESS
        if not taken or self._said.is_untaken:
            why = self._said.words.replace(self._query, "...") if self._query else self._said.words
            raise Unreachable(f"{self.shown} did not take the spans: {why[:300] or 'no answer'}")

    def close(self) -> None:
        """Stop, also what is being sent."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # it has no annotation
        logging.getLogger(_LOGGER).removeHandler(self._said)


class _Said(logging.Handler):
    """Why something was not taken: the collector's answer, or what the exporter logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.forget()

    def forget(self) -> None:
        """What was said of spans before these."""
        self.words = ""
        self.is_untaken = False
        """It took some of them or none, in an answer that the exporter takes for success."""

    def answered(self, response: Response, **_: object) -> None:
        """It did."""
        self.words = f"it answered {response.status_code} {response.reason}"
        rejected_count, why = _rejected(response)
        if rejected_count:
            self.words = f"it rejected {rejected_count} of them: {why or 'without a reason'}"
        self.is_untaken = 300 <= response.status_code < 400 or bool(rejected_count)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        words = record.getMessage()
        system = _SYSTEM_ERROR.search(words)  # far inside what the libraries say of it
        self.words = self.words or (system.group() if system else words)


def _rejected(response: Response) -> tuple[int, str]:
    """How many spans an answer of success says were not taken, and why."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    if response.status_code != HTTPStatus.OK:
        return 0, ""
    try:
        told = ExportTraceServiceResponse.FromString(response.content).partial_success
    except DecodeError:  # some collectors answer in words of their own
        return 0, ""
    return told.rejected_spans, told.error_message


def _readable(spans: Sequence[Span]) -> list[ReadableSpan]:
    """The same as the exporter takes them."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

    resource = Resource(
        {
            "service.name": "plangate",
            "service.version": version("plangate"),
            "openinference.project.name": "plangate",
        }
    )
    scope = InstrumentationScope("plangate", version("plangate"))

    def context(trace_id: int, span_id: int) -> SpanContext:
        sampled = TraceFlags(TraceFlags.SAMPLED)
        return SpanContext(trace_id, span_id, is_remote=False, trace_flags=sampled)

    return [
        ReadableSpan(
            name=span.name,
            context=context(span.trace_id, span.span_id),
            parent=None if span.parent_id is None else context(span.trace_id, span.parent_id),
            resource=resource,
            attributes=span.attributes,
            events=[Event(each.name, each.attributes, each.at_ns) for each in span.moments],
            status=Status(StatusCode.OK)
            if span.error is None
            else Status(StatusCode.ERROR, span.error),
            start_time=span.start_ns,
            end_time=span.end_ns,
            instrumentation_scope=scope,
        )
        for span in spans
    ]
