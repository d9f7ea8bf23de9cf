"""Edges of size: exposure, risk, margin, liquidity, smallest and largest orders, losses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.fuzz.near import (
    TINY,
    Edge,
    near,
    small,
    tighten,
    top,
)
from tests.fuzz.scene import Scene, short

D = Decimal


def exposure(s: Scene) -> None:
    """Equity, so that one notional limit is met exactly."""
    rate = tighten(
        s,
        s.rng.choice(
            [
                "max_symbol_notional_fraction",
                "max_gross_exposure_fraction",
                "max_net_exposure_fraction",
                "max_correlated_exposure_fraction",
                "max_leverage_ratio",
            ]
        ),
    )
    value = small(s)
    others: list[dict[str, Any]] = []
    for symbol in ("AAA/USD", "BBB/USD")[: s.rng.randrange(3)]:
        value_of = short(value * s.uniform(0.1, 2) * s.rng.choice([1, -1]))
        others.append({"symbol": symbol, "quantity": value_of, "mark": D(1)})
    signed = sum((row["quantity"] for row in others), D(0)) * s.direction
    gross = sum((abs(row["quantity"]) for row in others), D(0))
    after = s.rng.choice([value, value + gross, abs(value + signed)])
    s.doc["account"] = {
        "equity": max(short(after / rate) + near(s) * TINY, TINY),
        "positions": others,
    }
    rho = [D("0.7"), D("0.699999"), D("0.700001"), D(-1)]
    s.doc["market"]["correlations"] = {r["symbol"]: s.rng.choice(rho) for r in others}
    s.doc["market"]["turnover_24h"] = short(value * 1000)


def first_risk(s: Scene) -> None:
    """A replan whose first risk, or what is left of it, is met near or far from its size."""
    value = small(s)
    s.doc.pop("quantity" if s.rng.random() < 0.5 else "comment", None)
    away = s.rng.choice([0, 1, 2, 5, -1])
    adding = s.policy["max_scale_ins_count"] = s.rng.randrange(1, 4)
    s.doc["standing"] = {
        "risk_amount": short(value * s.uniform(0.001, 0.2)),
        "scale_ins_count": adding - 1,
        "held": s.rng.choice([D(0), s.step * 10]),
        "entry_price": s.ticks(s.start + s.direction * s.atr * s.rng.randrange(-3, 3)),
        "stop_price": max(s.doc["plan"]["invalidation"] + s.direction * away * s.tick, s.tick),
    }


def risk(s: Scene) -> None:
    """Equity or open risk, so that a risk budget is met exactly."""
    value = small(s)
    fee = s.doc["instrument"].setdefault("taker_fee_fraction", D("0.0005"))
    s.doc["market"].pop("funding", None)
    s.doc["market"]["realised_volatility"] = s.rng.choice([D(0), D("0.4"), D("0.8")])
    s.doc["plan"]["horizon_bars"] = 1
    stop = s.doc["plan"]["invalidation"] = s.ticks(s.start - s.direction * s.atr * 2)
    unit = abs(s.start - stop) + fee * (s.start + stop) + max(stop * D("0.0002"), s.atr / 20)
    loss = unit * s.doc["quantity"]
    account = s.doc["account"] = {"equity": short(max(loss * 200, value * 4))}
    s.doc["market"]["turnover_24h"] = short(value * 1000)
    if s.rng.random() < 0.5:
        account["equity"] = short(loss / tighten(s, "risk_per_trade_fraction")) + near(s) * TINY
        return
    room = account["equity"] * tighten(s, "max_open_risk_fraction") - loss
    row = {"symbol": "AAA/USD", "open_risk": max(short(room + near(s) * TINY), D(0))}
    if s.rng.random() < 0.5:
        account["positions"] = [{**row, "quantity": D(1), "mark": D(1)}]
    else:
        account["working_entries"] = [{**row, "side": "buy", "notional": D(1)}]


def margin(s: Scene) -> None:
    value, least = small(s), tighten(s, "min_free_margin_fraction")
    fee = s.doc["instrument"].setdefault("taker_fee_fraction", D("0.0005"))
    leverage = s.rng.choice([1, 2, 4, 5]) if s.perpetual else 1
    free = least * s.equity + value * (D(1) / leverage + fee) + near(s) * TINY
    s.doc["account"] = {"equity": s.equity, "free": short(free), "leverage_ratio": D(leverage)}


def position_leverage(s: Scene) -> None:
    most = tighten(s, "max_position_leverage_ratio") if s.perpetual else D(1)
    s.doc["account"]["leverage_ratio"] = most + near(s) * D("0.001")


def depth(s: Scene) -> None:
    share = tighten(s, "max_depth_fraction")
    small(s)
    size = short(s.doc["quantity"] / share) + near(s) * TINY
    top(s, max(size, TINY))


def turnover(s: Scene) -> None:
    share, value = tighten(s, "max_turnover_fraction"), small(s)
    s.doc["market"]["turnover_24h"] = max(short(value / share) + near(s) * TINY, D(0))


def usual_size(s: Scene) -> None:
    ratio, value = tighten(s, "max_usual_size_ratio"), small(s)
    usual = max(short(value / ratio) + near(s) * TINY, D(0))
    few = [usual] * s.rng.choice([19, 20, 20, 20])
    few[:9] = [D(0)] * 9
    few[-9:] = [usual * 9] * 9
    s.rng.shuffle(few)
    s.doc["account"]["recent_notionals"] = few


def smallest(s: Scene) -> None:
    """Sizes around the venue's smallest order, legs that are too small."""
    value = small(s)
    quantity = s.doc["quantity"]
    weight = s.doc["plan"]["targets"][-1].get("weight", D(1))
    instrument = s.doc["instrument"]
    kind = s.rng.randrange(3)
    if kind == 0:
        instrument["min_notional"] = max(short(value * weight) + near(s) * TINY, D(0))
    elif kind == 1:
        instrument["min_quantity"] = s.steps(quantity * weight) + near(s) * s.step
    else:
        s.doc["quantity"] = short(max(quantity + near(s) * s.step / 2, TINY))
    if s.rng.random() < 0.5:
        s.doc["account"]["equity"] = short(value * s.uniform(0.01, 4))
        del s.doc["quantity"]


def largest(s: Scene) -> None:
    small(s)
    s.doc["instrument"]["max_quantity"] = max(s.doc["quantity"] + near(s) * s.step, TINY)
    if s.rng.random() < 0.2:
        del s.doc["quantity"]


def daily_loss(s: Scene) -> None:
    rate = tighten(s, "max_daily_loss_fraction")
    deposits = s.rng.choice([D(0), short(s.equity / 8), -short(s.equity / 8)])
    start = short((s.equity - deposits) / (1 - rate)) + near(s) * TINY
    s.doc["account"].update(day_start_equity=start, net_deposits_today=deposits)


def drawdown(s: Scene) -> None:
    rate = tighten(s, "max_drawdown_fraction")
    s.doc["account"]["peak_equity"] = short(s.equity / (1 - rate)) + near(s) * TINY


SIZE: tuple[Edge, ...] = (
    exposure,
    first_risk,
    risk,
    margin,
    position_leverage,
    depth,
    turnover,
    usual_size,
    smallest,
    largest,
    daily_loss,
    drawdown,
    largest,
)
