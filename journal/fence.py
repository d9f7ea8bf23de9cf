"""One writer a session: a number that each process counts up when it takes the session over.

A lock says who runs; this says whose writing counts. A process that was stopped for a while, and
whose lock another one has taken meanwhile, finds a higher number and writes nothing any more.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from domain.errors import StateError
from journal.tables import SESSIONS
from traces.database import Database

# Made once: every transaction asks it.
_HOLDER = select(SESSIONS.c.fence).where(SESSIONS.c.name == bindparam("session"))


class Fence(NamedTuple):
    """The right to write one session."""

    session: str
    token: int

    def require(self, connection: Connection) -> None:
        """Within a write transaction: the right still stands.

        Raises:
            StateError: another process has taken the session over.
        """
        found = connection.execute(_HOLDER, {"session": self.session}).scalar_one_or_none()
        if found != self.token:
            raise StateError(
                f"session {self.session!r} was taken over by another process (it is the "
                f"{found}. to run it, this one the {self.token}.); this one stops"
            )


def take_fence(database: Database, session: str) -> Fence:
    """Take a session over from whoever wrote it before."""
    mine = SESSIONS.c.name == session
    with database.begin() as connection:
        connection.execute(update(SESSIONS).where(mine).values(fence=SESSIONS.c.fence + 1))
        token = connection.execute(select(SESSIONS.c.fence).where(mine)).scalar_one()
    return Fence(session, token)
