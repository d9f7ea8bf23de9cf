"""Charts and tool results for the rules planner, written as the catalogue writes them."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from agent.critique import critique_messages
from domain.verdict import Denied

BARS = 64
ATR = 2.0

BREAKOUT = {"close": 102.5, "high": 102.6, "volume": 30.0}
"""A newest candle that leaves the flat range of 97 to 101 with thrice its volume."""


def ohlcv(flip: bool = False, **last: float) -> dict[str, Any]:
    """A flat range with a last candle of one's own; flipped, the same chart upside down."""
    bars = [{"high": 101.0, "low": 97.0, "close": 100.0, "volume": 10.0} for _ in range(BARS)]
    bars[-1] |= last
    if flip:
        bars = [
            {**b, "high": 200 - b["low"], "low": 200 - b["high"], "close": 200 - b["close"]}
            for b in bars
        ]
    rows = [["t", b["close"], b["high"], b["low"], b["close"], b["volume"]] for b in bars]
    columns = ["open_time", "open", "high", "low", "close", "volume"]
    return {"columns": columns, "rows": rows}


def indicators(**changes: tuple[float | None, ...]) -> dict[str, Any]:
    """An uptrend in its indicators: now, 1 and 5 bars ago."""
    values: dict[str, tuple[float | None, ...]] = {
        "ema_20": (101.0, 100.8, 100.2),
        "ema_50": (100.0, 99.9, 99.5),
        "rsi_7": (60.0, 55.0, 50.0),
        "atr_14": (ATR, ATR, ATR),
        "adx_14": (35.0, 34.0, 30.0),
        "volume_trend": (1.0, 1.0, 1.0),
        **changes,
    }
    rows = [[name, *three] for name, three in values.items()]
    return {"columns": ["indicator", "now", "1_bar_ago", "5_bars_ago"], "rows": rows}


def regime(**changes: Any) -> dict[str, Any]:
    """A calm uptrend."""
    return {"trend": "up", "sit_out": False, "sit_out_reasons": [], **changes}


def situation(kind: str = "spot", position: str = "none") -> HumanMessage:
    """The lines that the rules read, among others."""
    return HumanMessage(
        f"# Situation\n\nInstrument: BTC/USDT ({kind})\nOpen position: {position}\n\n## Candles\n"
    )


def talk(
    *,
    kind: str = "spot",
    position: str = "none",
    **results: dict[str, Any] | str,
) -> list[BaseMessage]:
    """Situation, the questions of the rules, and the results of the tools."""
    told: dict[str, dict[str, Any] | str] = {
        "ohlcv": ohlcv(**BREAKOUT),
        "indicators": indicators(),
        "regime": regime(),
        **results,
    }
    calls = [{"name": name, "args": {}, "id": f"q{n}"} for n, name in enumerate(told)]
    answers = [
        ToolMessage(
            body if isinstance(body, str) else json.dumps({"id": f"{name}#{n + 1}", **body}),
            tool_call_id=f"q{n}",
            name=name,
        )
        for n, (name, body) in enumerate(told.items())
    ]
    return [situation(kind, position), AIMessage("", tool_calls=calls), *answers]


def denied_with(messages: list[BaseMessage], reply: AIMessage, denial: Denied) -> list[BaseMessage]:
    """The conversation after the gate has said no."""
    return [*messages, reply, *critique_messages(reply, denial, 1, 1)]
