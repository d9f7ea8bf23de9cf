"""What a person sees of `plangate data`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.cli.bars import Bars
from app.cli.output import err, out

if TYPE_CHECKING:
    from rich.progress import TaskID

    from market.store.store import Kept, SeriesKey

SHOWN_COUNT = 8
"""Gaps, revisions and findings of one series that are listed."""
NOTHING = "nothing is kept yet: plangate data sync BTC/USDT --from 2023-01-01"
Record = dict[str, Any]


class SyncProgress(Bars):
    """A bar a series."""

    _bar: TaskID | None = None
    _added = 0

    def series(self, key: SeriesKey, total: int, unit: str) -> None:
        """Another bar."""
        self._added = 0
        words = f"{key.symbol} {key.kind}" + (" (seconds)" if unit == "seconds" else "")
        self._bar = self.add(words, total, "nothing to ask")

    def advance(self, done: int, kept: Kept) -> None:
        """Move it on."""
        self._added += kept.added_count
        self.move(self._bar, done, f"{self._added} new")

    def note(self, words: str) -> None:
        """Say it on standard error, also to those who asked for JSON."""
        err().print(words, style="yellow", markup=False)


def show_sync(document: Record) -> None:
    """What came of it."""
    for one in document["series"]:
        revised = f", {len(one['revised'])} revised" if one["revised"] else ""
        line = f"{one['symbol']} {one['kind']}: {one['added']} new{revised}"
        out().print(line, markup=False)
        _list("revised", [_revision(r) for r in one["revised"]])
        _list("gap", [_stretch(gap) for gap in one["gaps"]])
        _list("not answered", [_stretch(rest) for rest in one["unanswered"]])
    out().print(f"\nlook    plangate data status --as {document['name']}", markup=False)
    out().print(f"replay  plangate run SYMBOL --market store:{document['name']}", markup=False)


def show_status(series: list[Record]) -> None:
    """One row a series."""
    from rich.table import Table

    if not series:
        out().print(NOTHING)
        return
    for name in dict.fromkeys(one["name"] for one in series):
        table = Table(box=None, pad_edge=False, title=f"store:{name}", title_justify="left")
        for column in ("symbol", "kind", "from", "to", "asked last"):
            table.add_column(column, no_wrap=True)
        for column in ("rows", "gaps", "revised"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("quality")
        for one in series:
            if one["name"] == name:
                table.add_row(*_row(one))
        out().print(table)


def _row(one: Record) -> tuple[str, ...]:
    return (
        one["symbol"],
        one["kind"],
        _short(one["from"])[:10],
        _short(one["to"]),
        _short(one["answered_at"])[:10],
        str(one["rows"]),
        str(len(one["gaps"])),
        str(len(one["revisions"])),
        _quality(one),
    )


def show_verify(document: Record) -> None:
    """What was found, series by series."""
    for one in document["series"]:
        mark = "[red]✗[/]" if one["findings"] else "[green]✓[/]"
        compared = f", {one['compared']} compared" if "compared" in one else ""
        what = f"{one['name']} {one['symbol']} {one['kind']}: {one['rows']} rows{compared}"
        out().print(f"{mark} {what}")
        _list("wrong", one["findings"])
        _list("gap", [_stretch(gap) for gap in one["gaps"]])
        _list("never asked", [_stretch(rest) for rest in one["never_asked"]])
        _list("revised", [_revision(r) for r in one["revisions"]])
    if not document["series"]:
        out().print(NOTHING)
        return
    wrong = sum(len(one["findings"]) for one in document["series"])
    out().print(f"\n{wrong} findings in {len(document['series'])} series")


def show_export(files: list[Record]) -> None:
    """One line a file."""
    if not files:
        out().print(NOTHING)
    for one in files:
        out().print(f"{one['file']}  {one['rows']} rows", markup=False, soft_wrap=True)


def _list(word: str, lines: list[str]) -> None:
    for line in lines[:SHOWN_COUNT]:
        out().print(f"  {word:<12} {line}", markup=False, soft_wrap=True)
    if len(lines) > SHOWN_COUNT:
        out().print(f"  {word:<12} and {len(lines) - SHOWN_COUNT} more")


def _quality(one: Record) -> str:
    words = [f"{one['missing']} missing"] if one["missing"] else []
    words += [f"{one['silent']} silent"] if one["silent"] else []
    words += [f"{count} {flaw}" for flaw, count in one["flaws"].items()]
    words += [f"{one['relisted']} relisted"] if one["relisted"] else []
    words += [f"{len(one['never_asked'])} never asked"] if one["never_asked"] else []
    return ", ".join(words) or "clean"


def _revision(one: Record) -> str:
    return f"{_short(one['at'])}: {one['old']} became {one['new']}"


def _stretch(one: Record) -> str:
    return f"{_short(one['from'])} to {_short(one['to'])}"


def _short(moment: str | None) -> str:
    return "" if moment is None else moment[:16].replace("T", " ")
