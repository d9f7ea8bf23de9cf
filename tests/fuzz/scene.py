"""A plausible case, made from a seed: market, plan, account and policy that fit each other.

Most scenes are approved or denied for one reason; the edges and the hostile forms start from one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from random import Random
from typing import Any

from policies.document import case_schema
from policies.presets import PRESETS
from tests.oracle.limits import LIMITS, WORDS
from tests.oracle.reading import BARS

D = Decimal
DIGITS = Context(prec=18)
LOOSE: dict[str, Any] = {
    key: D(value)
    for key, value in {
        "risk_per_trade_fraction": "0.02",
        "max_open_risk_fraction": "0.2",
        "volatility_target_fraction": "2",
        "min_reward_risk_ratio": "1",
        "min_confidence_fraction": "0",
        "full_size_confidence_fraction": "0",
        "min_stop_atr_ratio": "0.5",
        "max_stop_atr_ratio": "10",
        "max_stop_fraction": "0.2",
        "min_stop_spread_ratio": "1",
        "min_liquidation_stop_ratio": "1",
        "max_symbol_notional_fraction": "2",
        "max_gross_exposure_fraction": "3",
        "max_net_exposure_fraction": "3",
        "max_correlated_exposure_fraction": "3",
        "max_leverage_ratio": "5",
        "max_position_leverage_ratio": "5",
        "min_free_margin_fraction": "0",
        "max_spread_bps": "100",
        "max_spread_minor_bps": "100",
        "max_entry_slippage_bps": "100",
        "max_depth_fraction": "1",
        "max_turnover_fraction": "0.05",
        "max_usual_size_ratio": "20",
        "max_collar_fraction": "0.05",
        "max_collar_atr_ratio": "10",
        "max_decision_slippage_bps": "200",
        "max_decision_slippage_atr_ratio": "2",
        "max_funding_rate_8h_fraction": "0.02",
        "max_funding_cost_stop_fraction": "1",
    }.items()
}
"""Limits that let almost everything pass, so that the one under test decides."""
SYMBOLS = ("BTC/USD", "ETH/USDT", "SOL/USDT:USDT", "DOGE/USD", "btc/usd", "1000SATS/USDT")
RANGES = {
    key: row
    for key, row in case_schema()["properties"]["policy"]["properties"].items()
    if key not in WORDS
}


def short(value: Decimal) -> Decimal:
    """At most 18 significant digits, as the door reads them."""
    return DIGITS.plus(value)


class Scene:
    """A case document in the making, and what its numbers were made from."""

    def __init__(self, rng: Random, *, loose: bool = False) -> None:
        self.rng = rng
        self.now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(
            milliseconds=rng.randrange(366 * 86_400_000)
        )
        self.policy: dict[str, Any] = dict(LOOSE) if loose else random_policy(rng)
        self.perpetual = rng.random() < 0.6
        self.long = not self.perpetual or rng.random() < 0.5
        self.direction = 1 if self.long else -1
        self.timeframe = rng.choice(["15m", "1h", "1h", "4h", "1d"])
        self.bar = timedelta(microseconds=BARS[self.timeframe])
        self.doc: dict[str, Any] = {"instrument": self._instrument()}
        self.doc["market"] = self._market()
        self.doc["account"] = self._account()
        self.doc["plan"] = self._plan()
        self.doc["policy"] = self.policy
        if rng.random() < 0.33:
            self.doc["quantity"] = self._fixed_quantity()

    def limit(self, key: str) -> Any:
        """The limit in force."""
        return self.policy[key] if key in self.policy else D(str(LIMITS[key]))

    def uniform(self, low: float, high: float, digits: int = 3) -> Decimal:
        return D(f"{self.rng.uniform(low, high):.{digits}g}")

    def ticks(self, price: Decimal, rounding: str = ROUND_FLOOR) -> Decimal:
        """`price` on the tick, at least one tick."""
        count = max(D(1), (price / self.tick).to_integral_value(rounding))
        return short(count * self.tick)

    def steps(self, quantity: Decimal, rounding: str = ROUND_FLOOR) -> Decimal:
        count = max(D(1), (quantity / self.step).to_integral_value(rounding))
        return short(count * self.step)

    def stamp(self, before: timedelta = timedelta(0)) -> str:
        """The moment that lies `before` now."""
        return (self.now - before).isoformat().replace("+00:00", "Z")

    def _instrument(self) -> dict[str, Any]:
        rng = self.rng
        self.mid = self.uniform(1, 10, 6) * D(10) ** rng.randrange(-1, 5)
        magnitude = self.mid.adjusted()
        self.tick = D(rng.choice(["1", "1", "1", "5", "2.5"])).scaleb(
            magnitude - rng.choice([4, 5])
        )
        self.equity = short(self.uniform(1, 10, 4) * D(10) ** rng.randrange(2, 6))
        usual = (self.equity / self.mid / 5).adjusted()
        self.step = D(rng.choice(["1", "1", "1", "5", "3"])).scaleb(usual - rng.choice([2, 3, 4]))
        self.symbol = rng.choice(SYMBOLS)
        out: dict[str, Any] = {
            "symbol": self.symbol,
            "kind": "perpetual" if self.perpetual else "spot",
            "price_tick": self.tick,
            "quantity_step": self.step,
            "min_quantity": self.step * rng.choice([1, 1, 2, 5]),
            "min_notional": D(rng.choice([0, 1, 5])),
        }
        if rng.random() < 0.3:
            out["taker_fee_fraction"] = self.uniform(0, 0.002)
        return out

    def _market(self) -> dict[str, Any]:
        rng = self.rng
        self.atr = short(self.mid * self.uniform(0.003, 0.03))
        half = self.mid * self.uniform(0.00002, 0.0004)
        self.bid = self.ticks(self.mid - half)
        self.ask = max(self.ticks(self.mid + half, ROUND_CEILING), self.bid + self.tick)
        self.touch = self.ask if self.long else self.bid
        last = self.ticks(rng.choice([self.mid, self.bid, self.ask]))
        out: dict[str, Any] = {
            "now": self.stamp(),
            "last": last,
            "atr": self.atr,
            "book": self._book(),
            "last_at": self.stamp(timedelta(milliseconds=rng.randrange(4000))),
            "candle_known_at": self.stamp(self.bar * rng.random()),
            "last_close": self.ticks(self.mid + self.atr * self.uniform(-0.5, 0.5)),
            "realised_volatility": self.uniform(0.05, 0.9),
            "turnover_24h": short(self.equity * rng.choice([100, 1000, 10**5])),
        }
        if self.perpetual and rng.random() < 0.9:
            hours = rng.choice([1, 4, 8, 8, 8])
            out["funding"] = {
                "rate_fraction": D(f"{rng.gauss(0, 0.0001):.7f}"),
                "interval_hours": hours,
                "known_at": self.stamp(timedelta(hours=hours * rng.random())),
                "next_at": self.stamp(-timedelta(minutes=rng.randrange(1, hours * 60))),
            }
        return out

    def _book(self) -> dict[str, Any]:
        rng = self.rng
        size = self.equity / self.mid
        deep = rng.random() < 0.7
        book: dict[str, Any] = {"at": self.stamp(timedelta(milliseconds=rng.randrange(4000)))}
        count = rng.choice([1, 2, 3, 5, 8, 20])
        for side, price, away in (("bids", self.bid, -1), ("asks", self.ask, 1)):
            levels = []
            for _ in range(count):
                levels.append([price, short(size * self.uniform(0.5, 30 if deep else 2))])
                price += away * self.tick * rng.choice([1, 1, 2, 5, 20])
                if price <= 0:
                    break
            book[side] = levels
        book["origin"] = rng.choice(["venue", "venue", "synthetic", "modelled"])
        return book

    def _account(self) -> dict[str, Any]:
        rng = self.rng
        out: dict[str, Any] = {"equity": self.equity}
        if rng.random() < 0.5:
            out["day_start_equity"] = short(self.equity * self.uniform(0.97, 1.02, 5))
            out["peak_equity"] = short(self.equity * self.uniform(0.9, 1.05, 5))
            out["free"] = short(self.equity * self.uniform(0.5, 1.0, 4))
        if rng.random() < 0.4:
            self._hold_others(out)
        if self.perpetual and rng.random() < 0.4:
            out["leverage_ratio"] = D(rng.choice(["1", "2", "2.5", "3"]))
        return out

    def _hold_others(self, out: dict[str, Any]) -> None:
        rng, rows, works = self.rng, [], []
        for symbol in ("AAA/USD", "BBB/USD", "CCC/USD")[: rng.randrange(1, 4)]:
            value, mark = self.equity * self.uniform(0.01, 0.3), self.uniform(1, 100)
            risk = short(value * self.uniform(0, 0.05))
            if rng.random() < 0.3:
                side = rng.choice(["buy", "sell"])
                works.append({"symbol": symbol, "side": side, "notional": short(value)})
                works[-1]["open_risk"] = risk
            else:
                quantity = short(value / mark * rng.choice([1, -1]))
                rows.append({"symbol": symbol, "quantity": quantity, "mark": mark})
                rows[-1]["open_risk"] = risk
        out["positions"], out["working_entries"] = rows, works
        rho = [D("0.7"), D("0.69"), D("0.9"), D("-0.8"), D(0), D(1)]
        known = [row["symbol"] for row in [*rows, *works] if rng.random() < 0.8]
        self.doc["market"]["correlations"] = {symbol: rng.choice(rho) for symbol in known}

    def _plan(self) -> dict[str, Any]:
        rng = self.rng
        start = self.touch
        out: dict[str, Any] = {
            "side": "long" if self.long else "short",
            "confidence": self.uniform(0.55, 1, 2),
            "horizon_bars": rng.randrange(1, 40),
            "timeframe": self.timeframe,
            "decided_at": self.stamp(self.bar * (rng.random() / 2)),
            "decision_price": self.ticks(self.mid),
        }
        if rng.random() < 0.4:
            start = self.touch - self.direction * self.atr * self.uniform(-0.2, 0.5)
            out["entry"] = start = short(max(start, self.tick))
        away = self.atr * self.uniform(0.2, 3.5)
        out["invalidation"] = short(max(start - self.direction * away, self.tick))
        risk = max(away, self.atr) + start * D("0.003")
        ratios = sorted(self.uniform(1.4, 6) for _ in range(rng.choice([1, 1, 2, 3])))
        prices = [max(start + self.direction * risk * ratio, self.tick) for ratio in ratios]
        cuts = sorted(rng.sample(range(5, 96, 5), len(prices) - 1))
        weights = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
        parts = 1 if len(prices) == 3 else 100  # weights are relative: percent will do
        out["targets"] = [
            {"price": short(price), "weight": D(weight) / parts}
            for price, weight in zip(prices, weights, strict=True)
        ]
        return out

    def _fixed_quantity(self) -> Decimal:
        most = self.equity * self.limit("max_symbol_notional_fraction") / self.mid
        return self.steps(most * self.uniform(0.001, 1.2))

    @property
    def start(self) -> Decimal:
        """The first price of the entry."""
        limit = self.doc["plan"].get("entry")
        if limit is None:
            return self.touch
        on_tick = self.ticks(limit, ROUND_FLOOR if self.long else ROUND_CEILING)
        return min(self.touch, on_tick) if self.long else max(self.touch, on_tick)


def random_policy(rng: Random) -> dict[str, Any]:
    """The defaults, a preset, or a few limits anywhere within their hard ranges."""
    kind = rng.random()
    if kind < 0.4:
        return {}
    if kind < 0.7:
        chosen = PRESETS[rng.choice(sorted(PRESETS))]
        return {
            key: D(str(value)) if isinstance(value, float | int) else list(value)
            for key, value in chosen.items()
        }
    return {key: any_limit(rng, key) for key in rng.sample(sorted(RANGES), rng.randrange(1, 5))}


def any_limit(rng: Random, key: str) -> Any:
    """A value within the hard range of a limit; its ends too."""
    row = RANGES[key]
    if row.get("type") == "integer":
        return rng.randrange(row["minimum"], row["maximum"] + 1)
    span = row["anyOf"][0]
    low = D(str(span.get("minimum", span.get("exclusiveMinimum"))))
    high = D(str(span.get("maximum", span.get("exclusiveMaximum"))))
    value = low + (high - low) * D(rng.choice([0, rng.randrange(1, 1000), 1000])) / 1000
    if value == low and "exclusiveMinimum" in span:
        value = (high - low) / 1000
    if value == high and "exclusiveMaximum" in span:
        value -= (high - low) / 1000
    if key == "min_stop_atr_ratio":
        return min(value, D("3.9"))
    return max(value, D("1.1")) if key == "max_stop_atr_ratio" else value
