"""How much a session may spend on models: what was asked for, and what it was begun with.

The caps belong to the operator's wallet and not to the session's decisions: they are no part of a
run's name, and may be changed when it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from app.clock import SystemClock
from domain.errors import ConfigError
from domain.spending import SpendingCaps

if TYPE_CHECKING:
    from agent.models import NamedModel
    from journal.books import Journal
    from journal.spending import SpendingLedger

OPTIONS = ("--usd-per-decision", "--usd-per-day", "--usd-per-session")
"""What each field of `SpendingCaps` is called on the command line, in its order."""
RAISED_BY = "{}, {} or {} raises a cap".format(*OPTIONS)
MOST_USD = Decimal(1_000_000_000)


def read_caps(
    decision: str | None, day: str | None, session: str | None
) -> dict[str, Decimal | None]:
    """The caps that the command line names, by the fields of `SpendingCaps`; None lifts one.

    Raises:
        ConfigError: naming the option that is no amount.
    """
    said = zip(fields(SpendingCaps), OPTIONS, (decision, day, session), strict=True)
    return {of.name: _amount(option, text) for of, option, text in said if text is not None}


def caps_of(asked: Mapping[str, Decimal | None], journal: Journal) -> SpendingCaps:
    """What is asked for now; where nothing is said, what the session was last run with."""
    from journal.reading import session_names

    known = journal.session in session_names(journal.database)
    kept: Mapping[str, str] = (journal.config().get("spending") or {}) if known else {}
    return SpendingCaps(**{**{name: Decimal(text) for name, text in kept.items()}, **asked})


def opened_spending(
    asked: Mapping[str, Decimal | None], journal: Journal, models: Sequence[NamedModel]
) -> SpendingLedger:
    """The session's money ledger; refuses to begin where a cap could not be kept.

    Raises:
        ConfigError: naming what is not known, and where to say it.
    """
    from journal.spending import SpendingLedger

    caps = caps_of(asked, journal)
    ledger = SpendingLedger(journal.database, journal.session, caps, SystemClock())
    if caps.words:
        for one in models:
            _require_known(one)
        if blind := ledger.blind_spots():
            raise ConfigError(f"{blind[0]}; a higher cap does not help, 'none' in its place does")
    return ledger


def _require_known(named: NamedModel) -> None:
    """Rules cost nothing, and a model made by hand is not asked by a session of a user's."""
    if named.spec is None:
        return
    parts = {"price": named.price, "max_output_tokens": named.spec.max_output_tokens}
    lacking = [name for name, value in parts.items() if value is None]
    if lacking:
        raise ConfigError(
            f"money is capped, but nobody named {' and '.join(lacking)} of model {named.name!r}: "
            "what a call may cost is not known; say it in a file of models (--models), or "
            "leave the caps out"
        )


def _amount(option: str, text: str) -> Decimal | None:
    if text == "none":
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and 0 <= amount <= MOST_USD):
        raise ConfigError(
            f"{option} {text!r} was expected to be US dollars from 0, such as 0.25, or 'none'"
        )
    return amount
