"""The options that `run` and `step` share, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Symbols = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SYMBOL]...", help="Such as BTC/USD; box and synthetic have defaults."),
]
Market = Annotated[
    str,
    typer.Option(
        help="box (shipped BTC candles), synthetic[:SEED], files:PATH, store:NAME (see plangate "
        "data) or ccxt:EXCHANGE; "
        "ib:HOST:PORT (stocks, a running TWS or IB Gateway); "
        "ccxt:HOME,STANDBY falls over and compares prices."
    ),
]
MarketUrl = Annotated[
    str | None, typer.Option(help="Other address of the ccxt exchange, one each.")
]
Model = Annotated[
    str,
    typer.Option(
        help="rules (deterministic, no LLM), KIND:NAME such as openai:NAME or ollama:NAME, local "
        "(weak, on this machine), or a name of --models; see: plangate model list."
    ),
]
ModelsFile = Annotated[
    Path | None,
    typer.Option("--models", help="Models by name (TOML): address, limits, price, fallback."),
]
Probe = Annotated[
    bool,
    typer.Option("--probe/--no-probe", help="Before the first decision see if the model is fit."),
]
BaseUrl = Annotated[str | None, typer.Option(help="Any OpenAI-compatible endpoint.")]
TimeframeText = Annotated[
    str, typer.Option("--timeframe", help="Candles to decide on: 1m 5m 15m 30m 1h 4h 1d.")
]
Every = Annotated[int, typer.Option(min=1, max=10_000, help="Decide on every N-th closed candle.")]
From = Annotated[str | None, typer.Option("--from", help="First decision, as 2023-02-01 (UTC).")]
To = Annotated[str | None, typer.Option("--to", help="Nothing is seen or filled after this.")]
Capital = Annotated[
    list[str] | None,
    typer.Option(
        help="Starting money, such as 10000; of several currencies 10000USDT, each on its own. "
        "[default: 10000]",
        show_default=False,
    ),
]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="Policy file (TOML); default: built-in limits.")
]
ToolsFile = Annotated[
    Path | None,
    typer.Option("--tools", help="Limits of the tools (TOML); see: plangate tools list."),
]
PromptFile = Annotated[
    Path | None,
    typer.Option("--prompt", help="Budgets of the prompt's sections in tokens (TOML)."),
]
SessionName = Annotated[
    str | None,
    typer.Option("--session", help="The same name again goes on where it stopped."),
]
Seed = Annotated[int, typer.Option(min=0, help="Of the synthetic market.")]
Faults = Annotated[
    str | None,
    typer.Option(metavar="SPEC", help="Inject faults between us and the paper venue; see above."),
]
FeedsFile = Annotated[
    Path | None,
    typer.Option("--feeds", help="News, sentiment and other markets (TOML); see: feeds --help."),
]
Heartbeat = Annotated[
    int,
    typer.Option(
        min=1,
        max=10_000,
        help="Ask the model at every N-th decision at the least, and where something happened.",
    ),
]
WakeAtr = Annotated[
    float,
    typer.Option(min=0.01, max=100, help="With --heartbeat: a move of so many ATR happened."),
]
SecondsPerDecision = Annotated[
    float,
    typer.Option(
        min=1, max=3600, help="A decision without an answer by then is no trade; for slow models."
    ),
]
Personality = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How the model looks at markets: conservative, aggressive, contrarian, trend.",
    ),
]
Consensus = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help="Who else is asked before anything is opened: personalities, models, or "
        "PERSONALITY@MODEL.",
    ),
]
Stability = Annotated[
    int, typer.Option(min=0, max=8, help="Ask the model so many times more, put otherwise.")
]
Quorum = Annotated[
    float, typer.Option(min=0.51, max=1, help="Least share of all asked that would do the same.")
]
DispersionAtr = Annotated[
    float, typer.Option(min=0.01, max=10, help="Farthest that their levels may lie apart, in ATR.")
]
Flips = Annotated[
    float, typer.Option(min=0, max=0.99, help="With --stability: most that may turn out otherwise.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON document on standard output, the rest on error.")
]
Decisions = Annotated[int | None, typer.Option(min=1, help="Stop after so many decisions.")]
UsdPerDecision = Annotated[
    str | None,
    typer.Option(
        metavar="USD", help="Models may cost at most so much a decision.", show_default=False
    ),
]
UsdPerDay = Annotated[
    str | None,
    typer.Option(metavar="USD", help="A day (UTC), all sessions together.", show_default=False),
]
UsdPerSession = Annotated[
    str | None,
    typer.Option(
        metavar="USD",
        help="This session. Each cap is kept with it; none lifts it.",
        show_default=False,
    ),
]
