"""`plangate report`: what a session came to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.parameters import AsJson


def report(
    session: Annotated[str | None, typer.Option(help="Default: the newest session.")] = None,
    html: Annotated[
        Path | None, typer.Option(help="Also write a page with pictures to this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Trades, R multiples, Sharpe, Sortino, drawdown, profit factor, denials by code, cost."""
    from app.cli.output import err, print_json
    from app.cli.report_view import show_report
    from app.home import database_place
    from app.report import open_journal, report_document

    database, journal = open_journal(database_place(), session)
    try:
        document = report_document(journal)
    finally:
        database.close()
    if html is not None:
        from app.report_page import write_page

        write_page(document, html)
        err().print(f"written {html}", soft_wrap=True)
    if as_json:
        print_json(document)
    else:
        show_report(document)
