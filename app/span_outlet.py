"""A session's decisions as spans, handed to a collector from a thread of their own.

A collector that is down, slow or refuses costs the session nothing: what waits is bounded, what
does not fit or is not taken is counted, and it is said once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from queue import Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from app.otlp import Collector
from domain.errors import ConfigError, Unreachable
from domain.lifecycle import LIVE
from traces.spans import Span, spans

if TYPE_CHECKING:
    from app.settings import Settings
    from app.view import View
    from app.wire import Wired
    from graph.context import RunContext

WAITING_COUNT = 256
"""So many decisions wait for the collector at most."""
LAST_S = 5.0
"""A session that ends waits so long for what is still to be handed over."""


@contextmanager
def exporting(view: View, wired: Wired, settings: Settings) -> Iterator[View]:
    """The same view, and where the environment names a collector, it is handed each decision."""
    collector = _collector(view, settings)
    if collector is None:
        yield view
        return
    outlet = Outlet(collector)
    told = _Exporting(view, wired.context, outlet)
    try:
        yield told
        told.hand_on()
    finally:
        view.notice(outlet.close())


def _collector(view: View, settings: Settings) -> Collector | None:
    url = settings.collector
    if url is None or settings.otel_disabled.strip().lower() == "true":
        return None
    try:
        found = Collector(url)
    except ConfigError as error:
        view.notice(f"no decision is exported (OTEL_EXPORTER_OTLP_ENDPOINT is set): {error}")
        return None
    view.notice(f"each decision is exported as spans to {found.shown}")
    return found


class Outlet:
    """What waits for a collector, and the thread that hands it over."""

    def __init__(self, collector: Collector, waiting_count: int = WAITING_COUNT) -> None:
        self._collector = collector
        self._waiting: Queue[list[Span] | None] = Queue(waiting_count)
        self._closing = Event()
        self._put_count = self._taken_count = 0
        self._why = ""
        self._is_told = False
        self._thread = Thread(target=self._hand_over, name="spans", daemon=True)
        self._thread.start()

    def put(self, found: list[Span]) -> None:
        """Have them handed over some time soon; where too much waits already they are lost."""
        self._put_count += len(found)
        try:
            self._waiting.put_nowait(found)
        except Full:
            self._why = self._why or f"more than {self._waiting.maxsize} decisions waited"

    def trouble(self) -> str | None:
        """Why something was not taken, once."""
        if not self._why or self._is_told:
            return None
        self._is_told = True
        return f"spans are lost, the session goes on: {self._why}"

    def close(self, last_s: float = LAST_S) -> str:
        """Stop after that many seconds at the latest; what came of it, in words."""
        self._closing.set()
        try:
            self._waiting.put_nowait(None)
        except Full:
            self._why = self._why or "it is too slow"
        self._thread.join(last_s)
        if self._thread.is_alive():
            self._why = self._why or f"no answer within {last_s:g} s of the session's end"
        self._collector.close()
        told = f"{self._taken_count} of {self._put_count} spans were taken by the collector"
        if self._taken_count == self._put_count:
            return told
        return f"{told} ({self._why}); later: plangate traces otlp"

    def _hand_over(self) -> None:
        while not (self._closing.is_set() and self._waiting.empty()):
            found = self._waiting.get()
            if found is None:
                return
            try:
                self._collector.send(found)
            except Unreachable as error:
                self._why = self._why or str(error)
                if self._closing.is_set():
                    return
            else:
                self._taken_count += len(found)


class _Exporting:
    """A view of a session that also hands on each decision, and what becomes of its orders."""

    def __init__(self, view: View, context: RunContext, outlet: Outlet) -> None:
        self._view = view
        self._context = context
        self._outlet = outlet
        self._sent: dict[str, int] = {}
        """Of each decision that has live orders: how many of its spans are handed on."""
        self.begin, self.trouble, self.notice = view.begin, view.trouble, view.notice

    def decided(self, slot: datetime, final: dict[str, Any]) -> None:
        """Hand on the decision, and what is new of the ones before it."""
        self._view.decided(slot, final)
        self._sent[final["run_id"]] = 0
        self.hand_on()
        if (words := self._outlet.trouble()) is not None:
            self._view.notice(words)

    def hand_on(self) -> None:
        """Whatever is new of decisions whose orders may still live."""
        store = self._context.recorder.store
        live = {order.run_id for order in self._context.journal.orders(*LIVE)}
        for run_id, sent_count in list(self._sent.items()):
            found = spans(store.session, run_id, store.events(run_id), store.blobs.get)
            if len(found) > sent_count:
                self._outlet.put(found[sent_count:])
            self._sent[run_id] = len(found)
            if run_id not in live:
                del self._sent[run_id]
