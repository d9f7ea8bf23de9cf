"""A chart as a PNG: the same chart gives the same bytes, in any thread and process.

Matplotlib is drawn with directly: no `pyplot`, its own font and its own defaults, whatever a user's
file of settings says. It is imported where a model sees, and nowhere else.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agent.chart import Chart, Level
from agent.colours import BAND, DOWN, ENTRY, FAST, INK, MEAN, PAPER, SLOW, UP
from agent.tables import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    from domain.candles import Floats

WIDTH_PX, HEIGHT_PX = 768, 448
"""No higher than 512: two of the tiles that OpenAI counts a picture in."""
_DPI = 100
_LEFT_PX, _RIGHT_PX = 8, 168
_NAMES_PX = 56
"""From the candles' right edge to the names of levels; the scale stands between."""
_PANELS = {"price": (40, 296), "rsi_14": (304, 354), "volume": (362, 420)}
"""Top and bottom of each, in pixels from the top."""
_LINES = {
    "ema_20": (FAST, "EMA 20"),
    "ema_50": (SLOW, "EMA 50"),
    "vwap_24": (MEAN, "VWAP 24"),
    "bollinger_upper": (BAND, "Bollinger 20, 2"),
    "bollinger_lower": (BAND, ""),
}
_LEVELS = {"entry": (ENTRY, "--"), "stop": (DOWN, "-"), "target": (UP, "-")}
_BODY = 0.36
"""Half a candle's width, of the distance between two."""
_TICKS_EVERY = 16
_LABEL_APART = 0.045
"""Of the price panel's height, between two labels."""
_PRICE_DIGITS = 6

_DRAWING = threading.Lock()
"""Matplotlib keeps its settings and fonts for the whole process."""


def draw(chart: Chart) -> bytes:
    """The chart as a PNG of `WIDTH_PX` by `HEIGHT_PX`, without time or version in it."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with _DRAWING, mpl.rc_context():
        mpl.rcdefaults()
        size = (WIDTH_PX / _DPI, HEIGHT_PX / _DPI)
        figure = Figure(figsize=size, dpi=_DPI, facecolor=PAPER)
        canvas = FigureCanvasAgg(figure)
        _say(figure, 8, 12, chart.title)
        _legend(figure, chart)
        colours = np.where(chart.close > chart.open, UP, DOWN)
        _price(_panel(figure, "price", chart), chart, colours)
        _strength(_panel(figure, "rsi_14", chart), chart)
        _turnover(_panel(figure, "volume", chart), chart, colours)
        canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib is untyped here
        return _png(canvas)


def _png(canvas: FigureCanvasAgg) -> bytes:
    """In 256 colours, which keeps the ones that mean something and takes a third of the room."""
    from PIL import Image

    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]  # likewise
    drawn = Image.frombuffer("RGBA", (WIDTH_PX, HEIGHT_PX), pixels).convert("RGB")
    written = io.BytesIO()
    drawn.quantize(256, dither=Image.Dither.NONE).save(written, "PNG")
    return written.getvalue()


@cache
def _font(size: float = 7.5) -> FontProperties:
    """The font that comes with matplotlib, by its file: another of that name may be installed."""
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties

    path = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return FontProperties(fname=str(path), size=size)


def _say(figure: Figure, x_px: float, y_px: float, words: str, colour: str = INK) -> None:
    """Words at a place in pixels from the upper left."""
    figure.text(
        x_px / WIDTH_PX, 1 - y_px / HEIGHT_PX, words,
        color=colour, fontproperties=_font(), va="center", parse_math=False,
    )  # fmt: skip


def _legend(figure: Figure, chart: Chart) -> None:
    named = [(name, *_LINES[name]) for name in chart.lines if _LINES[name][1]]
    for place, (name, colour, words) in enumerate(named):
        value = float(chart.lines[name][-1])
        said = words if name.startswith("bollinger") else f"{words}: {number(value, _PRICE_DIGITS)}"
        _say(figure, 8 + 150 * place, 28, said, colour)


def _panel(figure: Figure, name: str, chart: Chart) -> Axes:
    """Empty axes at their place, with a grid at the candles whose time is named below."""
    top, bottom = _PANELS[name]
    width = (WIDTH_PX - _LEFT_PX - _RIGHT_PX) / WIDTH_PX
    place = (_LEFT_PX / WIDTH_PX, 1 - bottom / HEIGHT_PX, width, (bottom - top) / HEIGHT_PX)
    axes = figure.add_axes(place, facecolor=PAPER)
    count = len(chart.close)
    marked = range((count - 1) % _TICKS_EVERY, count, _TICKS_EVERY)
    said = [chart.labels[at] for at in marked] if name == "volume" else []
    axes.set_xlim(-1, count)
    axes.set_xticks(list(marked))
    axes.set_xticklabels(said or [""] * len(marked), fontproperties=_font(), color=INK)
    axes.yaxis.tick_right()
    axes.tick_params(length=0, pad=3)
    axes.grid(color=BAND, alpha=0.25, linewidth=0.5)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_color(BAND)
    return axes


def _ticks(axes: Axes, values: Sequence[float]) -> None:
    said = [number(value, _PRICE_DIGITS) for value in values]
    axes.set_yticks(list(values))
    axes.set_yticklabels(said, fontproperties=_font(), color=INK)


def _price(axes: Axes, chart: Chart, colours: Any) -> None:
    """Candles, lines among them, and levels across."""
    from matplotlib.collections import LineCollection
    from matplotlib.ticker import MaxNLocator

    bottom, top = _span(chart)
    axes.set_ylim(bottom, top)
    ticks = MaxNLocator(6).tick_values(bottom, top)
    _ticks(axes, [float(tick) for tick in ticks if bottom < tick < top])
    at = np.arange(len(chart.close), dtype=float)
    wicks = np.stack([np.c_[at, chart.low], np.c_[at, chart.high]], axis=1)
    axes.add_collection(
        LineCollection(list(wicks), colors=colours, linewidths=0.72, antialiaseds=False)
    )
    _bars(axes, chart.open, chart.close, colours)
    for name, values in chart.lines.items():
        axes.plot(at, values, color=_LINES[name][0], linewidth=1.0)
    _levels(axes, chart.levels, bottom, top)


def _bars(axes: Axes, start: Floats, end: Floats, colours: Any) -> None:
    """One body a candle, from one price or amount to another; of equal ones a line."""
    from matplotlib.collections import PolyCollection

    at = np.arange(len(start), dtype=float)
    left, right = at - _BODY, at + _BODY
    corners = [(left, start), (left, end), (right, end), (right, start)]
    bodies = np.stack([np.c_[x, y] for x, y in corners], axis=1)
    drawn = PolyCollection(
        list(bodies), facecolors=colours, edgecolors=colours, linewidths=0.72, antialiaseds=False
    )
    axes.add_collection(drawn)


def _span(chart: Chart) -> tuple[float, float]:
    """Lowest and highest price shown: all candles and lines, and levels that are not far off."""
    shown = [chart.low, chart.high, *chart.lines.values()]
    bottom = min(float(np.nanmin(v)) for v in shown if not np.isnan(v).all())
    top = max(float(np.nanmax(v)) for v in shown if not np.isnan(v).all())
    height = (top - bottom) or abs(top) * 0.01 or 1.0
    reach = height / 2
    near = [one.price for one in chart.levels if bottom - reach <= one.price <= top + reach]
    bottom, top = min([bottom, *near]), max([top, *near])
    room = ((top - bottom) or height) * 0.04
    return bottom - room, top + room


def _levels(axes: Axes, levels: Sequence[Level], bottom: float, top: float) -> None:
    """A line for each that is in sight, and beside every line or edge its name and price."""
    least, apart = bottom, (top - bottom) * _LABEL_APART
    width_px = WIDTH_PX - _LEFT_PX - _RIGHT_PX
    for level in sorted(levels, key=lambda one: one.price):
        colour, style = _LEVELS[level.kind]
        words = f"{level.name} {number(level.price, _PRICE_DIGITS)}"
        if bottom <= level.price <= top:
            axes.axhline(level.price, color=colour, linestyle=style, linewidth=1.44)
        else:
            words += " (above)" if level.price > top else " (below)"
        # From the lowest upwards, none on top of another.
        place = max(min(level.price, top), least)
        axes.text(
            1 + _NAMES_PX / width_px, place, words, transform=axes.get_yaxis_transform(),
            color=colour, fontproperties=_font(7.0), va="center", parse_math=False,
        )  # fmt: skip
        least = place + apart


def _strength(axes: Axes, chart: Chart) -> None:
    """RSI between its usual marks."""
    axes.set_ylim(0, 100)
    _ticks(axes, (30.0, 70.0))
    axes.plot(np.arange(len(chart.close)), chart.rsi_14, color=SLOW, linewidth=1.0)
    _name(axes, f"RSI 14: {number(float(chart.rsi_14[-1]), 3)}")


def _turnover(axes: Axes, chart: Chart, colours: Any) -> None:
    most = _most(chart.volume)
    axes.set_ylim(0, most * 1.05)
    _ticks(axes, (most,))
    _bars(axes, np.zeros_like(chart.volume), chart.volume, colours)
    _name(axes, "volume")


def _most(volume: Floats) -> float:
    """The largest; a market that did not trade has a scale too."""
    return float(np.nanmax(volume, initial=0.0)) or 1.0


def _name(axes: Axes, words: str) -> None:
    axes.text(
        0.004, 0.95, words, transform=axes.transAxes, va="top", color=INK,
        fontproperties=_font(7.0), parse_math=False,
    )  # fmt: skip
