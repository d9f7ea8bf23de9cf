"""Scenes in which the venue, the session or the plan's standing is not as it should be."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.fuzz.near import Edge, small
from tests.fuzz.scene import Scene, short

D = Decimal


def missing(s: Scene) -> None:
    """A fact that nobody could read."""
    market, account, plan = s.doc["market"], s.doc["account"], s.doc["plan"]
    market_keys = [
        "last",
        "last_at",
        "candle_known_at",
        "book",
        "atr",
        "realised_volatility",
        "funding",
        "last_close",
        "turnover_24h",
        "gap_bars",
        "venue_status",
        "clock_skew_s",
        "clock_jump_s",
    ]
    places = [(market, key) for key in market_keys]
    places += [(account, key) for key in ("trading_state", "kill_switch", "reconciled")]
    places += [(plan, "head_version")]
    for where, key in s.rng.sample(places, s.rng.choice([1, 1, 1, 2])):
        where[key] = None


def unknown_risk(s: Scene) -> None:
    row = {"symbol": "AAA/USD", "open_risk": None}
    value = short(s.equity / 100)
    if s.rng.random() < 0.5:
        s.doc["account"]["positions"] = [{**row, "quantity": D(1), "mark": value}]
    else:
        side = s.rng.choice(["buy", "sell"])
        s.doc["account"]["working_entries"] = [{**row, "side": side, "notional": value}]


def venue(s: Scene) -> None:
    s.doc["market"]["venue_status"] = s.rng.choice(["open", "closed", "maintenance"])
    s.doc["instrument"]["active"] = s.rng.random() < 0.5


def session(s: Scene) -> None:
    account = s.doc["account"]
    key, values = s.rng.choice(
        [
            ("trading_state", ["active", "reducing", "halted"]),
            ("kill_switch", [True, False]),
            ("reconciled", [True, False]),
        ]
    )
    account[key] = s.rng.choice(values)


def blackout(s: Scene) -> None:
    unit = timedelta(microseconds=s.rng.choice([0, 1, -1, 1000]))
    length = timedelta(hours=1)
    start = s.rng.choice([unit, unit + length])
    s.policy["blackouts"] = [f"{s.stamp(start)}/{s.stamp(start - length)}"]


def symbol(s: Scene) -> None:
    look_alike = s.symbol.replace("T", "Т").replace("S", "Ѕ")  # Cyrillic
    names = [s.symbol, s.symbol.lower(), f" {s.symbol}", s.symbol + "​", look_alike]
    kind = s.rng.randrange(3)
    if kind == 0:
        s.doc["allowed_symbols"] = s.rng.sample(names, 2)
    elif kind == 1:
        s.policy["symbols"] = s.rng.sample(names, 2)
    else:
        s.policy["symbols"], s.doc["allowed_symbols"] = [s.symbol], s.rng.choice([[], names])


def side(s: Scene) -> None:
    s.policy["sides"] = s.rng.choice([["long"], ["short"], ["short", "long"]])
    if s.rng.random() < 0.5:
        s.doc["instrument"]["kind"] = "spot"


def held(s: Scene) -> None:
    """Something in the plan's own symbol, and much of it elsewhere."""
    value = short(s.equity * s.uniform(0, 0.5))
    name = s.rng.choice([s.symbol, s.symbol, "AAA/USD"])
    if s.rng.random() < 0.5:
        quantity = value * s.rng.choice([1, -1])
        s.doc["account"]["positions"] = [{"symbol": name, "quantity": quantity, "mark": D(1)}]
    else:
        row = {"symbol": name, "side": s.rng.choice(["buy", "sell"]), "notional": value}
        s.doc["account"]["working_entries"] = [row]
    s.doc["market"]["correlations"] = {name: s.rng.choice([D("0.7"), D("-0.5"), D(1)])}


def versions(s: Scene) -> None:
    plan = s.doc["plan"]
    plan["version"] = s.rng.randrange(1, 4)
    plan["head_version"] = s.rng.randrange(1, 4)
    if s.rng.random() < 0.5:
        plan["policy_hash"] = f"{s.rng.getrandbits(128):032x}"
    if s.rng.random() < 0.3:
        s.doc["account"]["recent_drafts"] = [f"{s.rng.getrandbits(128):032x}"]


def evidence(s: Scene) -> None:
    rng, plan = s.rng, s.doc["plan"]
    plan["evidence"] = rng.sample(["ohlcv#1", "book#2", "news#3", "plain"], rng.randrange(3))
    s.policy["required_tools"] = rng.sample(["ohlcv", "book", "news"], rng.randrange(3))
    if rng.random() < 0.3:
        return
    decided = s.now - timedelta(seconds=1)
    plan["decided_at"] = s.stamp(timedelta(seconds=1))
    late = [timedelta(0), timedelta(microseconds=1), -timedelta(microseconds=1)]
    s.doc["tool_results"] = [
        {
            "result_id": f"{tool}#{number}",
            "tool": rng.choice([tool, tool, "other"]),
            "ok": rng.random() < 0.8,
            **({"as_of": (decided + rng.choice(late)).isoformat()} if rng.random() < 0.7 else {}),
        }
        for number, tool in enumerate(["ohlcv", "book", "news"], 1)
        if rng.random() < 0.8
    ]


def wary(s: Scene) -> None:
    """The plan's own conditions, standing in every way, some of them not told."""
    rng = s.rng
    known = ["4h close below 41200", "funding above 0.05 %", "price above 1", "1h rsi_14 above 70"]
    named = rng.sample(known, rng.randrange(1, 4))
    s.doc["plan"]["invalid_if"] = named
    if rng.random() < 0.2:
        return
    s.doc["readings"] = [
        {
            "condition": condition,
            "holds": rng.choice([False, False, False, True, None]),
            **({"measured": rng.randrange(9)} if rng.random() < 0.5 else {}),
        }
        for condition in rng.sample(known, 4)
        if rng.random() < 0.9
    ]


def broken_book(s: Scene) -> None:
    """Crossed, locked, one-sided, empty, thin or very long."""
    rng, book = s.rng, s.doc["market"]["book"]
    kind = rng.randrange(7)
    if kind == 0:
        book["bids"][0][0] = s.ask + s.tick * rng.choice([0, 1, 5])
    elif kind == 1:
        book[rng.choice(["bids", "asks"])] = []
    elif kind == 2:
        book["bids"], book["asks"] = [], []
    elif kind == 3:
        book["asks"] = [[s.ask + s.tick * i, short(s.equity / s.mid)] for i in range(400)]
    elif kind == 4:
        book["asks"][0][1] = book["bids"][0][1] = D("1e-9")
    elif kind == 5:
        rng.shuffle(book["asks"])
        rng.shuffle(book["bids"])
    else:
        s.doc["market"].pop("book")


def poor(s: Scene) -> None:
    """Accounts with little, nothing or less than nothing."""
    account = s.doc["account"]
    account["equity"] = s.rng.choice([D(0), D(-5), D("1e-9"), D("0.5"), short(s.mid * s.step)])
    if s.rng.random() < 0.5:
        account["day_start_equity"] = s.rng.choice([D(0), D(-1), D("0.5")])
        account["peak_equity"] = s.rng.choice([D(0), D(-1), D("0.5")])
        account["free"] = s.rng.choice([D(0), D(-1), D("0.5")])
    if s.rng.random() < 0.5:
        s.doc.pop("quantity", None)


def coarse(s: Scene) -> None:
    """Ticks and steps as coarse as the price or the size itself, and values off them."""
    instrument = s.doc["instrument"]
    if s.rng.random() < 0.5:
        instrument["price_tick"] = short(s.mid * s.uniform(0.001, 3))
    else:
        small(s)
        instrument["quantity_step"] = short(s.doc["quantity"] * s.uniform(0.01, 3))
        instrument["min_quantity"] = short(instrument["quantity_step"] * s.uniform(0.1, 3))
        if s.rng.random() < 0.5:
            del s.doc["quantity"]


def extreme(s: Scene) -> None:
    """Very large and very small numbers that the door still lets in."""
    numbers = [D("1e-24"), D("1e-12"), D("999999999999"), D("123456.789012345678")]
    places = [
        (s.doc["plan"], "invalidation"),
        (s.doc["plan"], "entry"),
        (s.doc["plan"]["targets"][0], "price"),
        (s.doc["plan"], "decision_price"),
        *((s.doc["market"], key) for key in ("last", "atr", "last_close", "turnover_24h")),
        (s.doc["market"], "realised_volatility"),
        *((s.doc["account"], key) for key in ("equity", "free", "leverage_ratio", "peak_equity")),
        *((s.doc["instrument"], key) for key in ("price_tick", "quantity_step", "min_quantity")),
        *((s.doc["instrument"], key) for key in ("min_notional", "max_quantity")),
        *((s.doc["instrument"], key) for key in ("taker_fee_fraction", "min_price_ratio")),
        (s.doc["instrument"], "maintenance_margin_fraction"),
        (s.doc, "quantity"),
        (s.doc["market"]["book"]["bids"][0], 1),
        (s.doc["market"]["book"]["asks"][0], 1),
    ]
    for where, key in s.rng.sample(places, s.rng.choice([1, 1, 2, 3])):
        where[key] = s.rng.choice(numbers)


def left_out(s: Scene) -> None:
    """Whatever has a default, left out."""
    needed = {"side", "targets", "invalidation", "confidence", "last", "atr", "symbol", "kind"}
    for section in ("plan", "market", "instrument", "account"):
        for key in [k for k in s.doc[section] if k not in needed]:
            if s.rng.random() < 0.3:
                del s.doc[section][key]


STATES: tuple[Edge, ...] = (
    *(
        missing,
        unknown_risk,
        venue,
        session,
        blackout,
        symbol,
        side,
        held,
        versions,
        evidence,
        wary,
    ),
    *(broken_book, poor, coarse, extreme, left_out),
)


def state_scene(rng: Random, state: Edge) -> Scene:
    """A scene in that state."""
    scene = Scene(rng, loose=rng.random() < 0.7)
    state(scene)
    return scene
