"""`plangate export`: a session as tables for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli import choosing
from app.cli.parameters import AsJson
from app.cli.trace_wanted import OneSession


def export(
    table: Annotated[
        Literal["signals", "bars", "summary"], typer.Argument(help="Which of the tables.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Ends in .csv, .jsonl (both also .gz), .parquet."
        ),
    ],
    session: OneSession = None,
    symbol: choosing.Symbol = None,
    since: choosing.Since = None,
    until: choosing.Until = None,
    as_json: AsJson = False,
) -> None:
    """Write a session's signals, bars or summary to a file.

    signals: each version of a plan that was proposed, with the verdict, and what became of it.
    bars: each candle that a decision was shown, and beside it the decision that it was the newest
    candle of. summary: per symbol what was processed, decided, filled, and what it took.

    A file of that name is replaced whole. The columns with units, JSON schemas, and how to read a
    file with pandas: docs/exports.md. Candles of the market store: plangate data export.

    Such as: plangate export signals -o signals.csv --session NAME --since 2026-11-01
    """
    from app.cli.output import print_json
    from app.exporting import export as write
    from app.home import database_place
    from app.journal_choice import read_journal_choice

    chosen = read_journal_choice(symbol, since, until)
    done = write(database_place(), table, session, chosen, output)
    if as_json:
        print_json(done)
    else:
        typer.echo(
            f"{done['rows_count']} rows of {table} of session {done['session']} in {done['file']}"
        )
