"""The server's library in small, for a wheel of its own: the same names, no model behind them.

`Server` really listens on loopback: a request with the key is answered with what it was told to
serve, one without is refused.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class CommonParams:
    """Takes what it is given."""

    def __init__(self) -> None:
        self.model = SimpleNamespace(path="")
        self.cpuparams = SimpleNamespace(n_threads=0)
        self.cpuparams_batch = SimpleNamespace(n_threads=0)


class Server:
    """Listens until the process ends."""

    def __init__(self, params: Any) -> None:
        first = Path(params.model.path).read_bytes()[:4]
        served = {
            "first": first.decode(),
            "context": params.n_ctx,
            "threads": params.cpuparams.n_threads,
        }

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = f"Bearer {params.api_keys[0]}" == self.headers["authorization"]
                body = json.dumps(served if known else {}).encode()
                self.send_response(200 if known else 401)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        server = ThreadingHTTPServer((params.hostnames[0], params.port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.listening_address = f"http://127.0.0.1:{server.server_port}"
