"""What models cost, as tables in 100 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.cli.output import err, out
from app.cost_words import dollars, total_words

_TABLES = (
    ("day (UTC)", "by_day"),
    ("symbol", "by_symbol"),
    ("model", "by_model"),
    ("node", "by_node"),
)


def show_cost(document: dict[str, Any]) -> None:
    """Print the document of `app.cost`."""
    if not document["total"]["calls_count"]:
        err().print("no model was called; rules cost nothing")
        return
    out().print(total_words(document), markup=False)
    for title, name in _TABLES:
        rows = [
            (
                row["name"],
                str(row["calls_count"]),
                str(row["unsettled_count"]),
                f"{row['input_tokens']:,}",
                f"{row['cached_tokens']:,}",
                f"{row['output_tokens']:,}",
                f"{row['reasoning_tokens']:,}",
                dollars(row),
            )
            for row in document[name]
        ]
        _table((title, "calls", "not settled", "in", "cached", "out", "thought", "USD"), rows)
    shares = [(row["name"], f"{row['tokens']:,}", dollars(row)) for row in document["by_tool"]]
    _table(("tool", "tokens", "USD"), shares)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, title in enumerate(titles):
        table.add_column(title, justify="right" if index else "left", min_width=0 if index else 24)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out().print()
    out().print(table)
