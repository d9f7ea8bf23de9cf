"""What a session did not trade, followed on paper: `plangate report --shadow`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from app.document import DISCLAIMER
from app.recorded_session import known_until, recorded_session
from backtest.shadow import Rule, Shadow, by_code, followed, held, rule_of, untraded
from domain.clock import iso
from journal.books import Journal
from market.sources.recorded import RecordedSource
from traces.store import TraceStore

Progress = Callable[[int, int], None]
"""Told how many plans were followed, and how many there are."""


def shadow_report(session: str | None, progress: Progress) -> dict[str, Any]:
    """Everything that a session did not trade, as a JSON-able document.

    Raises:
        StateError: no such session, or it has no traces.
        ConfigError: its market is not on record.
    """
    with recorded_session(session) as past:
        source, _ = asyncio.run(past.market())
        waiting = list(untraded(past.decisions))
        found = asyncio.run(_all(waiting, past.store, source, progress))
        nothing = dict(held(past.decisions))
        return _document(past.journal, source, found, nothing, len(past.decisions))


async def _all(
    waiting: Sequence[Shadow],
    store: TraceStore,
    source: RecordedSource,
    progress: Progress,
) -> list[Shadow]:
    found, until = [], known_until(source)
    for number, shadow in enumerate(waiting, 1):
        found.append(await followed(shadow, store.blobs.get, source, until))
        progress(number, len(waiting))
    return found


def _document(
    journal: Journal,
    source: RecordedSource,
    found: Sequence[Shadow],
    nothing: dict[str, int],
    decisions_count: int,
) -> dict[str, Any]:
    return {
        "schema": "plangate.shadow/1",
        "disclaimer": DISCLAIMER,
        "session": journal.session,
        "decisions_count": decisions_count,
        "market": source.info.description,
        "filled_on": source.info.base_timeframe.value,
        "by_why": [
            _rule(rule_of(why, [one for one in found if one.why == why]))
            for why in dict.fromkeys(one.why for one in found)
        ],
        "by_code": [_rule(rule) for rule in by_code(found)],
        "not_followed": dict(Counter(one.not_followed for one in found if one.not_followed)),
        "without_a_plan": nothing,
        "plans": [_row(one) for one in found],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    interval = rule.mean_interval
    return {**asdict(rule), "mean_interval": None if interval is None else list(interval)}


def _row(one: Shadow) -> dict[str, Any]:
    trade = one.followed.trade if one.followed else None
    return {
        "run_id": one.decision.run_id,
        "as_of": iso(one.decision.as_of),
        "symbol": one.decision.symbol,
        "version": one.plan.version,
        "why": one.why,
        "codes": list(one.codes),
        "fate": one.followed.fate if one.followed else None,
        "not_followed": one.not_followed or None,
        "r": one.r,
        "net": None if trade is None else str(trade.net),
        "closed_by": None if trade is None else trade.close_reason,
        "closed_at": None if trade is None else iso(trade.closed_at),
    }
