"""What an operator said: kill, flatten, resume, deposit. Kept in the database, so that it lasts.

Any process may write here, whether or not the session runs; the session's own process carries it
out. A file beside the database kills as well, for a hand that has no command at hand.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple

from sqlalchemy import Connection, func, insert, select

from journal.kill_switch import kill_switch
from journal.tables import OPERATOR_ACTS
from traces.database import Database

ActName = Literal["kill", "flatten", "resume", "deposit"]
EVERY = "*"
"""Every session, those to come too."""

DONE_ONCE: tuple[ActName, ...] = ("flatten", "deposit")
"""Words that are carried out and over; they neither set nor end the kill switch."""


class Act(NamedTuple):
    """One word of an operator."""

    sequence: int
    act: ActName
    reason: str
    at: datetime
    currency: str | None = None
    amount: Decimal | None = None
    """Of a deposit; negative takes out."""


def record_act(
    database: Database,
    session: str,
    act: ActName,
    reason: str,
    at: datetime,
    *,
    money: tuple[str, Decimal] | None = None,
) -> None:
    """Keep an operator's word for one session, or for `EVERY`; of a deposit, what and how much."""
    currency, amount = money or (None, None)
    with database.begin() as connection:
        newest = connection.execute(select(func.max(OPERATOR_ACTS.c.sequence))).scalar_one()
        row = {"sequence": (newest or 0) + 1, "session": session, "at": at}
        said = {"act": act, "reason": reason, "currency": currency, "amount": amount}
        connection.execute(insert(OPERATOR_ACTS).values(**row, **said))


def acts_since(database: Database, session: str, sequence: int) -> list[Act]:
    """What was said to a session after a word, oldest first."""
    table = OPERATOR_ACTS.c
    chosen = (
        select(table.sequence, table.act, table.reason, table.at, table.currency, table.amount)
        .where(table.session.in_([session, EVERY]), table.sequence > sequence)
        .order_by(table.sequence)
    )
    with database.read() as connection:
        return [Act(*row) for row in connection.execute(chosen)]


def killed(database: Database, session: str) -> bool | None:
    """Whether the kill switch is on, by word or by file; None when the file cannot be asked."""
    with database.read() as connection:
        return killed_in(connection, session, database.home)


def killed_in(connection: Connection, session: str, home: Path) -> bool | None:
    """The same within a transaction. A word that is not understood counts as a kill."""
    table = OPERATOR_ACTS.c
    newest = (
        select(table.act)
        .where(table.session.in_([session, EVERY]), table.act.not_in(DONE_ONCE))
        .order_by(table.sequence.desc())
        .limit(1)
    )
    said = connection.execute(newest).scalar_one_or_none()
    return True if said not in (None, "resume") else kill_switch(home)
