"""What the paper venue keeps: its orders, its log, and how far it has come.

One act of the venue is one transaction, so a process that dies anywhere finds the venue before the
act or after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import func, insert, select, update

from broker.paper.book import PaperBook, Resting
from broker.paper.matching import Place
from broker.paper.tape import Key
from broker.protocol import Execution
from domain.orders import Deposit, Fill, FundingPayment
from journal.fence import Fence
from journal.ledger import Entry
from journal.paper_tables import PAPER_LOG, PAPER_ORDERS, PAPER_VENUES
from traces.database import Database
from traces.upsert import put

RESTING: TypeAdapter[Resting] = TypeAdapter(Resting)
ENTRY: dict[str, TypeAdapter[Any]] = {
    "fill": TypeAdapter(Fill),
    "funding": TypeAdapter(FundingPayment),
    "deposit": TypeAdapter(Deposit),
}
_KINDS = {Fill: "fill", FundingPayment: "funding", Deposit: "deposit"}


class Progress(NamedTuple):
    """How far the venue has come."""

    cursor: datetime
    """Everything before it has been played."""
    until: datetime | None = None
    """Where it was going when it was left in the middle."""
    key: Key | None = None
    """The happening at hand, when it was left in the middle."""
    place: Place = Place()


PROGRESS: TypeAdapter[Progress] = TypeAdapter(Progress)


class PaperStore:
    """One session's paper venue in the database."""

    def __init__(self, database: Database, session: str, fence: Fence | None = None) -> None:
        self._database = database
        self._session = session
        self._fence = fence
        self._sequence: int | None = None

    def open(self, start: datetime) -> Progress:
        """How far the venue has come; a new one begins at `start`."""
        mine = PAPER_VENUES.c.session == self._session
        with self._database.begin() as connection:
            row = connection.execute(select(PAPER_VENUES.c.place).where(mine)).one_or_none()
            if row is not None:
                return PROGRESS.validate_python(row.place)
            progress = Progress(start)
            values = {"cursor": start, "place": PROGRESS.dump_python(progress, mode="json")}
            connection.execute(insert(PAPER_VENUES).values(session=self._session, **values))
            return progress

    def save(self, book: PaperBook, progress: Progress) -> None:
        """Keep what changed, as one transaction."""
        with self._database.begin() as connection:
            if self._fence is not None:
                self._fence.require(connection)
            if self._sequence is None:
                mine = PAPER_LOG.c.session == self._session
                counted = connection.execute(select(func.count()).where(mine)).scalar_one()
                self._sequence = int(counted)
            for name, resting in book.changed.items():
                body = RESTING.dump_python(resting, mode="json")
                row = {"session": self._session, "client_order_id": name, "status": resting.status}
                put(connection, PAPER_ORDERS, {**row, "body": body})
            for number, entry in enumerate(book.log, self._sequence + 1):
                connection.execute(insert(PAPER_LOG).values(**_row(self._session, number, entry)))
            place = PROGRESS.dump_python(progress, mode="json")
            connection.execute(
                update(PAPER_VENUES)
                .where(PAPER_VENUES.c.session == self._session)
                .values(cursor=progress.cursor, place=place)
            )
        self._sequence += len(book.log)
        book.changed.clear()
        book.log.clear()

    def resting(self) -> list[Resting]:
        """Orders that work."""
        mine = PAPER_ORDERS.c.session == self._session
        working = select(PAPER_ORDERS.c.body).where(mine, PAPER_ORDERS.c.status == "working")
        with self._database.read() as connection:
            rows = connection.execute(working).scalars().all()
        return [RESTING.validate_python(body) for body in rows]

    def order(self, client_order_id: str) -> Resting | None:
        """One order, whatever became of it."""
        mine = PAPER_ORDERS.c.session == self._session
        named = select(PAPER_ORDERS.c.body).where(
            mine, PAPER_ORDERS.c.client_order_id == client_order_id
        )
        with self._database.read() as connection:
            body = connection.execute(named).scalar_one_or_none()
        return None if body is None else RESTING.validate_python(body)

    def log(self, since: datetime | None = None) -> Sequence[Entry]:
        """The venue's own log, in order, whole or from a moment on."""
        chosen = select(PAPER_LOG.c.kind, PAPER_LOG.c.body).where(
            PAPER_LOG.c.session == self._session
        )
        if since is not None:
            chosen = chosen.where(PAPER_LOG.c.at >= since)
        with self._database.read() as connection:
            rows = connection.execute(chosen.order_by(PAPER_LOG.c.sequence)).all()
        return [ENTRY[kind].validate_python(body) for kind, body in rows]

    def executions(self, since: datetime) -> Sequence[Execution]:
        """The trades of the log, as the venue tells them."""
        return [_execution(entry) for entry in self.log(since) if isinstance(entry, Fill)]


def _row(session: str, number: int, entry: Entry) -> dict[str, Any]:
    kind = _KINDS[type(entry)]
    body = ENTRY[kind].dump_python(entry, mode="json")
    return {"session": session, "sequence": number, "at": entry.at, "kind": kind, "body": body}


def _execution(fill: Fill) -> Execution:
    return Execution(
        trade_id=fill.trade_id,
        client_order_id=fill.client_order_id,
        symbol=fill.symbol,
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_currency=fill.fee_currency,
        at=fill.at,
        expected_price=fill.expected_price,
        forced=fill.reason == "liquidation",
        clamped=fill.clamped,
    )
