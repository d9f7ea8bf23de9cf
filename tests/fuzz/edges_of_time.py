"""Edges of time, counts and pace: ages, stamps, pauses, numbers of things."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.fuzz.near import (
    INSTANTS,
    Edge,
    bars_long,
    near,
    span,
    tighten,
)
from tests.fuzz.scene import RANGES, Scene, short

D = Decimal


def quote_age(s: Scene) -> None:
    age = span(tighten(s, "max_quote_age_s")) + s.rng.choice(INSTANTS)
    where = s.rng.choice([s.doc["market"], s.doc["market"]["book"]])
    where["at" if "bids" in where else "last_at"] = s.stamp(age)


def candle_age(s: Scene) -> None:
    bars = tighten(s, "max_candle_age_bars")
    s.doc["market"]["candle_known_at"] = s.stamp(bars_long(s, bars) + s.rng.choice(INSTANTS))


def funding_age(s: Scene) -> None:
    hours = tighten(s, "max_funding_age_h")
    funding = s.doc["market"].setdefault("funding", {"next_at": s.stamp(-timedelta(hours=1))})
    funding["known_at"] = s.stamp(span(hours * 3600) + s.rng.choice(INSTANTS))


def future(s: Scene) -> None:
    ahead = -span(tighten(s, "max_clock_skew_s")) + s.rng.choice(INSTANTS)
    market, plan = s.doc["market"], s.doc["plan"]
    places = [(market, "last_at"), (market, "candle_known_at"), (market["book"], "at")]
    places.append((plan, "decided_at"))
    if "funding" in market:
        places.append((market["funding"], "known_at"))
    where, key = s.rng.choice(places)
    where[key] = s.stamp(ahead)


def clock(s: Scene) -> None:
    most = tighten(s, "max_clock_skew_s")
    key = s.rng.choice(["clock_skew_s", "clock_jump_s"])
    s.doc["market"][key] = (most + near(s) * D("0.001")) * s.rng.choice([1, -1])


def plan_age(s: Scene) -> None:
    s.doc["plan"]["decided_at"] = s.stamp(s.bar + s.rng.choice(INSTANTS))


def history(s: Scene) -> None:
    bars = tighten(s, "min_history_bars")
    s.doc["market"]["history_bars"] = max(0, int(bars) + near(s))
    gaps = tighten(s, "max_gap_bars")
    s.doc["market"]["gap_bars"] = max(0, int(gaps) + near(s))


def counts(s: Scene) -> None:
    for key, field in (
        ("max_open_orders_count", "open_orders"),
        ("max_trades_day_count", "trades_today"),
        ("max_trades_day_symbol_count", "trades_today_symbol"),
        ("max_orders_minute_count", "orders_last_minute"),
    ):
        s.doc["account"][field] = max(0, int(tighten(s, key)) - 1 + s.rng.choice([-1, 0, 1, 1]))


def replans(s: Scene) -> None:
    """A new version of a plan that stands, as often as may be or once more."""
    most = s.policy["max_replans_count"] = s.rng.randrange(5)
    adding = s.policy["max_scale_ins_count"] = s.rng.randrange(3)
    held = s.rng.random() < 0.5
    s.doc["standing"] = {
        "risk_amount": short(s.equity),
        "replans_count": max(0, most - 1 + near(s)),
        "scale_ins_count": max(0, adding - 1 + near(s)),
        "held": D("0.0001") if held else D(0),
        "entry_price": s.doc["market"]["last"],
        "stop_price": s.doc["plan"]["invalidation"] if s.rng.random() < 0.7 else None,
    }
    if held:
        row = {"symbol": s.symbol, "quantity": D(1), "mark": short(s.equity / 1000)}
        s.doc["account"]["positions"] = [row]


def positions(s: Scene) -> None:
    s.policy["max_open_positions_count"] = s.rng.randrange(1, 6)
    held = max(0, s.policy["max_open_positions_count"] - 1 + near(s))
    worth = short(s.equity / 1000)
    rows = [{"symbol": f"X{i}/USD", "quantity": D(1), "mark": worth} for i in range(held)]
    cut = s.rng.randrange(held + 1)
    s.doc["account"]["positions"] = rows[:cut]
    s.doc["account"]["working_entries"] = [
        {"symbol": row["symbol"], "side": s.rng.choice(["buy", "sell"]), "notional": worth}
        for row in rows[cut:]
    ]


def cooldown(s: Scene) -> None:
    stopped = s.rng.random() < 0.5
    bars = tighten(s, "cooldown_after_stop_bars" if stopped else "cooldown_bars")
    age = bars_long(s, bars) * s.rng.choice([1, 1, 0.5])
    at = s.stamp(age + s.rng.choice(INSTANTS))
    symbol = s.rng.choice([s.symbol, s.symbol, "AAA/USD"])
    s.doc["account"]["recent_exits"] = [{"symbol": symbol, "at": at, "stopped": stopped}]


def streak(s: Scene) -> None:
    count = s.policy["loss_streak_count"] = s.rng.randrange(1, 6)
    window, pause = tighten(s, "loss_streak_window_bars"), s.rng.randrange(1, 30)
    s.policy["loss_streak_pause_bars"] = pause
    newest = bars_long(s, D(pause)) * s.rng.choice([1, 1, 0.5]) + s.rng.choice(INSTANTS)
    oldest = newest + bars_long(s, D(int(window))) + s.rng.choice(INSTANTS)
    ages = [newest, oldest, *(newest for _ in range(max(0, count - 2 + near(s))))]
    s.rng.shuffle(ages)
    s.doc["account"]["recent_exits"] = [
        {"symbol": "AAA/USD", "at": s.stamp(age), "stopped": s.rng.random() < 0.95} for age in ages
    ]


def confidence(s: Scene) -> None:
    key = s.rng.choice(["min_confidence_fraction", "full_size_confidence_fraction"])
    value = tighten(s, key) + near(s) * D("0.001")
    s.doc["plan"]["confidence"] = min(max(value, D(0)), D(1))


def any_tight(s: Scene) -> None:
    """Three limits anywhere in their ranges."""
    tighten(s, *s.rng.sample(sorted(RANGES), 3))


TIME: tuple[Edge, ...] = (
    quote_age,
    candle_age,
    funding_age,
    future,
    clock,
    plan_age,
    history,
    counts,
    positions,
    replans,
    cooldown,
    streak,
    confidence,
    any_tight,
    *(counts, cooldown, cooldown, streak, streak),
)
