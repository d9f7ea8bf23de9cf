"""`plangate kill`, `flatten`, `resume`, `reconcile`: what an operator says to a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.parameters import AsJson, MarketUrl, PolicyFile

if TYPE_CHECKING:
    from app.operating import Standing
    from journal.books import Journal
    from traces.database import Database

EXIT_MISMATCH = 7

Session = Annotated[
    str | None, typer.Option("--session", help="Default: the newest session.", show_default=False)
]
Every = Annotated[bool, typer.Option("--all", help="Every session, those to come too.")]


def kill(
    session: Session = None,
    every: Every = False,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Also close everything held, at the market.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "by hand",
    as_json: AsJson = False,
) -> None:
    """Open nothing more: waiting entries are taken back, stops and targets stay.

    A running session obeys within about ten seconds, any other before anything else at its next
    start. It lasts until plangate resume. Such as: plangate kill --all --reason "odd fills"
    """
    from app import operating
    from app.cli.operate_view import show_kill
    from app.cli.output import print_json
    from journal.operator import EVERY

    why = operating.reason_text(reason)
    with _sessions(session, every=every) as (database, journals):
        seen = [operating.standing(journal) for journal in journals]
        named = EVERY if every else seen[0].session
        at = operating.kill(database, named, why, flatten=flatten)
    document = _act_document("kill", seen, why, at, every=every, flatten=flatten)
    if as_json:
        print_json(document)
    else:
        show_kill(seen, document)


def flatten(
    session: Session = None,
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "by hand",
    as_json: AsJson = False,
) -> None:
    """Close everything a session holds, at the market; it may open again after that.

    To keep it from opening as well: plangate kill --flatten.
    Such as: plangate flatten --session NAME
    """
    from app import operating
    from app.cli.operate_view import show_flatten
    from app.cli.output import print_json

    why = operating.reason_text(reason)
    with _sessions(session, every=False) as (database, journals):
        seen = [operating.standing(journal) for journal in journals]
        at = operating.flatten(database, seen[0].session, why)
    document = _act_document("flatten", seen, why, at, every=False, flatten=True)
    if as_json:
        print_json(document)
    else:
        show_flatten(seen[0])


def resume(
    session: Session = None,
    every: Annotated[
        bool, typer.Option("--all", help="Take back a kill --all; halts stay, each to be resumed.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help="Why it may open again; kept in the journal.")
    ] = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="CODE", help="The code that the first call printed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a session open again after a kill or a halt, in two steps.

    The first call changes nothing: it shows what is on and prints a code. The second does it:
    plangate resume --session NAME --reason "checked the fills" --confirm CODE
    """
    from app import operating
    from app.cli.operate_view import show_resume
    from app.cli.output import print_json

    with _sessions(session, every=every) as (database, journals):
        seen = [operating.standing(journal) for journal in journals]
        code = _code(seen, database, every=every)
        if confirm is not None:
            _resume(confirm, code, reason, database, journals, every=every)
    document = {
        "schema": "plangate.resume/1",
        "all": every,
        "resumed": confirm is not None,
        "code": None if confirm is not None else code,
        "sessions": [one.document() for one in seen],
    }
    if as_json:
        print_json(document)
    else:
        show_resume(seen, document)


def reconcile(
    session: Session = None,
    policy: PolicyFile = None,
    market_url: MarketUrl = None,
    as_json: AsJson = False,
) -> None:
    """Compare the venue with the journal once; exits with 7 when they disagree.

    The session is opened as it was started and must not be running. What the venue did and the
    journal lacks is booked; what cannot be explained halts the session.
    Such as: plangate reconcile --session NAME
    """
    import asyncio

    from app.cli.operate_view import show_reconciled
    from app.cli.output import print_json
    from app.reconcile_command import reconcile_session

    with _sessions(session, every=False) as (_, journals):
        name, config = journals[0].session, journals[0].config()
    document = asyncio.run(reconcile_session(name, config, policy, market_url))
    if as_json:
        print_json(document)
    else:
        show_reconciled(document)
    if document["mismatches"]:
        raise typer.Exit(EXIT_MISMATCH)


@contextmanager
def _sessions(session: str | None, *, every: bool) -> Iterator[tuple[Database, list[Journal]]]:
    """The named session, the newest one, or all of them, which may be none."""
    from app.home import database_place
    from app.report import open_journal
    from domain.errors import ConfigError
    from journal.books import Journal
    from journal.reading import session_names
    from traces.database import Database
    from traces.tables import METADATA

    if every and session is not None:
        raise ConfigError(f"--session {session!r} and --all exclude each other; give one")
    place = database_place()
    if every:
        database = Database.open(place, METADATA)
        journals = [Journal(database, name) for name in session_names(database)]
    else:
        database, journal = open_journal(place, session)
        journals = [journal]
    try:
        yield database, journals
    finally:
        database.close()


def _code(seen: list[Standing], database: Database, *, every: bool) -> str | None:
    """What has to be confirmed; None when there is nothing to resume."""
    from app.operating import CODE_CHARACTERS, killed_by
    from domain.strict_json import content_hash
    from journal.operator import EVERY

    if not every:
        return seen[0].code if seen[0].can_resume else None
    words = [killed_by(database, EVERY), *(one.killed_by for one in seen)]
    standing = sorted({word.sequence for word in words if word is not None})
    return content_hash(f"all {standing}")[:CODE_CHARACTERS] if standing else None


def _resume(
    confirm: str,
    code: str | None,
    reason: str | None,
    database: Database,
    journals: list[Journal],
    *,
    every: bool,
) -> None:
    from app import operating
    from domain.errors import ConfigError

    if reason is None:
        raise ConfigError('--confirm needs a --reason, such as --reason "checked the fills"')
    why = operating.reason_text(reason)
    if not every:
        operating.resume(journals[0], confirm, why)
        return
    if confirm.strip().lower() != code:
        raise ConfigError(
            f"code {confirm!r} was not given for what is on now; look again: plangate resume --all"
        )
    operating.resume_every(database, why)


def _act_document(
    name: str, seen: list[Standing], reason: str, at: Any, *, every: bool, flatten: bool
) -> dict[str, Any]:
    from domain.clock import iso

    return {
        "schema": f"plangate.{name}/1",
        "all": every,
        "flatten": flatten,
        "reason": reason,
        "at": iso(at),
        "sessions": [one.document() for one in seen],
    }
