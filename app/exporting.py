"""What `plangate export` writes: signals, bars beside decisions, a summary of what was done."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.export_columns import BARS
from app.export_file import suffix_of, write_table
from app.journal_choice import JournalChoice
from app.report import open_journal
from app.signals import signals
from domain.instrument import quote_of
from domain.numbers import ZERO, plain
from journal.books import Journal
from traces.events import SnapshotTaken
from traces.place import Place
from traces.store import TraceStore
from traces.tables import METADATA

Row = dict[str, Any]
_RUNS = METADATA.tables["trace_run"]


@dataclass(slots=True)
class _Seen:
    """What the decisions on one symbol were shown."""

    bars: dict[str, Row] = field(default_factory=dict)
    """By open time; a candle that was corrected stands as it was seen last."""
    timeframe: str = ""
    newest: dict[str, str] = field(default_factory=dict)
    """By run id, the open time of its newest candle."""
    flawed_count: int = 0


def export(place: Place, name: str, session: str | None, chosen: JournalChoice, path: Path) -> Row:
    """Write one of the tables; what was written, as one JSON-able document.

    Raises:
        ConfigError: the file's name ends in nothing known.
        StateError: there is no such session, or the file cannot be written.
    """
    suffix_of(path)
    database, journal = open_journal(place, session)
    try:
        rows = _MAKE[name](journal, chosen)
    finally:
        database.close()
    write_table(path, name, rows)
    return {
        "schema": "plangate.export/1",
        "table": name,
        "session": journal.session,
        "rows_count": len(rows),
        "file": str(path),
    }


def _bars(journal: Journal, chosen: JournalChoice) -> list[Row]:
    """Every candle that a decision was shown, and beside it the decision it was the newest of."""
    decisions = {d["run_id"]: d for d in journal.decisions() if chosen.has(d)}
    rows = []
    for symbol, seen in sorted(_seen(journal, decisions).items()):
        made = {bar: decisions[run_id] for run_id, bar in seen.newest.items()}
        for open_time, bar in sorted(seen.bars.items()):
            row: Row = dict.fromkeys(column.name for column in BARS)
            row |= {"session": journal.session, "symbol": symbol, "timeframe": seen.timeframe}
            row |= {**bar, "decided": open_time in made}
            rows.append(row | (_decided(made[open_time]) if open_time in made else {}))
    return rows


def _decided(decision: Row) -> Row:
    row = {name: decision[name] for name in ("run_id", "as_of", "outcome", "reason")}
    row["codes"] = " ".join(decision["codes"])
    if not decision["versions"]:
        return row
    last = decision["versions"][-1]
    draft, bracket = last["draft"], last["verdict"]["bracket"] or {}
    return row | {
        "side": draft.get("side") or bracket.get("side"),
        "confidence": draft.get("confidence"),
        "approved": not last["verdict"]["codes"],
        "plan_id": last["plan_id"],
        "wanted_price": bracket.get("entry_price"),
        "stop_price": bracket.get("stop_price"),
    }


def _seen(journal: Journal, decisions: dict[str, Row]) -> dict[str, _Seen]:
    """By symbol; a decision whose trace is pruned adds nothing."""
    store = TraceStore(journal.database, journal.session)
    found: defaultdict[str, _Seen] = defaultdict(_Seen)
    for run_id, event in store.of_kinds("snapshot_taken"):
        if run_id not in decisions or not isinstance(event, SnapshotTaken):
            continue
        snapshot = json.loads(store.blobs.get(event.snapshot))
        seen = found[snapshot["symbol"]]
        seen.timeframe = snapshot["timeframe"]
        seen.flawed_count += bool(event.quality)
        for bar in snapshot["bars"]:
            seen.bars[bar["open_time"]] = bar
        if snapshot["bars"]:
            seen.newest[run_id] = snapshot["bars"][-1]["open_time"]
    return found


def _summary(journal: Journal, chosen: JournalChoice) -> list[Row]:
    """One row a symbol."""
    decisions = {d["run_id"]: d for d in journal.decisions() if chosen.has(d)}
    seen = _seen(journal, decisions)
    took = _took_ms(journal)
    by_symbol: defaultdict[str, list[Row]] = defaultdict(list)
    for decision in decisions.values():
        by_symbol[decision["symbol"]].append(decision)
    proposed = signals(journal, chosen)
    return [
        {
            "session": journal.session,
            "symbol": symbol,
            "currency": quote_of(symbol),
            "bars_count": len(seen[symbol].bars) if symbol in seen else 0,
            "flawed_count": seen[symbol].flawed_count if symbol in seen else 0,
            "decided_s": sum(took.get(d["run_id"], 0.0) for d in mine) / 1000,
            **_counted(mine),
            **_traded([row for row in proposed if row["symbol"] == symbol]),
        }
        for symbol, mine in sorted(by_symbol.items())
    ]


_OUTCOMES = ("quiet", "no_trade", "denied", "approved")


def _counted(decisions: Sequence[Row]) -> Row:
    outcomes = Counter(decision["outcome"] for decision in decisions)
    named = {f"{outcome}_count": outcomes[outcome] for outcome in _OUTCOMES}
    costs = [decision["cost_usd"] for decision in decisions]
    known = None if None in costs else plain(sum(map(Decimal, costs), ZERO))
    sums = ("model_calls", "tool_calls", "input_tokens", "output_tokens")
    return {
        "first_as_of": decisions[0]["as_of"],
        "last_as_of": decisions[-1]["as_of"],
        "decisions_count": len(decisions),
        **named,
        "other_count": len(decisions) - sum(named.values()),
        **{name: sum(decision[name] for decision in decisions) for name in sums},
        "cost_usd": known,
    }


def _traded(rows: Sequence[Row]) -> Row:
    nets = [Decimal(row["net"]) for row in rows if row["net"] is not None]
    return {
        "proposed_count": len(rows),
        "filled_count": sum(row["filled_quantity"] is not None for row in rows),
        "trades_count": len(nets),
        "won_count": sum(net > 0 for net in nets),
        "net": plain(sum(nets, ZERO)),
    }


def _took_ms(journal: Journal) -> dict[str, float]:
    statement = select(_RUNS.c.run_id, _RUNS.c.duration_ms).where(
        _RUNS.c.session == journal.session
    )
    with journal.database.read() as connection:
        return {row.run_id: row.duration_ms for row in connection.execute(statement)}


_MAKE: dict[str, Callable[[Journal, JournalChoice], list[Row]]] = {
    "signals": signals,
    "bars": _bars,
    "summary": _summary,
}
TABLES = tuple(_MAKE)
