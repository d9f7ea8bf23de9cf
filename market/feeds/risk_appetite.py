"""Risk-on or risk-off: one number from what other markets did in the last week.

::

    part_i  = sign_i * clip(m_i / (2 * s_i), -1, 1)
    m_i     = ln(x_i now / x_i five daily values ago)
    s_i     = standard deviation of the last 60 daily ln changes (at least 20), times sqrt 5
    score   = mean of the parts that there are, -1 (risk off) to 1 (risk on)

    sign +1  SPY, QQQ, ETH/BTC       money goes to what is riskier
    sign -1  VIX, DXY, gold, BTC dominance   money goes to shelter

`risk_on` from 0.25, `risk_off` from -0.25, `mixed` between. A part is missing when it has fewer
than 21 daily values, when its newest is older than five days, or when it does not move. Fewer than
three parts give no score; what is missing is said, and takes no part in the mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from market.feeds.protocol import MacroAsset, Observation

Part = MacroAsset | Literal["eth_btc"]
Label = Literal["risk_on", "risk_off", "mixed"]

SIGNS: Mapping[Part, int] = {
    "spy": 1,
    "qqq": 1,
    "eth_btc": 1,
    "vix": -1,
    "dxy": -1,
    "gold": -1,
    "btc_dominance": -1,
}
MOVE_DAYS = 5
SPREAD_DAYS = 60
LEAST_CHANGES_COUNT = 20
LEAST_PARTS_COUNT = 3
FULL_MOVE_SIGMAS = 2.0
LABEL_FROM = 0.25
STALE_AFTER = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Daily:
    """One value a day, oldest first."""

    values: tuple[float, ...]
    known_at: datetime
    """When the newest became known."""
    newest_at: datetime
    """The moment it is of."""


@dataclass(frozen=True, slots=True)
class RiskAppetite:
    """The composite and what it rests on."""

    score: float | None
    label: Label | None
    parts: Mapping[Part, float]
    missing: tuple[str, ...]
    """What takes no part and why; with fewer than three parts also that there is no score."""


def daily_of(observations: Iterable[Observation]) -> dict[MacroAsset, Daily]:
    """Per market the last value of each UTC day, as it was last known."""
    days: dict[MacroAsset, dict[object, Observation]] = {}
    for one in sorted(observations, key=lambda o: (o.at, o.known_at)):
        days.setdefault(one.asset, {})[one.at.date()] = one
    return {
        asset: Daily(
            tuple(one.value for one in kept.values()),
            max(one.known_at for one in kept.values()),
            max(one.at for one in kept.values()),
        )
        for asset, kept in days.items()
    }


def risk_appetite(series: Mapping[Part, Daily], as_of: datetime) -> RiskAppetite:
    """The composite as of a moment; the formula is the module's."""
    parts: dict[Part, float] = {}
    missing: list[str] = []
    for name, sign in SIGNS.items():
        found = _part(series.get(name), as_of)
        if isinstance(found, str):
            missing.append(f"{name}: {found}")
        else:
            parts[name] = round(sign * found, 4)
    if len(parts) < LEAST_PARTS_COUNT:
        missing.append(
            f"risk appetite: {len(parts)} of {len(SIGNS)} parts, at least {LEAST_PARTS_COUNT} "
            "are needed"
        )
        return RiskAppetite(None, None, parts, tuple(missing))
    score = round(sum(parts.values()) / len(parts), 4)
    return RiskAppetite(score, _label(score), parts, tuple(missing))


def _part(daily: Daily | None, as_of: datetime) -> float | str:
    """The unsigned part, -1 to 1, or why there is none."""
    if daily is None:
        return "no feed of the session has it"
    if as_of - daily.newest_at > STALE_AFTER:
        return f"stale, its newest value is of {daily.newest_at:%Y-%m-%d}"
    changes = _changes(daily.values)
    if len(changes) < LEAST_CHANGES_COUNT:
        return f"{len(daily.values)} of {LEAST_CHANGES_COUNT + 1} daily values"
    spread = _deviation(changes) * math.sqrt(MOVE_DAYS)
    if spread <= 0:
        return "does not move"
    move = math.log(daily.values[-1] / daily.values[-1 - MOVE_DAYS])
    return max(-1.0, min(1.0, move / (FULL_MOVE_SIGMAS * spread)))


def _changes(values: Sequence[float]) -> list[float]:
    newest = values[-1 - SPREAD_DAYS :]
    return [math.log(b / a) for a, b in pairwise(newest)]


def _deviation(changes: Sequence[float]) -> float:
    mean = sum(changes) / len(changes)
    return math.sqrt(sum((c - mean) ** 2 for c in changes) / (len(changes) - 1))


def _label(score: float) -> Label:
    if score >= LABEL_FROM:
        return "risk_on"
    return "risk_off" if score <= -LABEL_FROM else "mixed"
