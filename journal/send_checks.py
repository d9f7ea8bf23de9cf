"""Has somebody said stop? Asked within the transaction that a "no" allows to be written.

Whoever gives a word writes it in a transaction of his own, and transactions take turns: a word that
came before this one's turn is seen, however long ago the gate was asked.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from domain.finding import Finding
from domain.lifecycle import TradingState
from journal.operator import killed_in
from journal.rows import from_row
from journal.tables import TRADING_STATES
from policies.rules.send import kill_switch_finding, trading_state_finding
from policies.trading_state import StateEntry, state_at


def denials(connection: Connection, session: str, home: Path, now: datetime) -> tuple[Finding, ...]:
    """What keeps an entry from being sent at `now`; empty when nothing does."""
    findings = (
        kill_switch_finding(killed_in(connection, session, home)),
        trading_state_finding(_state(connection, session, now)),
    )
    return tuple(finding for finding in findings if not finding.passed)


def _state(connection: Connection, session: str, now: datetime) -> TradingState:
    mine = select(TRADING_STATES).where(TRADING_STATES.c.session == session)
    newest = connection.execute(mine.order_by(TRADING_STATES.c.sequence.desc()).limit(1))
    row = newest.mappings().one_or_none()
    return state_at(None if row is None else from_row(StateEntry, dict(row)), now)
