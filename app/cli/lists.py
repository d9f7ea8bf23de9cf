"""`plangate orders`, `positions`, `trades`, `plans`: what the journal of a session holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.parameters import AsJson

if TYPE_CHECKING:
    from journal.books import Journal

Session = Annotated[
    str | None, typer.Option("--session", help="Default: the newest session.", show_default=False)
]
Symbol = Annotated[str | None, typer.Option(help="Only this symbol, such as BTC/USD.")]
Status = Annotated[str | None, typer.Option(help="Only this status, such as filled.")]
IsOpen = Annotated[bool, typer.Option("--open", help="Only what may still change.")]
Since = Annotated[
    str | None, typer.Option(help="Only from this moment on, as 2023-02-01 (UTC), or 36h, 30d ago.")
]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest.")]

_LISTS = {"invoke_without_command": True, "no_args_is_help": False}
orders_app = typer.Typer(**_LISTS)  # type: ignore[arg-type]  # one dict for three
trades_app = typer.Typer(**_LISTS)  # type: ignore[arg-type]  # see above
plans_app = typer.Typer(**_LISTS)  # type: ignore[arg-type]  # see above


@orders_app.callback()
def orders(
    ctx: typer.Context,
    session: Session = None,
    symbol: Symbol = None,
    status: Status = None,
    is_open: IsOpen = False,
    since: Since = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """List orders, newest last: what was wanted, what is filled, where each stands.

    Such as: plangate orders --open, plangate orders --status filled --since 2023-02-01.
    One of them whole: plangate orders show ID
    """
    if _is_listing(ctx, session):
        words = (symbol, status, is_open, since, limit)
        _list("orders", session, words, as_json=as_json)


@trades_app.callback()
def trades(
    ctx: typer.Context,
    session: Session = None,
    symbol: Symbol = None,
    since: Since = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """List closed trades, newest last: R, net, excursions, costs, slippage, why it was closed.

    R is the net result over the planned loss at the stop; MAE and MFE, how far the price went
    against the trade and for it, in R; costs are fees and funding; slippage is against the expected
    price, positive is worse. Such as: plangate trades --symbol BTC/USD --limit 10
    """
    if _is_listing(ctx, session):
        _list("trades", session, (symbol, None, False, since, limit), as_json=as_json)


@plans_app.callback()
def plans(
    ctx: typer.Context,
    session: Session = None,
    symbol: Symbol = None,
    status: Status = None,
    is_open: IsOpen = False,
    since: Since = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """List the plans that the gate approved, newest last: entry, stop, targets, risk, status.

    Such as: plangate plans --open. The life of one, from draft to trade: plangate plans show ID
    """
    if _is_listing(ctx, session):
        words = (symbol, status, is_open, since, limit)
        _list("plans", session, words, as_json=as_json)


def positions(
    session: Session = None,
    symbol: Symbol = None,
    since: Since = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """List what is held: side, quantity, entry, working stop, targets left, planned risk, plan.

    A price is shown only where the journal holds one; no market is asked.
    Such as: plangate positions --session NAME
    """
    _list("positions", session, (symbol, None, False, since, limit), as_json=as_json)


OneId = Annotated[
    str, typer.Argument(metavar="ID", help="As listed; a beginning that is unique is enough.")
]


@orders_app.command(name="show")
def show_order(
    ctx: typer.Context, name: OneId, session: Session = None, as_json: AsJson = False
) -> None:
    """Show one order: every step it took, every fill, and the plan it belongs to."""
    from app.cli.life_view import show_order as view
    from app.listing import only
    from app.plan_life import order_document

    with _journal(ctx, session) as journal:
        names = [order.client_order_id for order in journal.orders()]
        document = order_document(journal, only("order", name, names, journal.session))
    _put(document, view, as_json=as_json)


@trades_app.command(name="show")
def show_trade(
    ctx: typer.Context, name: OneId, session: Session = None, as_json: AsJson = False
) -> None:
    """Show one closed trade with its fills and funding; a trade has the id of its plan."""
    from app.cli.life_view import show_trade as view
    from app.listing import only
    from app.plan_life import trade_document

    with _journal(ctx, session) as journal:
        names = [trade.plan_id for trade in journal.trades()]
        document = trade_document(journal, only("trade", name, names, journal.session))
    _put(document, view, as_json=as_json)


@plans_app.command(name="show")
def show_plan(
    ctx: typer.Context, name: OneId, session: Session = None, as_json: AsJson = False
) -> None:
    """Show a plan's life: versions and why they changed, bracket, orders, fills, closed trade."""
    from app.cli.life_view import show_plan as view
    from app.listing import only
    from app.plan_life import plan_document

    with _journal(ctx, session) as journal:
        names = [stored.plan.plan_id for stored in journal.plans()]
        document = plan_document(journal, only("plan", name, names, journal.session))
    _put(document, view, as_json=as_json)


def _is_listing(ctx: typer.Context, session: str | None) -> bool:
    """Whether no `show` follows; one that does gets the session that was named before it."""
    ctx.obj = session
    return ctx.invoked_subcommand is None


def _list(
    what: str,
    session: str | None,
    words: tuple[str | None, str | None, bool, str | None, int],
    *,
    as_json: bool,
) -> None:
    from app import holdings, listing
    from app.cli.list_view import show_list
    from app.moments import read_moment_or_age

    make: dict[str, Callable[[Journal, listing.ListFilter], dict[str, Any]]] = {
        "orders": listing.orders_document,
        "positions": holdings.positions_document,
        "trades": listing.trades_document,
        "plans": listing.plans_document,
    }
    symbol, status, is_open, since, limit = words
    moment = read_moment_or_age("--since", since)
    wanted = listing.ListFilter(symbol, status, is_open, moment, limit)
    with _journal(None, session) as journal:
        document = make[what](journal, wanted)
    _put(document, lambda found: show_list(what, found), as_json=as_json)


@contextmanager
def _journal(ctx: typer.Context | None, session: str | None) -> Iterator[Journal]:
    from app.home import database_place
    from app.report import open_journal

    named = session or (ctx.obj if ctx is not None else None)
    database, journal = open_journal(database_place(), named)
    try:
        yield journal
    finally:
        database.close()


def _put(
    document: dict[str, Any], view: Callable[[dict[str, Any]], None], *, as_json: bool
) -> None:
    from app.cli.output import print_json

    if as_json:
        print_json(document)
    else:
        view(document)
