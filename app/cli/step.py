"""`plangate step`: one decision at a time, stopping before each node of the graph."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from app.cli import parameters as p

if TYPE_CHECKING:
    from app.debugger.protocol import Screen

Work = Callable[["Screen"], Awaitable[None]]
"""What is shown."""

Armed = Annotated[
    bool, typer.Option("--armed", help="Commit what is approved and send its orders, as run does.")
]
FinishedRun = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="A finished run, by the beginning of its id; offline, from its trace alone.",
    ),
]
Plain = Annotated[
    bool, typer.Option("--plain", help="Line by line, as through a pipe; no full screen.")
]


def step(
    context: typer.Context,
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
    run: FinishedRun = None,
) -> None:
    """The same run as `plangate run`, stopping before each node: a screen with keys.

    Through a pipe, or with --plain, line by line with the same letters: n or Enter next node, c on
    to a breakpoint, k NAME breakpoint on a node, tool or code (such as: k RR_BELOW_MIN), s state,
    p prompt, t tools, v verdict, e PATH VALUE edit (such as: e draft.targets.0.price 43000; without
    a value in $EDITOR), b back, f fork, w switch branch, x compare branches, q quit, ? help.

    --run RUN steps through a finished decision from its trace, and wherever an edit leads; with
    --model somebody is asked what its model never was.

    Without --armed nothing is committed and no order is sent: what the gate approves ends as no
    trade with the code DISARMED.
    """
    _begin(**locals())


def _begin(
    context: typer.Context, run: str | None, *, armed: bool, plain: bool, **asked: Any
) -> None:
    if run is None:
        work = _step_on(asked, armed=armed)
    else:
        options = {p.name: p.opts[0] for p in context.command.params if p.name in asked}
        given = {
            name: words for name, words in options.items() if name and _is_given(context, name)
        }
        work = _step_again(run, asked, given, armed=armed)
    _show(work, plain=plain)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _step_on(asked: dict[str, Any], *, armed: bool) -> Work:
    from app.debugger.stepping import step_session
    from app.options import read_options

    options = read_options(**asked)
    return lambda screen: step_session(options, screen, armed=armed)


def _step_again(run: str, asked: dict[str, Any], given: dict[str, str], *, armed: bool) -> Work:
    """A finished run; a model is asked where one is named, never by default."""
    from app.debugger.rerunning import step_again
    from app.standing_in import stand_in_options
    from domain.errors import ConfigError

    if armed:
        raise ConfigError(f"--run {run!r} is a finished run and sends nothing; leave out --armed")
    allowed = {"session", *(_STAND_IN if "model" in given else ())}
    if idle := [words for name, words in given.items() if name not in allowed]:
        raise ConfigError(
            f"--run {run!r} is a finished run, in which these change nothing: {', '.join(idle)}; "
            "it takes --session, and with --model NAME its --models, --base-url and caps on money"
        )
    stand_in = stand_in_options(**{name: asked[name] for name in _STAND_IN})
    options = stand_in if "model" in given else None
    return lambda screen: step_again(run, asked["session"], screen, options)


_STAND_IN = (
    "model",
    "base_url",
    "models",
    "usd_per_decision",
    "usd_per_day",
    "usd_per_session",
)
"""What names the model that is asked in the place of the run's own."""


def _show(work: Work, *, plain: bool) -> None:
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


async def _as_coroutine(work: Work, screen: Screen) -> None:
    await work(screen)


def _terminal(*streams: TextIO) -> bool:
    return all(stream.isatty() for stream in streams)
