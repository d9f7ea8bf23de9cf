"""`docs/features.md`, drawn from the code: each field's own words, each number's own constant.

`python -m tests.market.features_page` writes the page and its pictures; a test holds both to the
code.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from domain.candles import Candles, Timeframe
from domain.clock import from_ms, iso
from domain.snapshot import (
    BookRank,
    Features,
    RecentSeries,
    Regime,
    Snapshot,
    SymbolState,
    Universe,
)
from market import (
    book_rank,
    facts,
    feature_columns,
    features,
    flags,
    modelled_book,
    recent,
    regime,
    universe,
)
from market.observe import CONTEXT_BARS, DECISION_BARS, HIGHER
from market.regime import HISTORY_BARS
from market.sources.box import DATA
from market.sources.csv_table import decode, read_series

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "features.md"
WINDOWS = {
    "EMA, RSI, MACD, ATR, ADX": f"all candles; believed from {features.WARMUP_BARS} on",
    "Bollinger, its width": "20 candles",
    "Stochastic": f"{feature_columns.STOCHASTIC_BARS} candles, twice smoothed over 3",
    "OBV change": "20 candles",
    "VWAP, activity": f"{feature_columns.VWAP_BARS} candles",
    "VWAP slope": f"{regime.SLOPE_BARS} candles",
    "volume trend": "5 over 20 candles",
    "realised volatility": f"{feature_columns.VOLATILITY_DAYS} days, at least "
    f"{feature_columns.MIN_VOLATILITY_BARS} candles",
    "percentiles of the decision timeframe": f"the newest {HISTORY_BARS} candles, at least "
    f"{regime.MIN_HISTORY_BARS}",
    "percentiles of longer timeframes": f"the newest {regime.LONGER_HISTORY_BARS} candles",
    "change and dispersion": f"{universe.CHANGE_BARS} candles, at least {universe.MIN_SYMBOLS} "
    "symbols for the dispersion",
    "correlations": f"{facts.CORRELATION_DAYS} days of {facts.CORRELATION_TIMEFRAME} returns, at "
    f"least {facts.MIN_RETURNS} that both have",
    "turnover": "24 hours",
    "gaps and flaws": f"the newest {features.WARMUP_BARS} candles",
    "wick": f"a wick over {flags.WICK_ATR_RATIO:g} ATR14 of the candle before",
    "modelled book": f"{modelled_book.LOOKBACK_BARS} candles",
    "spread and depth percentiles": f"the books modelled at the newest {features.WARMUP_BARS} "
    f"candles, or at least {book_rank.MIN_LOOKS} books of a venue seen by this process",
    "last values": f"{recent.RECENT_BARS} candles",
}
PARTS: tuple[tuple[str, type[BaseModel], str, Sequence[str]], ...] = (
    ("Indicators", Features, "`market/feature_columns.py`: by TA-Lib, of each timeframe", ()),
    (
        "Regime",
        Regime,
        "`market/regime.py`: of the decision timeframe with advice, of longer ones without",
        (),
    ),
    ("Last values", RecentSeries, "`market/recent.py`: of each timeframe", ()),
    ("The session's symbols", Universe, "`market/universe.py`: decision timeframe", ()),
    ("One symbol among them", SymbolState, "`market/universe.py`", ()),
    ("Rank of the book", BookRank, "`market/book_rank.py`", ()),
    (
        "What else the gate measures",
        Snapshot,
        "`market/facts.py`",
        ("turnover_24h", "gap_bars", "correlations", "book", "funding", "open_interest"),
    ),
)
PICTURES = {
    "close": "close, USD",
    "rsi_14": "RSI 14",
    "atr_fraction": "ATR 14 / close",
    "bandwidth": "Bollinger width",
}
FROM_ROW, ROWS = 4_000, 360
WIDTH, HEIGHT = 760, 90


def page() -> str:
    """The whole page."""
    lines = [
        "# What a decision is shown of the market",
        "",
        "Drawn from the code by `python -m tests.market.features_page`: the words are those of the",
        "fields in `domain/snapshot.py`, the numbers are the constants in use. Everything is of "
        "closed",
        "candles up to the decision and of nothing after; what cannot be said is absent, never 0, "
        "and the",
        "snapshot's `missing` says why.",
        "",
        "## Windows",
        "",
        "| what | rests on |",
        "|---|---|",
        *(f"| {what} | {window} |" for what, window in WINDOWS.items()),
        "",
        f"Asked for are {DECISION_BARS} candles of the decision timeframe and {CONTEXT_BARS} of "
        "each longer one, so",
        "that a live venue's short window and a replay's whole history rank alike:",
        "",
        "| decision | longer |",
        "|---|---|",
        *(f"| {of} | {', '.join(longer) or 'none'} |" for of, longer in HIGHER.items()),
        "",
    ]
    for title, model, source, only in PARTS:
        lines += [f"## {title}", "", f"From {source}."]
        lines += ["", "| field | what it is |", "|---|---|", *_rows(model, only), ""]
    lines += [
        "## Pictures",
        "",
        f"{ROWS} hours of the shipped BTC/USD candles.",
        "",
        *(f"![{words}](images/feature-{name}.svg)\n" for name, words in PICTURES.items()),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _rows(model: type[BaseModel], only: Sequence[str]) -> list[str]:
    return [
        f"| `{name}` | {' '.join((field.description or '').split()).replace('|', '/')} |"
        for name, field in model.model_fields.items()
        if not only or name in only
    ]


def pictures() -> dict[str, str]:
    """Per name an SVG of one feature over the shipped candles."""
    text = decode(DATA.read_bytes(), where="box", zipped=True)
    series = read_series(text, Timeframe.H1, where="box")
    window = Candles(series, FROM_ROW, FROM_ROW + ROWS)
    span = f"{_day(window, 0)} to {_day(window, -1)}"
    table = features.feature_table(series)
    drawn = {}
    for name, words in PICTURES.items():
        values = series.close if name == "close" else table.column(name)
        drawn[name] = _svg(values[FROM_ROW : FROM_ROW + ROWS], f"{words}, {span}")
    return drawn


def _day(window: Candles, row: int) -> str:
    return iso(from_ms(int(window.open_ms[row])))[:10]


def _svg(values: np.ndarray, words: str) -> str:
    low, high = float(values.min()), float(values.max())
    x = np.linspace(0, WIDTH, len(values))
    y = HEIGHT - (values - low) / (high - low) * (HEIGHT - 20)
    points = " ".join(f"{a:.0f},{b:.0f}" for a, b in zip(x, y, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 4}" '
        f'width="{WIDTH}"><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="4" y="13" font-family="sans-serif" font-size="12" fill="#444">{words}; '
        f"{low:.4g} to {high:.4g}</text>"
        f'<polyline fill="none" stroke="#1f6feb" points="{points}"/></svg>\n'
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    for name, text in pictures().items():
        (DOCS / "images" / f"feature-{name}.svg").write_text(text, encoding="utf-8")
