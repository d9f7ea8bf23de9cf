"""The result of a script on the terminal: what was filled, what is left, what must hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from app.cli.output import out

if TYPE_CHECKING:
    from rich.table import Table

SHOWN_CHARACTERS = 12
"""Of an order's id; the document has it whole."""
SHOWN_DIGITS = 4
"""Places of an average or a result; the document has them all."""


def show_result(document: dict[str, Any]) -> None:
    """Print the result."""
    console = out()
    console.print(document["description"], style="dim", markup=False)
    console.print()
    _show("executions", _executions(document))
    _show("orders", _orders(document))
    _show("funding", _funding(document))
    _show("trades", _trades(document))
    _show("faults, on purpose", _faults(document))
    for answer in document["answers"]:
        if not answer["accepted"]:
            said = f"{_time(answer['at'])} {answer['act']} {answer['order']}: {answer['reason']}"
            unheard = answer["reason"].startswith("no answer")
            console.print(f"{'asked' if unheard else 'refused'} {said}", markup=False)
    for restart in document["restarts"]:
        how = "in the middle" if restart["interrupted"] else "between two events"
        console.print(f"restarted {how}, opened again at {_time(restart['at'])}")
    for notice in document["notices"]:
        console.print(notice, style="yellow", markup=False)
    _show_ledger(document)
    _show_checks(document)


def _executions(document: dict[str, Any]) -> Iterable[Sequence[str]]:
    yield "time", "symbol", "order", "side", "quantity", "price", "expected", "fee", ""
    for e in document["executions"]:
        marks = [*(["clamped"] if e["clamped"] else []), *(["liquidation"] if e["forced"] else [])]
        fee = e["fee"] + ("" if e["fee_currency"] == "quote" else f" {e['symbol'].split('/')[0]}")
        yield (
            _time(e["at"]), e["symbol"], _name(e), e["side"], e["quantity"], e["price"],
            e["expected_price"], fee, " ".join(marks),
        )  # fmt: skip


def _orders(document: dict[str, Any]) -> Iterable[Sequence[str]]:
    yield "symbol", "order", "side", "kind", "quantity", "price", "filled", "status", ""
    for o in document["orders"]:
        price = o["price"] or ""
        price += f" / {o['limit_price']}" if o["limit_price"] else ""
        yield (
            o["symbol"], _name(o), o["side"], o["kind"], o["quantity"], price, o["filled"],
            o["status"], o["reason"],
        )  # fmt: skip


def _funding(document: dict[str, Any]) -> Iterable[Sequence[str]]:
    yield "time", "symbol", "held", "rate", "price", "paid"
    for p in document["funding"]:
        yield (
            _time(p["at"]), p["symbol"], p["quantity"], p["rate_fraction"], p["price"], p["amount"]
        )  # fmt: skip


def _trades(document: dict[str, Any]) -> Iterable[Sequence[str]]:
    yield "plan", "side", "quantity", "entry", "exit", "fees", "funding", "net", "R", "closed by"
    for t in document["trades"]:
        yield (
            t["plan"], t["side"], t["quantity"], _short(t["entry_price"]), _short(t["exit_price"]),
            t["fees"], t["funding"], _short(t["net"]), _short(t["r_multiple"]), t["close_reason"],
        )  # fmt: skip


def _faults(document: dict[str, Any]) -> Iterable[Sequence[str]]:
    yield "time", "fault", "on", "order"
    for f in document["faults"]:
        yield _time(f["at"]), f["fault"], f["call"], _name(f)


def _show(title: str, rows: Iterable[Sequence[str]]) -> None:
    from rich.markup import escape

    head, *body = rows
    if not body:
        return
    table = _table(head)
    for row in body:
        table.add_row(*map(escape, row))
    console = out()
    console.print(title, style="bold")
    console.print(table)
    console.print()


def _show_ledger(document: dict[str, Any]) -> None:
    console, ledger = out(), document["ledger"]
    for p in ledger["positions"]:
        console.print(
            f"holds {p['quantity']} {p['symbol']} at {_short(p['entry_price'])}, "
            f"now {p['mark'] or 'without a price'}",
            markup=False,
        )
    for purse in ledger["purses"]:
        brought = f", deposits {purse['net_deposits']}" if purse["net_deposits"] != "0" else ""
        console.print(
            f"cash {purse['cash']} {purse['quote']} from {purse['capital']}: realised "
            f"{purse['realised']}, fees {purse['fees']}, funding {purse['funding']}{brought}; "
            f"equity {purse['equity']}",
            markup=False,
        )
    equal = document["replayed_equal"]
    console.print(
        "the ledger equals its log replayed from zero"
        if equal
        else "the ledger and its log differ",
        style=None if equal else "bold red",
    )


def _show_checks(document: dict[str, Any]) -> None:
    from rich.markup import escape

    table = _table(("", "code", "held against", "rule"))
    for row in document["invariants"]:
        mark = "[green]✓[/]" if row["holds"] else "[red]✗[/]"
        table.add_row(mark, row["code"], str(row["checked"]), escape(row["sentence"]))
    out().print(table)


def _table(columns: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _name(row: dict[str, Any]) -> str:
    if row["plan"] is not None:
        return f"{row['plan']} {row['leg']}"
    return str(row["order"])[:SHOWN_CHARACTERS]


def _short(text: str) -> str:
    from decimal import Decimal

    from domain.numbers import plain

    return plain(Decimal(text), SHOWN_DIGITS)


def _time(text: str) -> str:
    return text[:16].replace("T", " ")
