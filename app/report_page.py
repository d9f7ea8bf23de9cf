"""The report as one self-contained HTML page: no script, no outside address."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from app.charts import curve, svg_chart
from app.report_words import report_lines
from domain.errors import ConfigError

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1f2328}
table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{text-align:left;padding:.25rem .6rem;
border-bottom:1px solid #d8dee4;vertical-align:top}th{font-weight:600}td.n{text-align:right;
font-variant-numeric:tabular-nums}.note{color:#59636e}svg{max-width:100%;height:auto}
"""


def write_page(document: dict[str, Any], path: Path) -> None:
    """Write the page.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        path.write_text(page(document), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {str(path)!r}: {error.strerror}") from error


def page(document: dict[str, Any]) -> str:
    """The page as text; everything that came from outside is escaped."""
    name = escape(document["session"]["name"])
    several = len(document["purses"]) > 1
    reasons = "".join(_reasons(purse, named=several) for purse in document["purses"])
    figures = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(words)}</td></tr>"
        for label, words in report_lines(document)
    )
    charts = "".join(
        svg_chart(points, purse["currency"])
        for purse in document["purses"]
        if len(points := curve(purse["equity"])) > 2
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>plangate: {name}</title>'
        f"<style>{_STYLE}</style><h1>{name}</h1>"
        f'<p class="note">{escape(document["disclaimer"])}</p>{charts}'
        f"<table>{figures}</table><h2>Trades</h2>{reasons}{_trades(document)}</html>"
    )


def _trades(document: dict[str, Any]) -> str:
    columns: tuple[str, ...] = (
        "symbol", "side", "quantity", "entry_price", "exit_price", "opened_at", "closed_at",
        "net", "r_multiple", "mae_r", "mfe_r", "slippage_bps", "close_reason",
    )  # fmt: skip
    if len(document["purses"]) > 1:
        columns = (*columns, "currency")
    head = "".join(f"<th>{c.replace('_', ' ')}</th>" for c in columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(trade[c]))}</td>" for c in columns) + "</tr>"
        for trade in document["trades"]
    )
    return f"<table><tr>{head}</tr>{rows}</table>" if rows else "<p>No trade was closed.</p>"


def _cell(value: str | None) -> str:
    return "?" if value is None else value[:24]


def _reasons(purse: dict[str, Any], *, named: bool) -> str:
    """Why trades in a currency were closed, and what they came to."""
    found = purse["trades_summary"]["by_close_reason"]
    if not found:
        return ""
    net = f"net, {escape(purse['currency'])}" if named else "net"
    head = "".join(f"<th>{name}</th>" for name in ("closed by", "trades", "won", "mean R", net))
    rows = "".join(
        f"<tr><td>{escape(row['reason'])}</td><td class=n>{row['trades_count']}</td>"
        f"<td class=n>{100 * row['win_fraction']:.0f} %</td>"
        f"<td class=n>{'?' if row['mean_r'] is None else format(row['mean_r'], '+.2f')}</td>"
        f"<td class=n>{row['net']:,.2f}</td></tr>"
        for row in found
    )
    return f"<table><tr>{head}</tr>{rows}</table>"
