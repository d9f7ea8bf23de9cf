"""Whether a session may go on with what is asked of it now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.clock import iso
from domain.errors import StateError
from traces.events import FORKS
from traces.tables import METADATA

_CHAINS = METADATA.tables["trace_chain"]
_OF_THE_BEGINNING = "yardsticks"
"""What was seen when the session began; what a later process saw does not replace it."""
_MAY_DIFFER = frozenset(
    {"to", "description", "policy", "market_url", "spending", _OF_THE_BEGINNING}
)
_OF_THE_RELEASE = frozenset({"policy_hash", "policy_keys"})


def require_continuable(name: str, stored: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse to go on with other options than the session was started with.

    A release that knows other limits hashes every policy anew, so a session of an earlier one goes
    on under the policy that is given now; what was planned under the old one, the gate denies.

    Args:
        name: The session's, for the message.
        stored: Its configuration; `policy_keys` says which limits its release knew.
        asked: The configuration asked for.

    Raises:
        StateError: naming each option that differs.
    """
    upgraded = stored.get("policy_keys") != asked.get("policy_keys")
    ignored = _MAY_DIFFER | _OF_THE_RELEASE if upgraded else _MAY_DIFFER
    differing = [
        f"{key} was {stored.get(key)!r}, now {asked.get(key)!r}"
        for key in sorted({*stored, *asked} - ignored)
        if stored.get(key) != asked.get(key)
    ]
    if differing:
        raise StateError(
            f"session {name!r} was started differently: {'; '.join(differing)}; "
            "use the same options or another --session name"
        )


def require_unused(connection: Connection, name: str) -> None:
    """Refuse a new session's name under which decisions are recorded that it did not make.

    Raises:
        StateError: there are some, such as those of an imported bundle.
    """
    names = (name, name + FORKS)
    found = connection.execute(select(_CHAINS.c.session).where(_CHAINS.c.session.in_(names)))
    if found.first() is not None:
        raise StateError(
            f"session {name!r} was not begun in this state folder, yet decisions of that name are "
            "recorded in it, such as those of a bundle; expected an unused name: use another "
            "--session, or another state folder (PLANGATE_HOME)"
        )


def continued(stored: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a session that goes on: what is asked of it now, and what it began with."""
    seen = {**asked.get(_OF_THE_BEGINNING, {})}
    seen |= {name: one for name, one in stored.get(_OF_THE_BEGINNING, {}).items() if one}
    return {**asked, _OF_THE_BEGINNING: seen} if seen else dict(asked)


def require_end_ahead(name: str, end: datetime | None, cursor: datetime) -> None:
    """Refuse an end that the session has gone past.

    Raises:
        StateError: it has.
    """
    if end is not None and end < cursor:
        raise StateError(
            f"session {name!r} has gone on to {iso(cursor)}; --to {iso(end)} lies before that: "
            "use the same or a later --to, or another --session name"
        )
