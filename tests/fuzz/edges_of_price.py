"""Edges of price: spread, drift, collar, stop, targets, costs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.fuzz.near import (
    INSTANTS,
    TINY,
    Edge,
    near,
    perpetual,
    small,
    tighten,
    top,
)
from tests.fuzz.scene import Scene, short

D = Decimal


def spread(s: Scene) -> None:
    major = s.symbol.partition("/")[0] in ("BTC", "ETH")
    bps = tighten(s, "max_spread_bps" if major else "max_spread_minor_bps")
    half = s.ticks(s.mid * bps / 20_000)
    mid = short(half * 20_000 / bps) if s.rng.random() < 0.5 else s.ticks(s.mid)
    s.bid, s.ask = short(mid - half), short(mid + half + near(s) * s.tick)
    s.touch = s.ask if s.long else s.bid
    top(s, s.equity / s.mid * 100)


def drift(s: Scene) -> None:
    ratio = tighten(s, "max_decision_slippage_bps", "max_decision_slippage_atr_ratio")
    market, plan = s.doc["market"], s.doc["plan"]
    way = s.rng.choice([1, -1])
    if s.rng.random() < 0.5:
        plan["decision_price"] = market["last"] + way * (short(ratio * s.atr) + near(s) * s.tick)
    else:
        most = s.policy["max_decision_slippage_bps"] / 10_000
        decision = short(market["last"] / (1 + way * most))
        plan["decision_price"] = decision + near(s) * s.tick
    plan["decision_price"] = max(short(plan["decision_price"]), s.tick)


def collar(s: Scene) -> None:
    market = s.doc["market"]
    market["last_close"] = market["last"]
    ratio = tighten(s, "max_collar_fraction", "max_collar_atr_ratio")
    most = min(s.policy["max_collar_fraction"] * market["last"], ratio * s.atr)
    price = market["last"] - s.direction * (most + near(s) * s.tick)
    s.doc["plan"]["entry"] = max(short(price), s.tick)


def band(s: Scene) -> None:
    key = s.rng.choice(["min_price_ratio", "max_price_ratio"])
    s.doc["plan"].pop("entry", None)
    s.doc["market"]["last_close"] = s.doc["market"]["last"] = s.touch
    s.doc["instrument"][key] = D(1) + near(s) * D("0.0001")


def invalidation(s: Scene) -> None:
    away = s.rng.choice(
        [D(0), s.atr * tighten(s, "max_stop_atr_ratio"), s.start * tighten(s, "max_stop_fraction")]
    )
    price = s.start - s.direction * (away + near(s) * s.tick)
    s.doc["plan"]["invalidation"] = max(short(price), s.tick)


def strict_stop(s: Scene) -> None:
    s.policy["stop_mode"] = "strict"
    ratio = tighten(s, "min_stop_spread_ratio", "min_stop_atr_ratio")
    noise = max(ratio * s.atr, s.policy["min_stop_spread_ratio"] * (s.ask - s.bid))
    price = s.start - s.direction * (noise + near(s) * s.tick)
    s.doc["plan"]["invalidation"] = max(short(price), s.tick)


def target(s: Scene) -> None:
    price = max(short(s.start + near(s) * s.tick), s.tick)
    s.doc["plan"]["targets"][0]["price"] = price


def reward(s: Scene) -> None:
    """One target at the tick where net reward over net risk crosses its limit."""
    least = tighten(s, "min_reward_risk_ratio")
    fee = s.doc["instrument"].setdefault("taker_fee_fraction", D("0.0005"))
    stop = s.doc["plan"]["invalidation"] = s.ticks(s.start - s.direction * s.atr * 2)
    s.doc["market"].pop("funding", None)
    s.doc["plan"]["horizon_bars"] = 1
    risk = abs(s.start - stop) + fee * (s.start + stop) + max(stop * D("0.0002"), s.atr / 20)
    out = (least * risk + fee * s.start) / (1 - s.direction * fee)
    price = s.ticks(s.start + s.direction * out) + near(s) * s.tick
    s.doc["plan"]["targets"] = [{"price": max(short(price), s.tick)}]
    small(s)


def liquidation(s: Scene) -> None:
    """A maintenance margin at which liquidation is about as far as it has to be."""
    ratio = tighten(s, "min_liquidation_stop_ratio")
    leverage = s.rng.choice([1, 2, 4, 5])
    s.doc["account"]["leverage_ratio"] = D(leverage)
    small(s)
    stop = s.doc["plan"]["invalidation"] = s.ticks(s.start - s.direction * s.atr)
    away = (ratio * abs(s.start - stop) + s.atr) / s.start
    margin = short(max(D(1) / leverage - away + near(s) * D("1e-12"), D(0)))
    s.doc["instrument"]["maintenance_margin_fraction"] = margin


def slippage(s: Scene) -> None:
    """A second level so far away that the average costs about what it may."""
    bps = tighten(s, "max_entry_slippage_bps")
    s.doc["plan"].pop("entry", None)
    value = small(s) / s.start
    far = s.ticks(s.mid * (1 + s.direction * bps / 5000)) + near(s) * s.tick
    far = max(far, s.touch) if s.long else min(far, s.touch)
    side = "asks" if s.long else "bids"
    top(s, value * 1000)
    s.doc["market"]["book"][side] = [[s.touch, short(value / 2)], [far, short(value * 1000)]]


def funding_rate(s: Scene) -> None:
    perpetual(s)
    hours = s.rng.choice([1, 2, 4, 8, 16])
    rate = tighten(s, "max_funding_rate_8h_fraction") * hours / 8 + near(s) * TINY
    rate *= s.rng.choice([1, -1])
    s.doc["market"]["funding"] = {"rate_fraction": short(rate), "interval_hours": hours}


def funding_cost(s: Scene) -> None:
    """A rate at which the stamps within the horizon cost about their limit; stamps at its ends."""
    perpetual(s)
    share = tighten(s, "max_funding_cost_stop_fraction")
    hours, plan = s.rng.choice([1, 3, 8]), s.doc["plan"]
    end = s.bar * plan["horizon_bars"]
    plan["decided_at"] = s.stamp()
    ahead = s.rng.choice([timedelta(0), end, end - timedelta(hours=hours)])
    count = max(1, int(end / timedelta(hours=hours)))
    distance = abs(s.start - plan["invalidation"])
    rate = share * distance / s.start / count + near(s) * D("1e-12")
    s.doc["market"]["funding"] = {
        "rate_fraction": short(rate * s.direction * s.rng.choice([1, 1, -1])),
        "interval_hours": hours,
        "known_at": s.stamp(),
        "next_at": s.stamp(-ahead + s.rng.choice(INSTANTS)),
    }


PRICE: tuple[Edge, ...] = (
    spread,
    drift,
    collar,
    band,
    invalidation,
    strict_stop,
    target,
    reward,
    liquidation,
    slippage,
    funding_rate,
    funding_cost,
    strict_stop,
)
