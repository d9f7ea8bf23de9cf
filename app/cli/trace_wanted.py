"""`plangate traces wanted`: what the model wanted against what was filled."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from app.cli import choosing
from app.cli.parameters import AsJson

OneSession = Annotated[
    str | None, typer.Option("--session", help="Default: the newest session.", show_default=False)
]


def wanted(
    session: OneSession = None,
    symbol: choosing.Symbol = None,
    since: choosing.Since = None,
    until: choosing.Until = None,
    limit: Annotated[
        int, typer.Option(min=1, max=100_000, help="At most so many, the newest; sums are of all.")
    ] = 30,
    as_json: AsJson = False,
) -> None:
    """Show each proposed plan of a session against what came of it, and the sums.

    Wanted is the executor's quantity at the price that the gate reckoned with: a model cannot say
    a quantity, so a denied plan has none. Slippage is signed against the price that was wanted when
    the order went out: positive is worse. As a file: plangate export signals
    """
    from app.cli.output import print_json
    from app.home import database_place
    from app.journal_choice import read_journal_choice
    from app.report import open_journal
    from app.signals import wanted_document

    chosen = read_journal_choice(symbol, since, until)
    database, journal = open_journal(database_place(), session)
    try:
        document = wanted_document(journal, chosen)
    finally:
        database.close()
    if as_json:
        print_json(document)
    else:
        _show(document, limit)


def _show(document: dict[str, Any], limit: int) -> None:
    from rich.table import Table
    from rich.text import Text

    from app.cli.output import err, out
    from traces.view_words import visible

    rows = document["wanted"]
    if not rows:
        err().print(f"no plan was proposed in session {document['session']}", markup=False)
        return
    titles = ("as of (UTC)", "symbol", "side", "wanted", "at", "filled", "at", "bps", "after")
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for title in (*titles, "came of it"):
        table.add_column(title, overflow="fold")
    for row in rows[-limit:]:
        table.add_row(*(Text(visible(cell)) for cell in _cells(row)))
    out().print(table)
    if len(rows) > limit:
        err().print(f"{len(rows) - limit} earlier ones are not shown; --limit shows more")
    for line in _sums(document["sums"]):
        out().print(line, markup=False, soft_wrap=True)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from app.cli.list_view import moment

    return (
        moment(row["as_of"]),
        row["symbol"],
        row["side"] or "",
        row["wanted_quantity"] or "",
        row["wanted_price"] or "market" if row["approved"] else row["entry"] or "market",
        row["filled_quantity"] or "",
        _short(row["filled_price"]),
        _short(row["slippage_bps"]),
        "" if row["fill_s"] is None else f"{row['fill_s']:.0f}s",
        _came(row),
    )


def _came(row: dict[str, Any]) -> str:
    if not row["approved"]:
        return f"denied {row['codes']}"
    if row["r_multiple"] is not None:
        return f"{row['status']} {Decimal(row['r_multiple']):+.2f} R"
    return row["status"] or "approved, never committed"


def _short(text: str | None) -> str:
    return "" if text is None else f"{Decimal(text):.2f}"


def _sums(sums: dict[str, Any]) -> list[str]:
    codes = ", ".join(f"{count} {code}" for code, count in sums["codes"].items())
    lines = [
        f"proposed  {sums['proposed_count']}: {sums['approved_count']} approved, "
        f"{sums['denied_count']} denied" + (f" ({codes})" if codes else ""),
        f"filled    {sums['filled_count']} of {sums['approved_count']} approved, "
        f"{sums['denied_at_send_count']} denied at send",
    ]
    for currency, money in sums["by_currency"].items():
        bps = "none" if money["slippage_bps"] is None else f"{money['slippage_bps']} bps"
        lines.append(
            f"{currency:<9} {_short(money['filled_notional'])} filled of "
            f"{_short(money['wanted_notional'])} wanted, slippage {bps}, entry fees "
            f"{_short(money['fees'])}"
        )
    return lines
