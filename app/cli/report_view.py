"""The report on the terminal: figures with their uncertainty, then equity and drawdown drawn."""

from __future__ import annotations

from typing import Any

from app.cli.output import out
from app.report_words import report_lines


def show_report(document: dict[str, Any]) -> None:
    """Print the report."""
    from rich.table import Table

    console = out()
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column()
    for name, value in report_lines(document):
        table.add_row(name, value)
    console.print()
    console.print(f"report  {document['session']['name']}", style="bold")
    console.print(table)
    _show_chart(document)
    console.print(document["disclaimer"], style="dim")


def _show_chart(document: dict[str, Any]) -> None:
    from app.charts import curve, terminal_chart

    for purse in document["purses"]:
        points = curve(purse["equity"])
        if len(points) > 2:
            out().print(terminal_chart(points, purse["currency"]), markup=False)
