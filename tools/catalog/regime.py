"""What kind of market it is, by rules."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import tool

from domain.candles import Timeframe
from domain.snapshot import Regime
from market.observe import Observer
from tools.catalog.answering import Request, answer, rounded, symbol_of


@tool(parse_docstring=True)
async def regime(request: Request, symbol: str | None = None) -> dict[str, Any]:
    """Market regime: volatility bucket, trend, liquidity, breadth, and whether to sit out and why.

    Args:
        request: Injected by the desk.
        symbol: Left out, the one under decision.
    """
    name = symbol_of(request, symbol)
    # The observer's own code, so that a tool never contradicts the snapshot of the same moment.
    observer = Observer(request.source, Timeframe(request.timeframe), request.symbols)
    snapshot = await observer.snapshot(name, request.as_of)
    found = _told(snapshot.regime)
    dispersion = snapshot.universe.dispersion_fraction if snapshot.universe else None
    return answer(
        request,
        snapshot.provenance[f"candles.{request.timeframe}"].known_at,
        [(datum, name) for datum in snapshot.provenance if datum.startswith("candles.")],
        symbol=name,
        **found,
        dispersion_fraction=rounded(dispersion),
        longer=[_told(longer) for longer in snapshot.longer_regimes],
        missing=[gap for gap in snapshot.missing if "percentile" in gap or "breadth" in gap],
    )


def _told(found: Regime) -> dict[str, Any]:
    return {
        key: rounded(value) if type(value) is float else value
        for key, value in found.model_dump(mode="json").items()
    }
