"""Why the newest plan of an instrument was denied, if it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from journal.recent import RecentReader
from journal.tables import DECISIONS, PLANS

_PROPOSED = ("approved", "replan", "denied")
"""Outcomes of decisions that held a plan before the gate."""

# Made once: it is asked at every decision.
_NEWEST = (
    select(DECISIONS.c.slot, DECISIONS.c.outcome, DECISIONS.c.document)
    .where(DECISIONS.c.session == bindparam("session"), DECISIONS.c.symbol == bindparam("symbol"))
    .where(DECISIONS.c.slot < bindparam("before"), DECISIONS.c.outcome.in_(_PROPOSED))
    .order_by(DECISIONS.c.slot.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class LastDenial:
    """A plan that was denied, in the gate's words."""

    at: datetime
    """The moment of the decision."""
    side: str
    codes: tuple[str, ...]
    sentences: tuple[str, ...]
    """One for each rule that failed; empty where it was denied as it was to be sent."""
    nearest: str | None
    """What would have passed."""


def last_denial(journal: RecentReader, symbol: str, before: datetime) -> LastDenial | None:
    """The denial of the newest plan for `symbol`, made before a moment; None without one.

    A plan that was approved and denied as it was to be sent counts too.
    """
    asked = {"session": journal.session, "symbol": symbol, "before": before}
    with journal.database.read() as connection:
        row = connection.execute(_NEWEST, asked).one_or_none()
    if row is None or not row.document["versions"]:
        return None
    last = row.document["versions"][-1]
    if row.outcome == "denied":
        return _denied(row.slot, last["draft"]["side"], last["verdict"])
    mine = (PLANS.c.session == journal.session) & (PLANS.c.plan_id == last["plan_id"])
    with journal.database.read() as connection:
        codes = connection.execute(select(PLANS.c.send_codes).where(mine)).scalar()
    return LastDenial(row.slot, last["draft"]["side"], tuple(codes), (), None) if codes else None


def _denied(at: datetime, side: str, verdict: dict[str, Any]) -> LastDenial:
    failed = [finding["sentence"] for finding in verdict["findings"] if not finding["passed"]]
    nearest = verdict["nearest"]
    return LastDenial(
        at, side, tuple(verdict["codes"]), tuple(failed), nearest["sentence"] if nearest else None
    )
