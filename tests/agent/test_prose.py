"""Numbers of a thesis are ones that were shown; what is no figure of the market is left alone."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from agent.prose import Shown, strange_numbers

TEXTS = (
    "close 41213.5 rsi_14 62.2871 funding 0.0001 change 0.0321",
    '{"adx_14":-27.4,"v":1250000}',
)
SHOWN = Shown(TEXTS, [D("42000"), D("41000"), D("41500")])


@pytest.mark.parametrize(
    "thesis",
    [
        "Close 41213.5 above EMA20 and the 4h trend, RSI 62.3, ADX 27.4.",
        "41,213.5 and 41 213.5 and 41.2k and 1.25M of volume",
        "funding 0.01 %, up 3.2% in 24 candles, 48-bar high, 1.5 ATR beyond, 2.4R, 1.7 times, 3.5x",
        "From 41500 to 42000 is 1.2 %, and 1.19% back.",
        "Since 2026-01-28 14:30, ohlcv#1 and 20MA say so; RSI below 30, in the 50 % zone.",
        "",
    ],
)
def test_what_was_shown_or_is_no_figure_is_known(thesis):
    assert strange_numbers(thesis, SHOWN) == []


@pytest.mark.parametrize(
    ("thesis", "strange"),
    [
        ("Support at 40987.5 holds.", ["40987.5"]),
        ("RSI 62.4 and RSI 62.29", ["62.4"]),
        ("41,999 and 43.7k", ["41999", "43.7"]),
        ("up 4.7% with funding 0.09 %", ["4.7", "0.09"]),
        ("250 and again 250", ["250"]),
    ],
)
def test_what_was_nowhere_shown_is_named(thesis, strange):
    assert strange_numbers(thesis, SHOWN) == [D(text) for text in strange]
