"""What an operator said: kill, flatten, resume, deposit. Kept in the database, so that it lasts.

Any process may write here, whether or not the session runs; the session's own process carries it
out. A file beside the database kills as well, for a hand that has no command at hand.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select

from journal.kill_switch import kill_switch
from journal.tables import OPERATOR_ACTS
from traces.database import Database

ActName = Literal["kill", "flatten", "resume", "deposit"]
EVERY = "*"
"""Every session, those to come too."""

DONE_ONCE: tuple[ActName, ...] = ("flatten", "deposit")
"""Words that are carried out and over; they neither set nor end the kill switch."""

# Made once: both are asked at every step of a session.
_ACTS = OPERATOR_ACTS.c
_TO_IT = _ACTS.session.in_([bindparam("session"), EVERY])
_SINCE = (
    select(_ACTS.sequence, _ACTS.act, _ACTS.reason, _ACTS.at, _ACTS.currency, _ACTS.amount)
    .where(_TO_IT, _ACTS.sequence > bindparam("sequence"))
    .order_by(_ACTS.sequence)
)
_SWITCH = (
    select(_ACTS.act)
    .where(_TO_IT, _ACTS.act.not_in(DONE_ONCE))
    .order_by(_ACTS.sequence.desc())
    .limit(1)
)


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
    asked = {"session": session, "sequence": sequence}
    with database.read() as connection:
        return [Act(*row) for row in connection.execute(_SINCE, asked)]


def killed(database: Database, session: str) -> bool | None:
    """Whether the kill switch is on, by word or by file; None when the file cannot be asked."""
    with database.read() as connection:
        return killed_in(connection, session, database.home)


def killed_in(connection: Connection, session: str, home: Path) -> bool | None:
    """The same within a transaction. A word that is not understood counts as a kill."""
    said = connection.execute(_SWITCH, {"session": session}).scalar_one_or_none()
    return True if said not in (None, "resume") else kill_switch(home)
