"""`plangate traces tail`: what is being recorded."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.cli import choosing


def tail(
    session: choosing.Session = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is recorded, until Ctrl-C.")
    ] = False,
    count: Annotated[
        int, typer.Option("-n", "--count", min=0, max=100_000, help="Of what is there already.")
    ] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON Lines, one object an event.")
    ] = False,
) -> None:
    """Show the newest events, one a line; with -f also each that another process records.

    Of every session or of one. With -f the database need not be there yet. One decision whole:
    plangate traces show RUN. Such as: plangate traces tail -f --session NAME
    """
    from app.cli.output import json_text
    from app.trace_following import follow as followed
    from domain.clock import from_ms, iso
    from traces.view_words import visible
    from traces.visits import words_of

    nothing = count > 0
    for seen in followed(count, session, on=follow):
        if as_json:
            body = seen.event.model_dump(mode="json")
            head = {"session": seen.session, "run_id": seen.run_id, "node": seen.node}
            line = json_text({"at": iso(from_ms(seen.at_ms)), **head, **body})
        else:
            words = visible(words_of(seen.event)).replace("\n", " ")
            line = (
                f"{iso(from_ms(seen.at_ms))[:23]:<23} {seen.session[:16]:<16} "
                f"{seen.run_id[:32]:<32} {seen.node:<11} {seen.event.kind:<15} {words}"
            ).rstrip()
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        nothing = False
    if nothing:
        typer.echo("nothing is recorded here yet; start with: plangate run", err=True)
