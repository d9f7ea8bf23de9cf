"""`plangate deposit`, `withdraw`: money into a paper session and out of it."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.parameters import AsJson

Amount = Annotated[str, typer.Argument(help="Such as 500, or 500EUR where there are several.")]
Session = Annotated[
    str | None, typer.Option("--session", help="Default: the newest session.", show_default=False)
]
Reason = Annotated[str, typer.Option(help="Why; kept in the journal.")]


def deposit(
    amount: Amount, session: Session = None, reason: Reason = "by hand", as_json: AsJson = False
) -> None:
    """Pay money into a session; it is no profit.

    A running session books it within about ten seconds, any other at its next start.
    Such as: plangate deposit 500USDT --session NAME --reason "second month"
    """
    _transfer(amount, session, reason, out=False, as_json=as_json)


def withdraw(
    amount: Amount, session: Session = None, reason: Reason = "by hand", as_json: AsJson = False
) -> None:
    """Take money out of a session; it is no loss. More than is free then is refused.

    A running session books it within about ten seconds, any other at its next start.
    Such as: plangate withdraw 500USDT --session NAME
    """
    _transfer(amount, session, reason, out=True, as_json=as_json)


def _transfer(amount: str, session: str | None, reason: str, *, out: bool, as_json: bool) -> None:
    from app.cli.output import out as output
    from app.cli.output import print_json
    from app.deposits import order_transfer
    from app.home import database_place
    from app.operating import reason_text
    from app.report import open_journal

    why = reason_text(reason)
    database, journal = open_journal(database_place(), session)
    try:
        document = order_transfer(journal, amount, why, out=out)
    finally:
        database.close()
    if as_json:
        print_json(document)
        return
    word = "taken out of" if out else "paid into"
    when = (
        "it runs, and books it within about ten seconds, or after the decision at hand"
        if document["running"]
        else "it does not run, and books it at its next start"
    )
    what = document["amount"].removeprefix("-")
    output().print(
        f"{what} {document['currency']} {word} {document['session']}: {when}", markup=False
    )
