"""A scripted server of OpenAI's chat completions shape on loopback, with faults to order.

A step is a dict; every key is optional:

- `calls`: list of (tool name, arguments), arguments a dict or the raw JSON text;
- `content`, `refusal`, `finish_reason`, `usage` (None leaves usage out), `ids` (call ids);
- `message`: the whole assistant message, in place of the above;
- `status`, `error`, `headers`: an HTTP error;
- `body`: bytes sent as they are (with `type`, `headers`); `raw`: without a head of ours;
  `cut`: announce more bytes than are sent; `delay_s`: wait first.

`steps` is a list played in order (what comes after the last is answered with 400), or a function
from the request's body to a step. The questions by which a session sees whether its model is fit
are answered as they want to be, and not noted, unless `probes` leaves them to the steps.
"""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Step = dict[str, Any]

USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "total_tokens": 1050,
    "prompt_tokens_details": {"cached_tokens": 400},
}


PROBE = "This is a test of the connection"

FIT_PLAN = {
    "side": "long", "targets": [{"price": 110}], "invalidation": 90, "horizon_bars": 12,
    "thesis": "probe", "confidence": 0.5,
}  # fmt: skip


def fit(body: dict[str, Any]) -> Step:
    """What a model that is fit answers to a probe."""
    asked = body["messages"][-1]["content"]
    reason = number_in(asked[-1]["image_url"]["url"]) if isinstance(asked, list) else "probe"
    planned = "propose_plan" in asked
    name, given = ("propose_plan", FIT_PLAN) if planned else ("no_trade", {"reason": reason})
    if "tools" in body:
        return {"calls": [(name, given)]}
    return {"content": json.dumps({"thought": "", "call": {"tool": name, "arguments": given}})}


def number_in(url: str) -> str:
    """The number that a probe's picture shows, read off its pixels."""
    from PIL import Image

    from app.sight_probe import DIGITS_COUNT, number_picture

    def parts(png: bytes) -> list[bytes]:
        with Image.open(io.BytesIO(png)) as image:
            width, height = image.size[0] // DIGITS_COUNT, image.size[1]
            places = [place * width for place in range(DIGITS_COUNT)]
            return [image.crop((x, 0, x + width, height)).tobytes() for x in places]

    known = {parts(number_picture(digit * DIGITS_COUNT))[0]: digit for digit in "0123456789"}
    return "".join(known[part] for part in parts(base64.b64decode(url.partition(",")[2])))


class OpenAIServer:
    """Runs in a thread from `with` to its end; usable from sync and async tests alike."""

    def __init__(
        self, steps: Sequence[Step] | Callable[[dict[str, Any]], Step], *, probes: bool = False
    ) -> None:
        self._steps = steps
        self._probes = probes
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self.requests: list[dict[str, Any]] = []
        """Bodies of the completions asked for, in order."""
        self.headers: list[dict[str, str]] = []
        """Their headers, names in lower case."""

    def __enter__(self) -> OpenAIServer:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.script = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        """Where `--base-url` should point."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def next_step(self, body: dict[str, Any], headers: dict[str, str]) -> Step:
        """Note the request and say what to answer."""
        asked = body["messages"][-1].get("content")
        asked = asked[0]["text"] if isinstance(asked, list) and asked else asked
        if not self._probes and isinstance(asked, str) and asked.startswith(PROBE):
            return fit(body)
        with self._lock:
            index = len(self.requests)
            self.requests.append(body)
            self.headers.append(headers)
        if callable(self._steps):
            return self._steps(body)
        if index < len(self._steps):
            return self._steps[index]
        return {"status": 400, "error": {"message": f"the script has {len(self._steps)} steps"}}


class _Server(ThreadingHTTPServer):
    script: OpenAIServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what some tests are about; anything else is said."""
        import sys

        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self._send(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})
        else:
            self._send(404, {"error": {"message": f"no such path {self.path}"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path != "/v1/chat/completions":
            self._send(404, {"error": {"message": f"no such path {self.path}"}})
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        step = self.server.script.next_step(body, headers)
        self.server.script.closing.wait(step.get("delay_s", 0))
        if "status" in step:
            error = step.get("error", {"message": f"scripted {step['status']}"})
            self._send(step["status"], {"error": error}, step.get("headers"))
        elif "body" in step:
            kind = {"content-type": step.get("type", "text/html")}
            self._send_bytes(200, step["body"], kind | step.get("headers", {}))
        elif "raw" in step:
            self.wfile.write(step["raw"])
            self.close_connection = True
        else:
            self._send(200, completion(step, body), cut=step.get("cut", False))

    def _send(
        self, status: int, value: Any, headers: dict[str, str] | None = None, *, cut: bool = False
    ) -> None:
        data = json.dumps(value).encode()
        self._send_bytes(
            status, data, {"content-type": "application/json", **(headers or {})}, cut=cut
        )

    def _send_bytes(
        self, status: int, data: bytes, headers: dict[str, str], *, cut: bool = False
    ) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)


def completion(step: Step, request: dict[str, Any]) -> dict[str, Any]:
    """A chat completion as the API answers it."""
    calls = [
        {
            "id": step["ids"][index]
            if "ids" in step
            else f"call_{len(request['messages'])}_{index}",
            "type": "function",
            "function": {
                "name": name,
                "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
            },
        }
        for index, (name, arguments) in enumerate(step.get("calls", ()))
    ]
    message = step.get("message") or {
        "role": "assistant",
        "content": step.get("content"),
        "refusal": step.get("refusal"),
        **({"tool_calls": calls} if calls else {}),
    }
    finish = step.get("finish_reason", "tool_calls" if calls else "stop")
    usage = step.get("usage", USAGE)
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1,
        "model": request["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        **({"usage": usage} if usage else {}),
    }
