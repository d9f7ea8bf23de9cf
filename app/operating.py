"""What an operator can do to a session from outside: kill, flatten, resume, and look first.

Words are kept in the database; the session's own process carries them out. Nothing here sends,
cancels or closes an order itself, so it works on a session that runs and on one that does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.clock import SystemClock
from app.document import plain_record
from app.lease import is_held
from app.listing import by_leg, order_record
from domain.clock import iso
from domain.errors import ConfigError, StateError
from domain.lifecycle import LIVE, OrderStatus, TradingState
from domain.orders import Order, Position
from domain.strict_json import canonical, content_hash
from journal.books import Journal
from journal.kill_switch import KILL_SWITCH, kill_switch
from journal.operator import DONE_ONCE, EVERY, Act, acts_since, record_act
from market.sources.open import is_live
from policies.trading_state import StateEntry, state_at
from traces.database import Database

CODE_CHARACTERS = 6
MAX_REASON_CHARACTERS = 500


@dataclass(frozen=True)
class Standing:
    """How a session stands, as far as its record says."""

    session: str
    is_running: bool
    killed_by: Act | None
    """The word that keeps entries out; None when none does."""
    file: Path
    """Where the kill-switch file lies, or would lie."""
    file_lies: bool | None
    """None when that cannot be asked, which stops entries as well."""
    entry: StateEntry | None
    """The newest change of the trading state."""
    state: TradingState
    positions: Sequence[Position]
    orders: Sequence[Order]
    """Orders that may still fill."""

    @property
    def entries(self) -> list[Order]:
        """Orders that a kill takes back."""
        return [o for o in self.orders if o.leg == "entry" and o.status != OrderStatus.CANCELLING]

    @property
    def exits(self) -> list[Order]:
        """Orders that a kill keeps: they only reduce risk."""
        return [o for o in self.orders if o.leg != "entry"]

    @property
    def can_resume(self) -> bool:
        """Whether there is a word or a halt to end."""
        return self.killed_by is not None or self.state is TradingState.HALTED

    @property
    def code(self) -> str:
        """Names exactly what was seen, so that nothing else is ended."""
        seen = {
            "session": self.session,
            "killed": self.killed_by.sequence if self.killed_by else None,
            "state": plain_record(self.entry) if self.entry else None,
            "positions": [plain_record(p) for p in self.positions],
            "orders": sorted(o.client_order_id for o in self.orders),
        }
        return content_hash(canonical(seen))[:CODE_CHARACTERS]

    def document(self) -> dict[str, Any]:
        """For a program."""
        return {
            "session": self.session,
            "running": self.is_running,
            "kill_word": _act_document(self.killed_by),
            "kill_file": str(self.file),
            "kill_file_lies": self.file_lies,
            "trading_state": self.state.value,
            "trading_state_entry": plain_record(self.entry) if self.entry else None,
            "positions": [plain_record(p) for p in self.positions],
            "entries": [order_record(o) for o in self.entries],
            "exits": [order_record(o) for o in self.exits],
        }


def standing(journal: Journal) -> Standing:
    """How a session stands."""
    folder, entry = journal.database.home, journal.state_entry()
    held = sorted(journal.ledger().positions.items())
    return Standing(
        session=journal.session,
        is_running=is_held(folder, journal.session),
        killed_by=killed_by(journal.database, journal.session),
        file=folder / KILL_SWITCH,
        file_lies=kill_switch(folder),
        entry=entry,
        state=state_at(entry, session_time(journal)),
        positions=[position for _, position in held],
        orders=by_leg(journal.orders(*LIVE)),
    )


def killed_by(database: Database, session: str) -> Act | None:
    """The operator's word that keeps entries out; None when there is none, or it was taken back."""
    said = [act for act in acts_since(database, session, 0) if act.act not in DONE_ONCE]
    return said[-1] if said and said[-1].act == "kill" else None


def session_time(journal: Journal) -> datetime:
    """Where the session is in its own time: now for a live one, else its newest value."""
    config, valued_at = journal.config(), journal.valued_at()
    if is_live(str(config["market"])) and config["from"] is None:
        return SystemClock().now()
    entry = journal.state_entry()
    if valued_at is not None:
        return valued_at
    return entry.at if entry else SystemClock().now()


def kill(database: Database, session: str, reason: str, *, flatten: bool) -> datetime:
    """Stop entries for a session or for `EVERY`; with `flatten`, close what is held as well."""
    at = SystemClock().now()
    record_act(database, session, "kill", reason, at)
    if flatten:
        record_act(database, session, "flatten", reason, at)
    return at


def flatten(database: Database, session: str, reason: str) -> datetime:
    """Close what a session holds, at the market."""
    at = SystemClock().now()
    record_act(database, session, "flatten", reason, at)
    return at


def resume(journal: Journal, code: str, reason: str) -> Standing:
    """End the kill word and the halt that `code` was given for; returns what was ended.

    The trading state begins anew at the newest value of the account, which is the new peak.

    Raises:
        StateError: the kill-switch file lies there, or may.
        ConfigError: the code was given for another state.
    """
    seen = standing(journal)
    require_no_file(seen)
    if code.strip().lower() != seen.code:
        raise ConfigError(
            f"code {code!r} was not given for how session {seen.session!r} stands now; look again: "
            f"plangate resume --session {seen.session}"
        )
    if seen.killed_by is not None:
        record_act(journal.database, seen.session, "resume", reason, SystemClock().now())
    if seen.state is TradingState.HALTED and seen.entry is not None:
        at = journal.valued_at() or seen.entry.at
        journal.record_state(StateEntry(TradingState.ACTIVE, at, None, f"Resumed: {reason}"))
    return seen


def resume_every(database: Database, reason: str) -> None:
    """Take the kill word back for every session, those to come too; halts stay."""
    require_no_file_in(database.home)
    record_act(database, EVERY, "resume", reason, SystemClock().now())


def require_no_file(seen: Standing) -> None:
    """Refuse while the file switch is on: a word must not end what a hand put there.

    Raises:
        StateError: it is, or it cannot be asked.
    """
    require_no_file_in(seen.file.parent)


def require_no_file_in(folder: Path) -> None:
    """The same, of a state folder."""
    lies = kill_switch(folder)
    if lies:
        raise StateError(
            f"the kill-switch file {str(folder / KILL_SWITCH)!r} lies there: remove it, then resume"
        )
    if lies is None:
        raise StateError(
            f"whether the kill-switch file {str(folder / KILL_SWITCH)!r} lies there cannot be "
            "asked: make its folder readable, then resume"
        )


def reason_text(text: str) -> str:
    """The value of `--reason`.

    Raises:
        ConfigError: it is empty, too long, or holds what cannot be printed.
    """
    reason = text.strip()
    if not reason or len(reason) > MAX_REASON_CHARACTERS or not reason.isprintable():
        raise ConfigError(
            f"--reason {text[:60]!r} was expected to be one line of 1 to {MAX_REASON_CHARACTERS} "
            "printable characters"
        )
    return reason


def _act_document(act: Act | None) -> dict[str, Any] | None:
    return None if act is None else {"act": act.act, "reason": act.reason, "at": iso(act.at)}
