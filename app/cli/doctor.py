"""`plangate doctor`: is everything here that a run needs?"""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.parameters import AsJson, FeedsFile, MarketUrl


def doctor(
    market: Annotated[
        str | None,
        typer.Option(help="Also check this market: ccxt:kraken, a chain of exchanges, store:NAME."),
    ] = None,
    market_url: MarketUrl = None,
    feeds: FeedsFile = None,
    as_json: AsJson = False,
) -> None:
    """Check interpreter, packages, data, state folder, model key and (if named) a market and feeds.

    Of an exchange it shows latency, clock skew, rate limit, what it offers, and what to do.

    Exits with 0 when nothing is broken; warnings do not count.
    """
    import asyncio

    from app.cli.output import out, print_json
    from app.health import check_all

    checks = asyncio.run(check_all(market, market_url, feeds))
    broken = [c for c in checks if c.status == "broken"]
    if as_json:
        print_json(
            {
                "schema": "plangate.doctor/1",
                "ok": not broken,
                "checks": [c._asdict() for c in checks],
            }
        )
    else:
        marks = {"ok": "[green]✓[/]", "note": "[yellow]·[/]", "broken": "[red]✗[/]"}
        for check in checks:
            out().print(f"{marks[check.status]} {check.name:<12} {check.detail}")
    if broken:
        raise typer.Exit(broken[0].exit_code)
