"""A case document as the oracle reads it: exact fractions, whole microseconds, defaults filled in.

Written from the schema and `docs/gate-cases.md`, not from the gate; nothing here is imported from
it. None is "missing", and what is missing denies.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from tests.oracle.limits import LIMITS, WORDS

Document = Mapping[str, Any]
SECOND = 1_000_000
HOUR = 3600 * SECOND
BARS = {
    "1m": 60 * SECOND,
    "5m": 300 * SECOND,
    "15m": 900 * SECOND,
    "30m": 1800 * SECOND,
    "1h": HOUR,
    "4h": 4 * HOUR,
    "1d": 24 * HOUR,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIMITS = {k: v if k in WORDS else Fraction(str(v)) for k, v in LIMITS.items()}


def number(value: Any) -> Fraction | None:
    """A JSON number, or the text of one, without rounding."""
    return None if value is None else Fraction(value)


def moment(text: str | None) -> int | None:
    """Microseconds since 1970; a moment without a zone is UTC."""
    if text is None:
        return None
    at = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def floor(value: Fraction, step: Fraction) -> Fraction:
    return value // step * step


def ceil(value: Fraction, step: Fraction) -> Fraction:
    return -(-value // step) * step


def read(document: Document) -> SimpleNamespace:
    """Every section of the document, complete."""
    raw_plan, raw_market = document["plan"], document["market"]
    now = moment(raw_market.get("now") or raw_plan.get("decided_at") or "2024-01-01")
    instrument = _instrument(document.get("instrument", {}))
    plan = _plan(raw_plan, now)
    market = _market(raw_market, instrument, now, raw_plan.get("decision_price"))
    if plan.decision_price is None:
        plan.decision_price = market.last
    return SimpleNamespace(
        plan=plan,
        instrument=instrument,
        market=market,
        account=_account(document.get("account", {})),
        policy=_policy(document.get("policy", {})),
        standing=_standing(document.get("standing")),
        quantity=number(document.get("quantity")),
        results=_results(document.get("tool_results"), plan),
        readings=_readings(document.get("readings"), plan),
        allowed=_allowed(document.get("allowed_symbols"), instrument.symbol),
    )


def _allowed(symbols: list[str] | None, own: str) -> list[str]:
    return [own] if symbols is None else symbols


def _standing(raw: Document | None) -> SimpleNamespace | None:
    if raw is None:
        return None
    return SimpleNamespace(
        risk=number(raw["risk_amount"]),
        replans=int(raw.get("replans_count", 0)),
        scale_ins=int(raw.get("scale_ins_count", 0)),
        held=number(raw.get("held", 0)),
        entry=number(raw.get("entry_price", 0)),
        stop=number(raw.get("stop_price")),
    )


def _parts(rows: list[Document]) -> list[tuple[Any, Any]]:
    """Price and share: weights are relative, to four digits where they do not sum to 1."""
    said = [number(row.get("weight", 1)) for row in rows]
    whole = sum(said)
    if whole != 1:
        said = [round(weight / whole, 4) for weight in said]
        said[-1] = 1 - sum(said[:-1])
    return [(number(row["price"]), share) for row, share in zip(rows, said, strict=True)]


def _plan(raw: Document, now: int | None) -> SimpleNamespace:
    version = raw.get("version", 1)
    decided_at = moment(raw.get("decided_at"))
    return SimpleNamespace(
        side=raw["side"],
        direction=1 if raw["side"] == "long" else -1,
        entry=number(raw.get("entry")),
        targets=_parts(raw["targets"]),
        invalidation=number(raw["invalidation"]),
        horizon_bars=int(raw.get("horizon_bars", 24)),
        bar=BARS[raw.get("timeframe", "1h")],
        evidence=raw.get("evidence", []),
        wrong_if=raw.get("invalid_if", []),
        confidence=number(raw["confidence"]),
        decided_at=now if decided_at is None else decided_at,
        decision_price=number(raw.get("decision_price")),
        version=version,
        head_version=raw.get("head_version", version),
        policy_hash=raw.get("policy_hash"),
    )


def _instrument(raw: Document) -> SimpleNamespace:
    kind = raw.get("kind", "spot")
    fee = raw.get("taker_fee_fraction")
    symbol = raw.get("symbol", "BTC/USD")
    return SimpleNamespace(
        symbol=symbol,
        base=symbol.partition("/")[0],
        perpetual=kind == "perpetual",
        tick=number(raw.get("price_tick", "0.01")),
        step=number(raw.get("quantity_step", "0.0001")),
        min_quantity=number(raw.get("min_quantity", "0.0002")),
        min_notional=number(raw.get("min_notional", 10)),
        max_quantity=number(raw.get("max_quantity")),
        fee=number(fee if fee is not None else "0.0005" if kind == "perpetual" else "0.001"),
        maintenance=number(raw.get("maintenance_margin_fraction", "0.005")),
        min_ratio=number(raw.get("min_price_ratio")),
        max_ratio=number(raw.get("max_price_ratio")),
        active=raw.get("active", True),
    )


def _market(raw: Document, instrument: Any, now: int | None, decision: Any) -> SimpleNamespace:
    last = number(raw.get("last", decision))
    stamp = {key: moment(raw[key]) if key in raw else now for key in ("last_at", "candle_known_at")}
    return SimpleNamespace(
        now=now,
        last=last,
        last_at=stamp["last_at"],
        candle_at=stamp["candle_known_at"],
        book=_book(raw["book"], now)
        if "book" in raw
        else _default_book(last or number(decision), instrument, now),
        atr=number(raw.get("atr")),
        volatility=number(raw.get("realised_volatility", "0.4")),
        history_bars=raw.get("history_bars", 500),
        funding=_funding(raw.get("funding", {}), now)
        if "funding" in raw or instrument.perpetual
        else None,
        last_close=number(raw["last_close"]) if "last_close" in raw else last,
        turnover=number(raw.get("turnover_24h", 10**9)),
        gap_bars=raw.get("gap_bars", 0),
        status=raw.get("venue_status", "open"),
        skew_s=number(raw.get("clock_skew_s", 0)),
        jump_s=number(raw.get("clock_jump_s", 0)),
        correlations={k: number(v) for k, v in raw.get("correlations", {}).items()},
    )


def _book(raw: Document | None, now: int | None) -> SimpleNamespace | None:
    if raw is None:
        return None
    return SimpleNamespace(
        at=moment(raw["at"]) if "at" in raw else now,
        origin=raw.get("origin", "venue"),
        bids=[(Fraction(price), Fraction(quantity)) for price, quantity in raw["bids"]],
        asks=[(Fraction(price), Fraction(quantity)) for price, quantity in raw["asks"]],
    )


def _default_book(last: Fraction, instrument: Any, now: int | None) -> SimpleNamespace:
    """1000 base each side, 1 bps and at least one tick from the last price."""
    half = max(last / 10_000, instrument.tick)
    bid, ask = floor(last - half, instrument.tick), ceil(last + half, instrument.tick)
    deep = Fraction(1000)
    return SimpleNamespace(at=now, origin="modelled", bids=[(bid, deep)], asks=[(ask, deep)])


def _funding(raw: Document | None, now: int | None) -> SimpleNamespace | None:
    if raw is None:
        return None
    known_at = moment(raw["known_at"]) if "known_at" in raw else now
    interval = int(raw.get("interval_hours", 8)) * HOUR
    next_at = moment(raw.get("next_at"))
    if next_at is None:
        next_at = (now if known_at is None else known_at or 0) + interval
    return SimpleNamespace(
        rate=number(raw.get("rate_fraction", "0.0001")),
        interval=interval,
        known_at=known_at,
        next_at=next_at,
    )


def _account(raw: Document) -> SimpleNamespace:
    equity = number(raw.get("equity", 10_000))
    return SimpleNamespace(
        equity=equity,
        **{
            key: number(raw[key]) if key in raw else equity
            for key in ("free", "day_start_equity", "peak_equity")
        },
        deposits=number(raw.get("net_deposits_today", 0)),
        leverage=number(raw.get("leverage_ratio", 1)),
        state=raw.get("trading_state", "active"),
        kill_switch=raw.get("kill_switch", False),
        reconciled=raw.get("reconciled", True),
        positions=[_row(r, number(r["quantity"]) * number(r["mark"])) for r in _list(raw, 0)],
        working=[_row(r, number(r["notional"]) * _sign(r["side"])) for r in _list(raw, 1)],
        elsewhere=raw.get("positions_elsewhere", 0),
        trades_today=raw.get("trades_today", 0),
        trades_today_symbol=raw.get("trades_today_symbol", 0),
        open_orders=raw.get("open_orders", 0),
        orders_last_minute=raw.get("orders_last_minute", 0),
        exits=[
            (r["symbol"], moment(r["at"]), r.get("stopped", False))
            for r in raw.get("recent_exits", [])
        ],
        notionals=sorted(Fraction(n) for n in raw.get("recent_notionals", [])),
    )


def _list(raw: Document, which: int) -> list[Any]:
    return raw.get(("positions", "working_entries")[which], [])


def _sign(side: str) -> int:
    return 1 if side == "buy" else -1


def _row(raw: Document, value: Fraction) -> SimpleNamespace:
    """A position or working entry: signed value in quote, positive when it is long."""
    risk = number(raw.get("open_risk", 0))
    return SimpleNamespace(symbol=raw["symbol"], value=value, open_risk=risk)


def _policy(raw: Document) -> SimpleNamespace:
    said = {k: v if k in WORDS else Fraction(v) for k, v in raw.items()}
    return SimpleNamespace(**{**_LIMITS, **said})


def _readings(raw: list[Document] | None, plan: Any) -> dict[str, bool | None]:
    """By condition, whether it holds."""
    if raw is None:
        return dict.fromkeys(plan.wrong_if, False)
    return {row["condition"]: row["holds"] for row in raw}


def _results(raw: list[Document] | None, plan: Any) -> list[SimpleNamespace]:
    if raw is None:
        return [
            SimpleNamespace(id=cited, tool=cited.partition("#")[0], ok=True, as_of=plan.decided_at)
            for cited in plan.evidence
        ]
    return [
        SimpleNamespace(
            id=row["result_id"],
            tool=row["tool"],
            ok=row.get("ok", True),
            as_of=plan.decided_at if row.get("as_of") is None else moment(row["as_of"]),
        )
        for row in raw
    ]
