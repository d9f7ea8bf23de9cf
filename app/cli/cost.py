"""`plangate cost`: what models cost."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.lists import Since, Symbol
from app.cli.parameters import AsJson


def cost(
    session: Annotated[
        str | None,
        typer.Option("--session", help="Default: all sessions.", show_default=False),
    ] = None,
    symbol: Symbol = None,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """What models cost, by day, symbol, model, node and tool; a decision and an accepted plan.

    US dollars as the providers' usage and the prices say. A call that failed, was cut off or is
    under way counts at its worst (not settled); where nobody named a price the sum is unknown.
    A tool costs its share of each prompt: its answers' tokens over the prompt's. Days are UTC and
    real, also of a replay. Such as: plangate cost --session NAME --since 2026-11-01
    Caps are kept by plangate run --usd-per-decision, --usd-per-day, --usd-per-session.
    """
    from app.cli.cost_view import show_cost
    from app.cli.output import print_json
    from app.cost import cost_report
    from app.home import database_place
    from app.moments import read_moment_or_age
    from app.report import open_journal

    moment = read_moment_or_age("--since", since)
    database, _ = open_journal(database_place(), session)
    try:
        document = cost_report(database, session, symbol, moment)
    finally:
        database.close()
    if as_json:
        print_json(document)
    else:
        show_cost(document)
