"""The lists of the journal as tables, in 100 columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from app.cli.output import err, out

SHORT_ID = 10
"""Characters of an id that a table shows; they are enough for `show`."""

Record = dict[str, Any]
Column = tuple[str, Callable[[Record], str]]


def show_list(what: str, document: Record) -> None:
    """Print one of the lists."""
    several = document["currency"] is None
    records = [{**r, "unit": f" {r['currency']}" * several} for r in document[what]]
    if not records:
        err().print(f"no {what} to list in session {document['session']}", markup=False)
        return
    _table(_COLUMNS[what], records)
    if document["earlier_count"]:
        count = document["earlier_count"]
        err().print(f"{count} earlier ones are not shown; --limit shows more", style="dim")
    if what == "positions":
        for purse in document["purses"]:
            if not several or any(r["currency"] == purse["currency"] for r in records):
                out().print(_value(purse, purse["currency"] * several), style="dim")


def moment(text: str) -> str:
    """A moment to the minute, as tables show it (UTC)."""
    return text[:16].replace("T", " ")


def money(text: str | None) -> str:
    """An amount in quote, two places."""
    return "" if text is None else f"{Decimal(text):,.2f}"


def duration(seconds: int) -> str:
    """Such as `2d 4h`, `3h 5m`, `45m`."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    parts = [(days, "d"), (hours, "h"), (rest // 60, "m")]
    shown = [f"{count}{unit}" for count, unit in parts if count][:2]
    return " ".join(shown) or "0m"


def ladder(targets: Sequence[Record]) -> str:
    """Target prices, nearest first."""
    return " / ".join(target["price"] for target in targets)


def price_words(order: Record) -> str:
    """What an order waits for, or at what the venue has it where that differs."""
    words = "market" if order["price"] is None else order["price"]
    if order["venue_differs"]:
        words += f" (venue: {order['placed_quantity']} at {order['placed_price'] or 'market'})"
    return str(words)


def _table(columns: Sequence[Column], records: Sequence[Record]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name, _ in columns:
        table.add_column(
            name,
            overflow="fold",
            justify="right" if name in _RIGHT else "left",
            no_wrap=name not in _FOLDED,
        )
    for record in records:
        table.add_row(*(Text(cell(record)) for _, cell in columns))
    out().print(table)


def _value(purse: Record, named: str) -> str:
    if purse["unrealised"] is None:
        return f"{named and f'{named}: '}no price since the last fill is in the journal: " + (
            "what it is worth now is left out"
        )
    when = moment(purse["unrealised_at"])
    return f"unrealised {money(purse['unrealised'])} {purse['currency']} as of {when}"


def _filled(order: Record) -> str:
    return f"{order['filled']}/{order['quantity']}"


def _leg(order: Record) -> str:
    return f"close ({order['reason']})" if order["leg"] == "close" else str(order["leg"])


def _in_r(multiple: str | None) -> str:
    """An excursion in planned risk; a trade without a whole price path has none."""
    return "?" if multiple is None else f"{Decimal(multiple):.2f}"


def _costs(trade: Record) -> str:
    return money(str(Decimal(trade["fees"]) + Decimal(trade["funding"]))) + str(trade["unit"])


def _entry(plan: Record) -> str:
    return str(plan["entry_price"]) + (" mkt" if plan["entry_kind"] == "market" else "")


_FOLDED = {"price", "targets", "targets left", "filled"}
"""Columns that give way where a line would be too long."""
_RIGHT = {"quantity", "filled", "R", "MAE", "MFE", "net", "costs", "slip bps", "risk", "R/R"}

_COLUMNS: dict[str, Sequence[Column]] = {
    "orders": (
        ("made (UTC)", lambda o: moment(o["created_at"])),
        ("symbol", lambda o: o["symbol"]),
        ("leg", _leg),
        ("side", lambda o: o["side"]),
        ("kind", lambda o: o["kind"]),
        ("filled", _filled),
        ("price", price_words),
        ("status", lambda o: o["status"]),
        ("id", lambda o: o["client_order_id"][:SHORT_ID]),
    ),
    "positions": (
        ("opened (UTC)", lambda p: moment(p["opened_at"])),
        ("symbol", lambda p: p["symbol"]),
        ("side", lambda p: p["side"]),
        ("quantity", lambda p: p["quantity"]),
        ("entry", lambda p: p["entry_price"]),
        ("stop", lambda p: p["stop_price"] or "NONE"),
        ("targets left", lambda p: "closing" if p["closing"] else ladder(p["targets"])),
        ("risk", lambda p: money(p["risk_amount"]) + p["unit"]),
        ("mark", lambda p: p["mark"] or "?"),
        ("plan", lambda p: p["plan_id"][:SHORT_ID]),
    ),
    "trades": (
        ("closed (UTC)", lambda t: moment(t["closed_at"])),
        ("symbol", lambda t: t["symbol"]),
        ("side", lambda t: t["side"]),
        ("held", lambda t: duration(t["held_s"])),
        ("R", lambda t: f"{Decimal(t['r_multiple']):+.2f}"),
        ("net", lambda t: money(t["net"]) + t["unit"]),
        ("MAE", lambda t: _in_r(t["mae_r"])),
        ("MFE", lambda t: _in_r(t["mfe_r"])),
        ("costs", _costs),
        ("slip bps", lambda t: t["slippage_bps"] or "?"),
        ("by", lambda t: t["close_reason"]),
        ("id", lambda t: t["plan_id"][:SHORT_ID]),
    ),
    "plans": (
        ("approved (UTC)", lambda p: moment(p["approved_at"])),
        ("symbol", lambda p: p["symbol"]),
        ("side", lambda p: p["side"]),
        ("v", lambda p: str(p["version"])),
        ("status", lambda p: p["status"]),
        ("entry", _entry),
        ("stop", lambda p: p["stop_price"]),
        ("targets", lambda p: ladder(p["targets"])),
        ("risk", lambda p: money(p["risk_amount"]) + p["unit"]),
        ("id", lambda p: p["plan_id"][:SHORT_ID]),
    ),
}
