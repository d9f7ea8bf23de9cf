"""A collector of OpenTelemetry on loopback: takes spans as OTLP/HTTP has them, with its faults."""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class OtlpCollector:
    """Stands at `url`; what it took is in `spans`."""

    def __init__(self) -> None:
        self.status = 200
        self.rejected_count = 0
        """Of each request it says that it did not take so many spans."""
        self.is_hanging = False
        """It takes connections, and answers none until it is left."""
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._left = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if collector.is_hanging:
                    collector._left.wait(30)
                    return
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.paths.append(self.path)
                collector.headers.append({k.lower(): v for k, v in self.headers.items()})
                if collector.status == 200:
                    collector.bodies.append(body)
                told = ExportTraceServiceResponse()
                if collector.rejected_count:
                    told.partial_success.rejected_spans = collector.rejected_count
                    told.partial_success.error_message = "attributes too long"
                answer = told.SerializeToString()
                self.send_response(collector.status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def spans(self) -> list[Any]:
        """What it took, in the order of coming."""
        return [
            span
            for request in self.requests
            for of_resource in request.resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        ]

    @property
    def requests(self) -> list[ExportTraceServiceRequest]:
        """The same, request by request."""
        return [ExportTraceServiceRequest.FromString(body) for body in self.bodies]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def attributes(of: Any) -> dict[str, Any]:
    """Of a span, an event or a resource, as plain values."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in of.attributes}
