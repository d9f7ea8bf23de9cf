"""The two setups of the rules planner, and when it leaves a position. Textbook rules, no edge.

They exist so that the whole machine can be seen at work without a key: a plan is proposed for a
stated reason, with a stop where the reason ends and a target that the chart suggests. A short is
the long of a chart turned upside down, so each rule is written once.

- *Breakout*: within the last 3 candles the close left the range of the 20 candles before them and
  is still outside, EMA 20 above EMA 50, and one of the 3 had at least 1.2 times the range's mean
  volume. Wrong below the lowest low of the last 6 candles. Target: the range's height beyond its
  edge (the measured move).
- *Pullback*: EMA 20 above EMA 50, RSI 7 was below 45 one or five candles ago, and the close is back
  above EMA 20 after one of the 3 before it was not. Wrong below the lowest low of the last 10
  candles. Target: the highest high of the last 48 candles.
- *Exit*: EMA 20 has crossed EMA 50 against the position and the close is beyond both.

Targets come from the chart, not from the gate's ratio: they often promise too little, and then the
plan is denied.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from agent.rules_reading import Candle, Facts

RANGE_BARS = 20
FRESH_BARS = 3
"""A signal counts this long: decisions need not be made on every candle."""
VOLUME_RATIO = 1.2
BREAKOUT_STOP_BARS = 6
PULLBACK_STOP_BARS = 10
PULLBACK_TARGET_BARS = 48
RSI_DIP = 45.0
HORIZON_BARS = 36
MIN_TARGET_ATR = 0.5
"""A target nearer than this is no target: the move has already happened."""
STOP_PAD_ATR = 0.1
"""The invalidation lies this far beyond the swing, so that touching it again is not yet wrong."""

_BASE_CONFIDENCE = 0.60


@dataclass(frozen=True, slots=True)
class Chart:
    """Facts as seen from one side: for a short all prices are negated, so that up is profit."""

    sign: int
    """1 for long, -1 for short."""
    candles: tuple[Candle, ...]
    ema_20: float
    ema_20_before: float
    ema_50: float
    rsi_7: tuple[float, ...]
    """Now, 1 and 5 bars ago; mirrored at 50 for a short."""
    atr: float

    @property
    def close(self) -> float:
        """Newest close."""
        return self.candles[-1].close


@dataclass(frozen=True, slots=True)
class Setup:
    """What a rule found, in real prices."""

    rule: str
    side: str
    invalidation: float
    target: float
    invalidation_from: str
    """Where it is read off, as a plan's `numbers` say it."""
    target_from: str
    why: str


def chart_of(facts: Facts, side: str) -> Chart | None:
    """The chart for one side; None when candles or an indicator are absent."""
    sign = 1 if side == "long" else -1
    ema_20, rsi_7 = facts.indicators.get("ema_20", ()), facts.indicators.get("rsi_7", ())
    needed = (*ema_20[:2], facts.now("ema_50"), facts.now("atr_14"), *rsi_7)
    known = [value for value in needed if value is not None]
    if len(known) < 7 or len(facts.candles) < PULLBACK_TARGET_BARS:
        return None
    now, before, slow, atr, *dips = known
    return Chart(
        sign=sign,
        candles=facts.candles if sign == 1 else tuple(map(_mirrored, facts.candles)),
        ema_20=sign * now,
        ema_20_before=sign * before,
        ema_50=sign * slow,
        rsi_7=tuple(dip if sign == 1 else 100 - dip for dip in dips),
        atr=atr,
    )


def find_setup(facts: Facts) -> Setup | None:
    """The first rule that fires; shorts only where the instrument can be shorted."""
    sides = ("long", "short") if facts.perpetual else ("long",)
    for side in sides:
        chart = chart_of(facts, side)
        setup = None if chart is None else _breakout(chart, side) or _pullback(chart, side)
        if setup is not None:
            return setup
    return None


def turned_against(facts: Facts, side: str) -> bool:
    """Whether the trend has turned against a position of this side."""
    chart = chart_of(facts, side)
    return chart is not None and chart.close < chart.ema_20 < chart.ema_50


def confidence(facts: Facts, side: str) -> float:
    """How sure the rules are, 0.60 to 0.80.

    0.60, up to 0.10 more for ADX 14 between 20 and 50, 0.05 for a regime that trends our way and
    0.05 for rising volume (ratio at least 1.2).
    """
    trend = {"long": "up", "short": "down"}[side]
    adx, volume = facts.now("adx_14") or 0.0, facts.now("volume_trend") or 0.0
    score = _BASE_CONFIDENCE + 0.10 * min(1.0, max(0.0, (adx - 20) / 30))
    score += 0.05 if (facts.regime or {}).get("trend") == trend else 0.0
    score += 0.05 if volume >= VOLUME_RATIO else 0.0
    return round(score, 2)


def proposal(setup: Setup, facts: Facts) -> dict[str, Any]:
    """The arguments of `propose_plan`."""
    target, invalidation = price(setup.target), price(setup.invalidation)
    return {
        "side": setup.side,
        "targets": [{"price": target}],
        "invalidation": invalidation,
        "horizon_bars": HORIZON_BARS,
        "thesis": f"Rule {setup.rule}: {setup.why}",
        "evidence": list(facts.evidence),
        "numbers": [
            equation(target, named(setup.target_from, facts)),
            equation(invalidation, named(setup.invalidation_from, facts)),
        ],
        "confidence": confidence(facts, setup.side),
    }


def price(value: float) -> float:
    """Eight significant digits: finer than any tick, and no noise of binary fractions."""
    return float(f"{value:.8g}")


def equation(value: float, source: str) -> str:
    """A number and where it comes from, as a plan's `numbers` take it."""
    return f"{Decimal(repr(value)):f} = {source}"


def named(source: str, facts: Facts) -> str:
    """A source by the ids under which the results were told."""
    for result_id in facts.evidence:
        source = source.replace(f"{{{result_id.partition('#')[0]}}}", result_id)
    return source


def _breakout(chart: Chart, side: str) -> Setup | None:
    before, fresh = (
        chart.candles[-RANGE_BARS - FRESH_BARS : -FRESH_BARS],
        chart.candles[-FRESH_BARS:],
    )
    top, bottom = max(c.high for c in before), min(c.low for c in before)
    mean_volume = sum(c.volume for c in before) / RANGE_BARS
    volume = max(c.volume for c in fresh)
    if not (chart.close > top and chart.ema_20 > chart.ema_50):
        return None
    if not (mean_volume > 0 and volume >= VOLUME_RATIO * mean_volume):
        return None
    target = top + (top - bottom)
    why = (
        f"close {_real(chart, chart.close)} has left the {RANGE_BARS}-bar range at "
        f"{_real(chart, top)} on {volume / mean_volume:.1f} times its volume, with the trend"
    )
    edge, far = (f"{{ohlcv}} {name}_{RANGE_BARS}[{FRESH_BARS}]" for name in _sides(chart))
    return _setup(chart, side, "breakout", BREAKOUT_STOP_BARS, (target, f"2 * {edge} - {far}"), why)


def _pullback(chart: Chart, side: str) -> Setup | None:
    earlier = (candle.close for candle in chart.candles[-FRESH_BARS - 1 : -1])
    crossed = min(earlier) <= chart.ema_20_before and chart.close > chart.ema_20
    if not (chart.ema_20 > chart.ema_50 and crossed and min(chart.rsi_7[1:]) < RSI_DIP):
        return None
    target = max(c.high for c in chart.candles[-PULLBACK_TARGET_BARS:])
    why = (
        f"trend intact (EMA 20 against EMA 50), RSI 7 had dipped to {min(chart.rsi_7[1:]):.0f} on "
        f"its side, and the close {_real(chart, chart.close)} is back across EMA 20"
    )
    seen = f"{{ohlcv}} {_sides(chart)[0]}_{PULLBACK_TARGET_BARS}"
    return _setup(chart, side, "pullback", PULLBACK_STOP_BARS, (target, seen), why)


def _setup(
    chart: Chart, side: str, rule: str, stop_bars: int, aim: tuple[float, str], why: str
) -> Setup | None:
    """The setup in real prices; None where the chart leaves no room for it.

    `aim` is the target and where it is read off.
    """
    target, target_from = aim
    wrong = min(c.low for c in chart.candles[-stop_bars:]) - STOP_PAD_ATR * chart.atr
    if target - chart.close < MIN_TARGET_ATR * chart.atr or wrong * chart.sign <= 0:
        return None
    if target * chart.sign <= 0:
        return None
    away = "-" if chart.sign == 1 else "+"
    wrong_from = (
        f"{{ohlcv}} {_sides(chart)[1]}_{stop_bars} {away} {STOP_PAD_ATR} * {{indicators}} atr_14"
    )
    return Setup(rule, side, wrong * chart.sign, target * chart.sign, wrong_from, target_from, why)


def _sides(chart: Chart) -> tuple[str, str]:
    """Names of the extreme ahead and of the one behind."""
    return ("high", "low") if chart.sign == 1 else ("low", "high")


def _mirrored(candle: Candle) -> Candle:
    return Candle(-candle.low, -candle.high, -candle.close, candle.volume)


def _real(chart: Chart, value: float) -> str:
    return f"{value * chart.sign:.8g}"
