"""From contract details of Interactive Brokers to our instruments and their hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.clock import require_utc
from domain.errors import DataError, UnknownSymbol
from domain.instrument import Instrument
from domain.numbers import ZERO, to_decimal
from domain.outside_text import require_names
from domain.trading_hours import Session, TradingHours

_USUAL_FEE = Decimal("0.001")
"""The broker charges by the share with a minimum; on orders of some hundred this is about that."""


def asked_for(symbol: str) -> tuple[str, str]:
    """`AAPL` or `AAPL/USD` into letters and currency, the latter empty where it is not named.

    Raises:
        DataError: it is neither.
    """
    base, slash, currency = symbol.partition("/")
    if not base.strip() or (slash and not currency.isalpha()) or ":" in symbol:
        raise DataError(f"symbol {symbol!r} was expected to look like AAPL or AAPL/USD")
    return base.strip(), currency


def chosen(symbol: str, found: Sequence[Any], source: str) -> Any:
    """The one contract that a symbol means.

    Raises:
        UnknownSymbol: there is none.
        DataError: it is traded in several currencies, or twice in one.
    """
    if not found:
        raise UnknownSymbol(symbol, source, ())
    currencies = sorted({details.contract.currency for details in found})
    if len(currencies) > 1:
        named = " or ".join(f"{found[0].contract.symbol}/{currency}" for currency in currencies)
        raise DataError(f"{symbol!r} is traded in several currencies at {source}: name {named}")
    if len({details.contract.conId for details in found}) > 1:
        raise DataError(f"{symbol!r} means several contracts at {source}; none is chosen for you")
    return found[0]


def to_instrument(details: Any) -> Instrument:
    """The instrument; a stock is `spot`: it cannot be sold short here and pays no funding.

    Raises:
        DataError: without a currency or a tick, or with names that are none.
    """
    contract = details.contract
    if not contract.currency or not details.minTick > 0:
        raise DataError(
            f"{contract.symbol!r} has currency {contract.currency!r} and tick {details.minTick!r}; "
            "expected both from the gateway"
        )
    require_names("the gateway", contract.symbol, contract.currency)
    step = to_decimal(details.sizeIncrement) if 0 < details.sizeIncrement < 1e9 else Decimal(1)
    least = to_decimal(details.minSize) if 0 < details.minSize < 1e9 else step
    return Instrument(
        symbol=f"{contract.symbol}/{contract.currency}",
        base=contract.symbol,
        quote=contract.currency,
        kind="spot",
        price_tick=to_decimal(details.minTick),
        quantity_step=step,
        min_quantity=max(step, least),
        min_notional=ZERO,
        taker_fee_fraction=_USUAL_FEE,
        hours=to_hours(details.liquidHours, details.timeZoneId),
    )


def to_hours(text: str, zone: str) -> TradingHours:
    """Regular hours, from `20261120:0930-20261120:1600;20261121:CLOSED` and the venue's zone.

    Raises:
        DataError: it cannot be read, or tells of no session.
    """
    try:
        there = ZoneInfo(zone)
        days: list[datetime] = []
        sessions: list[Session] = []
        for part in filter(None, text.split(";")):
            days.append(_moment(f"{part[:8]}:0000", there))
            if "CLOSED" not in part:
                begin, end = part.split("-")
                sessions.append(Session(_moment(begin, there), _moment(end, there)))
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise DataError(
            f"trading hours {text[:80]!r} in {zone!r} cannot be read; was expected to look like "
            "20261120:0930-20261120:1600;20261121:CLOSED"
        ) from error
    if not days:
        raise DataError("the gateway tells no trading hours; without them nothing is traded")
    opens, closes = _usual(sessions, there)
    last = max(days).astimezone(there) + timedelta(days=1)
    return TradingHours(zone, opens, closes, tuple(sessions), min(days), require_utc(last))


def _usual(sessions: Sequence[Session], there: ZoneInfo) -> tuple[time, time]:
    """Of the longest session; where every day is closed, a time of no length."""
    if not sessions:
        return time(0), time(0)
    longest = max(sessions, key=lambda one: one.closes_at - one.opens_at)
    opens, closes = longest.opens_at.astimezone(there), longest.closes_at.astimezone(there)
    return opens.time(), closes.time()


def _moment(text: str, there: ZoneInfo) -> datetime:
    naive = datetime.strptime(text.strip(), "%Y%m%d:%H%M").replace(tzinfo=there)
    return naive.astimezone(UTC)
