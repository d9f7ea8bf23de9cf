"""`plangate mcp`: our tools for any MCP client."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import parameters as p
from app.cli import tools as t


def mcp(
    symbols: t.Asked = None,
    market: p.Market = "box",
    market_url: p.MarketUrl = None,
    timeframe: p.TimeframeText = "1h",
    as_of: t.AsOf = None,
    session: t.OfSession = None,
    tools: p.ToolsFile = None,
    feeds: p.FeedsFile = None,
    seed: p.Seed = 7,
    http: Annotated[
        int | None,
        typer.Option(min=1, max=65_535, help="Serve on this port of 127.0.0.1 instead of stdio."),
    ] = None,
) -> None:
    """Serve the read-only tools to any MCP client, under the same limits as a model's.

    Over standard input and output, as clients start servers; in a client's settings:

    \b
      {"mcpServers": {"plangate": {"command": "plangate",
        "args": ["mcp", "--market", "ccxt:binanceusdm", "--symbol", "BTC/USDT:USDT"]}}}

    Nothing that is served can act. Calls are counted: plangate tools stats --session mcp.
    """  # noqa: D301  # Click's mark, as a character
    import asyncio

    from app.mcp_command import serve

    options, moment = t.asked_options(
        symbols, market, market_url, timeframe, as_of, session, tools, feeds, seed
    )
    asyncio.run(serve(options, moment, http))
