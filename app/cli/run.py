"""`plangate run`: decide on a schedule or over history, and trade what passes on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from app.cli import parameters as p

if TYPE_CHECKING:
    from app.options import SessionOptions


def run(
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
    decisions: p.Decisions = None,
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
    faults: p.Faults = None,
    as_json: p.AsJson = False,
) -> None:
    """Run a paper session.

    Over recorded data (box, synthetic, files, or ccxt with --from and --to) it replays as fast as
    it can; over a live exchange it decides at each candle's close until Ctrl-C.

    --faults SPEC makes the paper venue as bad as real ones are: try --faults rough. SPEC is a
    preset (rough, deaf, jumbled) or names such as lost-reply=0.1,late=0.2,seed=3, or both, or a
    .toml or .json file of them. Shares from 0 to 1: lost-request, lost-reply, outage, late,
    duplicate, out-of-order, reject, reject-exit, refuse-amend, race-cancel, partial-cancel,
    hidden. Whole numbers: outage-calls, hidden-seconds, seed. The same seed gives the same faults.
    """
    asked = {n: value for n, value in locals().items() if n != "as_json"}
    from app.options import read_options

    _run(read_options(**asked), as_json=as_json)


def _run(options: SessionOptions, *, as_json: bool) -> None:
    import asyncio

    from app.cli.run_view import RunView, show_result
    from app.run_command import run_session

    with RunView(quiet=as_json) as view:
        ran = asyncio.run(run_session(options, view))
    show_result(ran, as_json=as_json)
    if ran.interrupted:
        name = ran.document["session"]["name"]
        typer.echo(f"interrupted; the same command with --session {name} goes on", err=True)
        raise typer.Exit(130)
