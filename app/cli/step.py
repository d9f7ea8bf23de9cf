"""`plangate step`: one decision at a time, stopping before each node of the graph."""

from __future__ import annotations

from app.cli import parameters as p


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
) -> None:
    """The same run as `plangate run`, stopping before each node.

    Keys: n or Enter next node, c to the end of this decision, s state, p prompt, v verdict,
    e FIELD VALUE edit (such as: e draft.targets.0.price 43000), b back, q quit, ? help.
    """
    asked = dict(locals())
    import asyncio

    from app.cli.step_view import StepView
    from app.options import read_options
    from app.step_command import step_session

    options = read_options(**asked)
    asyncio.run(step_session(options, StepView()))
