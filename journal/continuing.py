"""Whether a session may go on with what is asked of it now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.clock import iso
from domain.errors import StateError

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
