"""Indicators: the default set at once, the wider catalogue by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from langchain_core.tools import tool
from pydantic import Field

from domain.candles import Candles
from domain.snapshot import Features
from market.features import WARMUP_BARS, features_at
from market.indicator_list import INDICATORS
from tools.catalog.answering import (
    Request,
    TimeframeName,
    answer,
    history,
    rounded,
    symbol_of,
    table,
    timeframe_of,
)
from tools.protocol import ToolComplaint

SHOWN_AGES_BARS = (0, 1, 5)
"""Now, one and five candles ago: a level says little without where it came from."""
COLUMNS = ("indicator", "now", "1_bar_ago", "5_bars_ago")
CATALOG_NAMES = f"Further ones, of: {' '.join(sorted(INDICATORS))}."
"""The list as the model reads it, at a third of an enumeration's tokens; `compute` refuses what is
not on it with near misses."""
_NOT_INDICATORS = {"timeframe", "bars", "known_at"}


@tool(parse_docstring=True)
async def indicators(  # noqa: D417  # what `names` may be is said from the catalogue
    request: Request,
    symbol: str | None = None,
    timeframe: TimeframeName | None = None,
    names: Annotated[list[str], Field(max_length=8, description=CATALOG_NAMES)] = [],  # noqa: B006  # never changed,
) -> dict[str, Any]:
    """Indicators on closed candles, now, 1 and 5 bars ago: the usual ones, and those named.

    Args:
        request: Injected by the desk.
        symbol: Left out, the one under decision.
        timeframe: Left out, the decision's.
    """
    name, length = symbol_of(request, symbol), timeframe_of(request, timeframe)
    candles = await history(request, name, length)
    rows = _default_set(candles)
    for extra in names:
        rows += _extra(extra, candles)
    warming = candles.stop < WARMUP_BARS
    return answer(
        request,
        candles.known_at,
        [(f"candles.{length}", name)],
        symbol=name,
        timeframe=length.value,
        **table(COLUMNS, rows),
        missing=[f"warming up: {candles.stop} of {WARMUP_BARS} bars"] if warming else [],
    )


def _default_set(candles: Candles) -> list[list[Any]]:
    seen = [_at(candles, age) for age in SHOWN_AGES_BARS]
    fields = [field for field in Features.model_fields if field not in _NOT_INDICATORS]
    return [
        [field, *(rounded(getattr(one, field)) if one else None for one in seen)]
        for field in fields
    ]


def _at(candles: Candles, age_bars: int) -> Features | None:
    if age_bars >= len(candles):
        return None
    return features_at(replace(candles, stop=candles.stop - age_bars))


def _extra(name: str, candles: Candles) -> list[list[Any]]:
    """One row per line of an indicator of the catalogue."""
    from market.indicator_catalog import compute

    try:
        lines = compute(name, candles, last=max(SHOWN_AGES_BARS) + 1)
    except ValueError as error:
        raise ToolComplaint("BAD_ARGUMENTS", f"names: {error}") from error
    return [
        [
            name if line == name else f"{name}.{line}",
            *(rounded(values[-1 - age]) if age < len(values) else None for age in SHOWN_AGES_BARS),
        ]
        for line, values in lines.items()
    ]
