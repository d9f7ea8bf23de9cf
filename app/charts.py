"""Equity and drawdown as pictures: in the terminal with plotext, in HTML with matplotlib."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from agent.colours import DOWN, ENTRY
from journal.metrics import drawdowns


class Point(NamedTuple):
    """A purse's value at a moment, and what was paid in until then."""

    at: datetime
    equity: float
    net_deposits: float = 0.0


Points = Sequence[Point]


def curve(rows: Sequence[Mapping[str, str]]) -> list[Point]:
    """The points of a report's curve."""
    return [
        Point(
            datetime.fromisoformat(row["at"].replace("Z", "+00:00")),
            float(row["equity"]),
            float(row["net_deposits"]),
        )
        for row in rows
    ]


def _falls(points: Points) -> list[float]:
    """In percent, downwards."""
    falls = drawdowns([p.equity for p in points], [p.net_deposits for p in points])
    return [0.0 - 100 * fall for fall in falls]


def terminal_chart(points: Points, currency: str, *, width: int = 96, height: int = 12) -> str:
    """Equity over time drawn in characters, with the drawdown below it."""
    import plotext as plt

    stamps = list(range(len(points)))
    every = max(1, len(points) // 6)
    # Short labels never overlap; plotext would leave out one of two that do, in no fixed order.
    labels = [points[i].at.strftime("%d %b") for i in stamps[::every]]
    span = f"{points[0].at:%Y-%m-%d} to {points[-1].at:%Y-%m-%d}"
    panels = []
    for title, values, rows in (
        (f"equity, {currency}, {span}", [point.equity for point in points], height),
        ("drawdown, %", _falls(points), max(6, height // 2)),
    ):
        plt.clear_figure()
        plt.theme("clear")
        plt.plot_size(width, rows)
        plt.title(title)
        plt.plot(stamps, values, marker="braille")
        plt.xticks(stamps[::every], labels)
        panels.append(plt.uncolorize(plt.build()))
    return "\n".join(panels)


def svg_chart(points: Points, currency: str) -> str:
    """Equity above, drawdown below, as one SVG element."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib.dates import AutoDateLocator
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    moments = [point.at for point in points]
    upper.plot(moments, [point.equity for point in points], linewidth=1.2, color=ENTRY)
    upper.set_ylabel(f"equity, {currency}")
    upper.grid(alpha=0.25)
    falls = _falls(points)
    lower.fill_between(moments, falls, 0, color=DOWN, alpha=0.4, linewidth=0)
    lower.set_ylabel("drawdown, %")
    lower.grid(alpha=0.25)
    locator = AutoDateLocator(maxticks=7)  # type: ignore[no-untyped-call]  # matplotlib is untyped here
    lower.xaxis.set_major_locator(locator)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
