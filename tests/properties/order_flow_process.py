"""One process of the machine's session, opened on whatever file the last one left."""

from __future__ import annotations

import atexit
import shutil
from functools import cache
from pathlib import Path

from broker.dispatcher import Dispatcher
from broker.fault_rates import Faults
from broker.paper.terms import PaperTerms
from broker.paper.venue import PaperBroker
from domain.clock import Clock
from journal.books import Journal
from tests.broker.house import SYMBOLS, gate, wired
from tests.broker.venue import D, T
from tests.places import scratch
from tests.properties.order_flow_doubles import KINDS, GrowingSource, MortalBroker, OpenReview
from tests.properties.order_flow_rows import note_steps
from traces.database import Database
from traces.tables import METADATA

CAPITAL = D(10_000)


@cache
def _template() -> Path:
    """An empty database, made once."""
    folder = scratch()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "journal.db"
    Database.open(path, METADATA).close()
    note_steps(path)
    return path


def new_journal(path: Path) -> None:
    """An empty database at `path`."""
    shutil.copy(_template(), path)


class Process:
    """Journal, venue with its moods, and all that carries word between the two."""

    def __init__(
        self,
        path: Path,
        source: GrowingSource,
        clock: Clock,
        faults: Faults,
        seed: int,
        *,
        base_fees: bool,
    ) -> None:
        self.source, self.clock = source, clock
        self.book = Journal(Database.open(path, METADATA), "s")
        self.book.open_session({"to": None}, KINDS, {"USDT": CAPITAL})
        terms = PaperTerms(buy_fee_currency="base" if base_fees else "quote")
        paper = PaperBroker(
            self.book.database, "s", source, SYMBOLS, {"USDT": CAPITAL}, T, clock, terms,
            self.book.fence,
        )  # fmt: skip
        self.unfinished = paper.unfinished
        self.venue = MortalBroker(paper, faults, seed)
        self.follower, self.dispatcher, self.executor = wired(
            self.book, self.venue, source, clock, OpenReview(self.book, clock), treasury=self.venue
        )
        self.gated = Dispatcher(
            self.book,
            self.venue,
            self.follower,
            gate(self.book, source, clock),
            clock,
            lambda _: None,
        )
        """Asks the real gate before it sends."""

    def close(self) -> None:
        """It is gone."""
        self.book.database.close()
