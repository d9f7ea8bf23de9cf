"""`plangate tools`: what the desk allows, what was asked of it, and any tool by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import parameters as p

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from app.options import SessionOptions

EXIT_REFUSED = 3

app = typer.Typer(
    help="The tools that a model may ask: their limits, their use, and any of them by hand.",
    no_args_is_help=True,
)
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="The moment asked about (UTC); default: now, or the data's end."),
]
Asked = Annotated[
    list[str] | None, typer.Option("--symbol", help="What it is about; several: the company.")
]
OfSession = Annotated[
    str | None, typer.Option("--session", help="Ask about this session's account and market.")
]


@app.command(name="list")
def list_tools(tools: p.ToolsFile = None, as_json: p.AsJson = False) -> None:
    """Every tool with the limits that hold for it; --tools FILE shows what a file comes to.

    A file of limits is TOML. Each key of [default] holds for every tool, unless [tools.NAME] says
    otherwise:

    \b
      calls_per_decision_count = 12
      cost_per_decision_units = 100
      [default]
      per_minute_count = 120
      [tools.order_book]
      max_latency_s = 3
      when = "before_proposal"        # or "first_turn", "always"
      [mcp.prices]                    # another's MCP server: its tool is prices_quote
      command = "prices-server"
      tools = ["quote"]
      env = ["PRICES_KEY"]
    """  # noqa: D301  # Click's mark, as a character
    from app.cli.output import print_json
    from app.cli.tools_view import show_tools
    from app.tools_command import tools_document

    document = tools_document(tools)
    if as_json:
        print_json(document)
    else:
        show_tools(document)


@app.command()
def stats(
    session: Annotated[str | None, typer.Option(help="Default: all sessions.")] = None,
    as_json: p.AsJson = False,
) -> None:
    """How often each tool was asked, refused and in cache, how long it took and what it cost."""
    from app.cli.output import print_json
    from app.cli.tools_view import show_stats
    from app.tools_command import stats_document

    document = stats_document(session)
    if as_json:
        print_json(document)
    else:
        show_stats(document)


@app.command()
def call(
    name: Annotated[str, typer.Argument(help="The tool, such as ohlcv.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ARGS]...", help="As bars=5 timeframe=4h, or one JSON object."),
    ] = None,
    symbols: Asked = None,
    market: p.Market = "box",
    market_url: p.MarketUrl = None,
    timeframe: p.TimeframeText = "1h",
    as_of: AsOf = None,
    session: OfSession = None,
    tools: p.ToolsFile = None,
    feeds: p.FeedsFile = None,
    seed: p.Seed = 7,
    as_json: p.AsJson = False,
) -> None:
    """Ask one tool once and print the answer as a model would read it.

    It passes the same desk: limits, cache, time, size. Exit code 3: it was refused or failed.

    \b
      plangate tools call ohlcv bars=3
      plangate tools call trades --market ccxt:binanceusdm --symbol BTC/USDT:USDT
      plangate tools call position --session NAME
    """  # noqa: D301
    import asyncio

    from app.cli.output import print_json
    from app.cli.tools_view import show_answer
    from app.tools_command import answer_document, call_tool, read_arguments

    options, moment = asked_options(
        symbols, market, market_url, timeframe, as_of, session, tools, feeds, seed
    )
    told = asyncio.run(call_tool(options, moment, name, read_arguments(arguments or ())))
    if as_json:
        print_json(answer_document(told))
    else:
        show_answer(told)
    if told.refusal:
        raise typer.Exit(EXIT_REFUSED)


def asked_options(
    symbols: list[str] | None,
    market: str,
    market_url: str | None,
    timeframe: str,
    as_of: str | None,
    session: str | None,
    tools: Path | None,
    feeds: Path | None,
    seed: int,
) -> tuple[SessionOptions, datetime | None]:
    """Options for a desk without a decision, and the moment asked about."""
    from dataclasses import replace

    from app.moments import read_moment
    from app.options import read_options

    moment = read_moment("--as-of", as_of)
    options = read_options(
        symbols=symbols,
        market=market,
        model="rules",
        base_url=None,
        timeframe=timeframe,
        every=1,
        start=None,
        end=None,
        capital=None,
        policy=None,
        session=session,
        decisions=None,
        market_url=market_url,
        seed=seed,
        tools=tools,
        feeds=feeds,
    )
    live = market.startswith("ccxt:") and moment is not None
    return (replace(options, start=moment) if live else options), moment
