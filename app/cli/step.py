"""`plangate step`: one decision at a time, stopping before each node of the graph."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from app.cli import parameters as p

if TYPE_CHECKING:
    from app.debugger.protocol import Screen

Armed = Annotated[
    bool, typer.Option("--armed", help="Commit what is approved and send its orders, as run does.")
]
Plain = Annotated[
    bool, typer.Option("--plain", help="Line by line, as through a pipe; no full screen.")
]


def step(
    symbols: p.Symbols = None,
    market: p.Market = "box",
    model: p.Model = "rules",
    base_url: p.BaseUrl = None,
    models: p.ModelsFile = None,
    probe: p.Probe = True,
    timeframe: p.TimeframeText = "1h",
    every: p.Every = 1,
    start: p.From = None,
    end: p.To = None,
    capital: p.Capital = None,
    policy: p.PolicyFile = None,
    tools: p.ToolsFile = None,
    prompt: p.PromptFile = None,
    session: p.SessionName = None,
    market_url: p.MarketUrl = None,
    seed: p.Seed = 7,
    feeds: p.FeedsFile = None,
    heartbeat: p.Heartbeat = 1,
    wake_atr: p.WakeAtr = 1.0,
    seconds_per_decision: p.SecondsPerDecision = 180,
    usd_per_decision: p.UsdPerDecision = None,
    usd_per_day: p.UsdPerDay = None,
    usd_per_session: p.UsdPerSession = None,
    personality: p.Personality = None,
    consensus: p.Consensus = None,
    stability: p.Stability = 0,
    quorum: p.Quorum = 0.66,
    dispersion_atr: p.DispersionAtr = 2.0,
    flips: p.Flips = 0.25,
    armed: Armed = False,
    plain: Plain = False,
) -> None:
    """The same run as `plangate run`, stopping before each node.

    On a terminal a screen with keys; through a pipe, or with --plain, line by line with the same
    letters: n or Enter next node, c on to a breakpoint or the end, k NAME breakpoint on a node,
    tool or code (such as: k RR_BELOW_MIN), s state, p prompt, t tools, v verdict, e PATH VALUE edit
    (such as: e draft.targets.0.price 43000; without a value in $EDITOR), b back, f fork, w switch
    to another branch, x compare the branches, q quit, ? help.

    Without --armed nothing is committed and no order is sent: what the gate approves ends as no
    trade with the code DISARMED.
    """
    asked = {n: value for n, value in locals().items() if n not in {"armed", "plain"}}
    from app.debugger.stepping import step_session
    from app.options import read_options

    options = read_options(**asked)
    _show(lambda screen: step_session(options, screen, armed=armed), plain=plain)


def _show(work: Callable[[Screen], Awaitable[None]], *, plain: bool) -> None:
    """On a screen where there is one, else line by line."""
    import asyncio
    import os
    import sys

    if plain or os.environ.get("TERM", "dumb") == "dumb" or not _terminal(sys.stdin, sys.stdout):
        from app.cli.step_lines import LineScreen

        asyncio.run(_as_coroutine(work, LineScreen()))
        return
    from app.debugger.screen import DebuggerApp

    app = DebuggerApp(work)
    asyncio.run(app.run_to_the_end())
    if app.failure is not None:
        raise app.failure
    if app.interrupted:
        typer.echo("interrupted; what had ended is kept", err=True)
        raise typer.Exit(130)
    for words in app.last_words:
        typer.echo(words)


async def _as_coroutine(work: Callable[[Screen], Awaitable[None]], screen: Screen) -> None:
    await work(screen)


def _terminal(*streams: TextIO) -> bool:
    return all(stream.isatty() for stream in streams)
