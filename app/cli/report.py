"""`plangate report`: what a session came to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.parameters import AsJson

if TYPE_CHECKING:
    from rich.progress import TaskID


def report(
    session: Annotated[str | None, typer.Option(help="Default: the newest session.")] = None,
    html: Annotated[
        Path | None, typer.Option(help="Also write a page with pictures to this file.")
    ] = None,
    shadow: Annotated[
        bool,
        typer.Option(
            "--shadow", help="Instead: what was not traded, and what rules saved or cost."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Trades, R multiples, Sharpe, Sortino, drawdown, profit factor, denials by code, cost.

    --shadow follows every plan that was denied, voted down or never filled on paper, on the
    session's market: what each rule saved or cost, with its cases and an interval.
    """
    if shadow:
        if html is not None:
            from domain.errors import ConfigError

            raise ConfigError(
                "--html with --shadow: there is no such page; expected one of the two"
            )
        _shadow(session, as_json=as_json)
        return
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


def _shadow(session: str | None, *, as_json: bool) -> None:
    from app.cli.bars import Bars
    from app.cli.output import print_json
    from app.cli.shadow_view import show_shadow
    from app.shadow import shadow_report

    with Bars(quiet=as_json) as bars:
        bar: list[TaskID | None] = []

        def told(made: int, total: int) -> None:
            if not bar:
                bar.append(bars.add("followed", total))
            bars.move(bar[0], made, "")

        document = shadow_report(session, told)
    if as_json:
        print_json(document)
    else:
        show_shadow(document)
