"""The only door into the traces: everything passes the redactor here, and nowhere else.

Events and texts are buffered and written at the end of each step of a run in one transaction, so a
crash loses at most the step it interrupted.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from domain.clock import Clock, to_ms
from domain.strict_json import canonical
from traces.events import Event, RunEnded, RunStarted
from traces.redact import Redactor
from traces.store import TraceStore

_T = TypeVar("_T")


class Recorder:
    """Records the runs of one session."""

    def __init__(self, store: TraceStore, redactor: Redactor, clock: Clock) -> None:
        self.store = store
        self._redactor = redactor
        self._clock = clock
        self._events: list[dict[str, Any]] = []
        self._runs: list[dict[str, Any]] = []
        self._started: dict[str, RunStarted] = {}
        self._clean = lru_cache(maxsize=256)(redactor.text)

    def blob(self, text: str) -> str:
        """Keep a text, redacted; the hash stands for it."""
        return self.store.blobs.put(self._clean(text))

    def picture(self, base64_text: str) -> str:
        """Keep a picture of numbers as it is: no secret is in it, and chance might spell one."""
        return self.store.blobs.put(base64_text)

    def read_blob(self, name: str) -> str:
        """The redacted text a hash stands for, whether written yet or not."""
        return self.store.blobs.get(name)

    def clean(self, value: _T) -> _T:
        """A JSON-able value redacted, for what is kept outside the traces: state and decisions."""
        cleaned: _T = self._redactor.value(value)
        return cleaned

    def record(self, run_id: str, node: str, event: Event) -> None:
        """Append an event to a run; the end of a run is written at once."""
        body = _storable(canonical(self._redactor.value(event.model_dump(mode="json"))))
        at_ms = to_ms(self._clock.now())
        self._events.append(
            {
                "session": self.store.session,
                "run_id": run_id,
                "at_ms": at_ms,
                "node": node,
                "kind": event.kind,
                "body": body,
            }
        )
        if isinstance(event, RunStarted):
            self._started[run_id] = event
        elif isinstance(event, RunEnded):
            self._runs.append(self._redactor.value(self._run_row(run_id, event, at_ms)))
            self.flush()

    def flush(self) -> None:
        """Write what is buffered, in one transaction."""
        if not (self._events or self._runs or self.store.blobs.waiting):
            return
        self.store.write(self._events, self._runs)
        self._events, self._runs = [], []

    def _run_row(self, run_id: str, ended: RunEnded, at_ms: int) -> dict[str, Any]:
        started = self._started.pop(run_id, None)
        return {
            "session": self.store.session,
            "run_id": run_id,
            "symbol": started.symbol if started else "",
            "as_of_ms": to_ms(started.as_of) if started else at_ms,
            "model": started.model if started else "",
            "outcome": ended.outcome,
            "codes": " ".join(ended.codes),
            "model_calls": ended.model_calls,
            "tool_calls": ended.tool_calls,
            "input_tokens": ended.input_tokens,
            "output_tokens": ended.output_tokens,
            "cost_usd": ended.cost_usd,
            "duration_ms": ended.duration_ms,
            "recorded_ms": at_ms,
        }


def _storable(text: str) -> str:
    """Half a surrogate pair, which no database takes, becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
