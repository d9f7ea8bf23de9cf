"""What `plangate doctor --market` finds out about exchanges."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.clock import SystemClock
from app.health_check import Check
from domain.candles import Timeframe
from domain.errors import AccessRefused, PlangateError, Unreachable
from market.protocol import MarketSource
from market.sources.exchange_probe import ExchangeFacts, advice, probe
from market.sources.open import exchanges_of, make_source

SKEW_OF_NOTE_S = 1.0
"""A clock that is further off is worth a word; the gate's own limit is the policy's."""
SLOW_MS = 1_000.0


async def market_checks(market: str, market_url: str | None) -> list[Check]:
    """What there is to say about a market; never raises for what it finds broken."""
    clock = SystemClock()
    kind, _, name = market.partition(":")
    if kind == "store" and name:
        from app.store_health import store_checks

        return await store_checks(name, clock.now())
    symbol = {"box": "BTC/USD", "ib": "AAPL/USD"}.get(kind, "BTC/USDT")
    checks: list[Check] = []
    try:
        if market.startswith("ccxt:"):
            found = exchanges_of(market.removeprefix("ccxt:"), market_url)
            for place, (name, url) in enumerate(found):
                facts = await _probed(name, url, checks, is_home=place == 0)
                symbol = facts.symbol if facts and place == 0 else symbol
            if checks[0].status == "broken":
                return checks
        source = make_source(market, clock=clock, base_url=market_url)
    except PlangateError as error:
        return [*checks, _broken("market", error)]
    return [*checks, *await _candles(source, market, symbol, clock.now())]


async def _probed(
    name: str, url: str | None, checks: list[Check], *, is_home: bool
) -> ExchangeFacts | None:
    try:
        facts = await probe(name, url, SystemClock().now)
    except PlangateError as error:
        words, told = f"{error}: {advice(error)}", {"reachable": False}
        code = _broken(name, error).exit_code if is_home else 0
        checks.append(Check(name, "broken" if is_home else "note", words, code, told))
        return None
    checks += [_reached(facts), *_clock(facts), _limits(facts), _offered(facts)]
    return facts


def _reached(facts: ExchangeFacts) -> Check:
    slow = facts.latency_ms > SLOW_MS
    words = f"answers in {facts.latency_ms:.0f} ms, {facts.markets_count} markets"
    if slow:
        words += "; that is slow: decisions wait for it, look at the network"
    if facts.status not in (None, "open"):
        words += f"; it says it is in {facts.status}: no entry is allowed until it is open"
    fine = not slow and facts.status in (None, "open")
    told = {
        "reachable": True,
        "latency_ms": round(facts.latency_ms, 1),
        "markets_count": facts.markets_count,
        "status": facts.status,
    }
    return Check(facts.exchange_id, "ok" if fine else "note", words, facts=told)


def _clock(facts: ExchangeFacts) -> list[Check]:
    skew_s = facts.clock_skew_s
    told = {"clock_skew_s": None if skew_s is None else round(skew_s, 3)}
    if skew_s is None:
        words = f"{facts.exchange_id} does not tell its time: the gate allows no entry there"
        return [Check("clock", "note", words, facts=told)]
    words = f"{abs(skew_s):.2f} s {'ahead of' if skew_s > 0 else 'behind'} {facts.exchange_id}"
    off = abs(skew_s) > SKEW_OF_NOTE_S
    if off:
        words += "; set this machine's clock (timedatectl set-ntp true)"
    return [Check("clock", "note" if off else "ok", words, facts=told)]


def _limits(facts: ExchangeFacts) -> Check:
    per_minute = 60_000 / facts.spacing_ms if facts.spacing_ms else 0
    words = (
        f"{facts.spacing_ms:g} ms between cheap requests (about {per_minute:.0f} a minute), kept "
        "by ccxt; a long page of candles counts several times"
    )
    return Check("limits", "ok", words, facts={"spacing_ms": facts.spacing_ms})


def _offered(facts: ExchangeFacts) -> Check:
    offers = sorted(facts.offers)
    words = ", ".join(offer.replace("_", " ") for offer in offers) or "nothing beside candles"
    stream = "prices stream" if facts.streams else "no stream, prices are asked for"
    told = {"offers": offers, "streams": facts.streams, "timeframes": list(facts.timeframes)}
    return Check("offers", "ok", f"{words}; {stream} ({facts.symbol})", facts=told)


async def _candles(source: MarketSource, market: str, symbol: str, now: datetime) -> list[Check]:
    from market.sources.chain import ChainSource

    try:
        await source.open([symbol])
        at = source.info.ends_at or now
        candles = await source.candles(symbol, Timeframe.H1, at, 10)
        words = f"{market}: {len(candles)} closed 1h candles of {symbol}"
        checks = [Check("market", "ok", words)]
        if isinstance(source, ChainSource):
            checks.append(await _compared(source, symbol, now))
        return checks
    except PlangateError as error:
        return [_broken("market", error)]
    finally:
        await source.close()


async def _compared(source: Any, symbol: str, now: datetime) -> Check:
    collar = await source.collar(symbol, now)
    if collar is None or len(collar.prices) < 2:
        return Check("prices", "note", f"fewer than two exchanges tell a price of {symbol}")
    status: Any = "note" if collar.outside else "ok"
    told = {quoted.source: str(quoted.price) for quoted in collar.prices}
    return Check("prices", status, collar.sentence(), facts=told)


def _broken(name: str, error: PlangateError) -> Check:
    code = 4 if isinstance(error, Unreachable | AccessRefused) else 3
    return Check(name, "broken", str(error), code)
