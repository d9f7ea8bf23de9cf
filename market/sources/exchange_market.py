"""From ccxt's market tables to our instruments, and from its answers to our values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from domain.book import Level, OrderBook
from domain.candles import Timeframe
from domain.clock import from_ms, iso
from domain.errors import DataError, UnknownSymbol
from domain.instrument import Instrument
from domain.numbers import ZERO, to_decimal
from domain.outside_text import require_names
from market.book_cleaning import clean_levels
from market.protocol import MarketTrade
from market.quality import check_unit

BOOK_DEPTH = 20
"""Levels kept on each side."""
BOOK_DEPTHS: Mapping[str, int] = {"bitfinex": 100, "kucoinfutures": 20, "kucoin": 20}
"""Where an exchange takes certain numbers only; Bitfinex counts single orders.

Source: https://docs.bitfinex.com/reference/rest-public-book, ccxt's `fetch_order_book`
"""
_DECIMAL_PLACES, _SIGNIFICANT_DIGITS = 2, 3
"""ccxt's precision modes besides tick size (4)."""
_FINEST = Decimal("0.00000001")
"""Step where an exchange states none."""
MAX_STAMP_LEAD = timedelta(seconds=60)
"""How far a stamp may lie ahead of the moment that was asked about."""
_USUAL_FEE = Decimal("0.001")
_BANDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "PERCENT_PRICE": (("multiplierDown",), ("multiplierUp",)),
    "PERCENT_PRICE_BY_SIDE": (
        ("bidMultiplierDown", "askMultiplierDown"),
        ("bidMultiplierUp", "askMultiplierUp"),
    ),
}
"""Per filter where its lowest and its highest ratios stand.

Source: https://developers.binance.com/docs/binance-spot-api-docs/filters
"""


def find_market(symbol: str, markets: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """The market that a user's symbol means: exact, or the only perpetual of that pair.

    Raises:
        UnknownSymbol: none, or several.
        DataError: a market of a kind that cannot be traded here.
    """
    market = markets.get(symbol)
    if market is None:
        same = [
            m for m in markets.values() if m.get("swap") and f"{m['base']}/{m['quote']}" == symbol
        ]
        linear = [m for m in same if m.get("linear")]
        if len(linear) != 1:
            raise UnknownSymbol(symbol, source, markets)
        market = linear[0]
    if not (market.get("spot") or (market.get("swap") and market.get("linear"))):
        kind = "an inverse perpetual" if market.get("swap") else f"a {market.get('type')}"
        raise DataError(
            f"{symbol!r} is {kind} at {source}; expected a spot market or a linear perpetual"
        )
    found: Mapping[str, Any] = market
    return found


def native_timeframe(offered: Collection[str], timeframe: Timeframe, source: str) -> Timeframe:
    """The longest timeframe the exchange has that this one can be made from.

    Raises:
        DataError: none.
    """
    fitting = [t for t in Timeframe if t.value in offered and timeframe.ms % t.ms == 0]
    if not fitting:
        raise DataError(
            f"{source} has no {timeframe.value} candles and none to make them from; "
            f"it offers {', '.join(offered)}"
        )
    return max(fitting, key=lambda t: t.seconds)


def contract_size(market: Mapping[str, Any]) -> Decimal:
    """Base per unit of the exchange's quantities; 1 where it counts in base."""
    size = market.get("contractSize")
    return to_decimal(size) if market.get("swap") and size else Decimal(1)


def to_instrument(market: Mapping[str, Any], mode: int, price: Decimal | None) -> Instrument:
    """The instrument with steps and minimums in base and quote.

    Args:
        market: ccxt's market.
        mode: the exchange's precision mode.
        price: a recent price; needed where prices have significant digits instead of a tick.

    Raises:
        DataError: the exchange's price filter contradicts itself, or its names are no names.
    """
    require_names("the exchange", market["base"], market["quote"], *market["symbol"].split("/"))
    size, limits, precision = contract_size(market), market["limits"], market["precision"]
    step = _step(precision.get("amount"), mode, None) * size
    least, most = limits["amount"].get("min"), limits["amount"].get("max")
    cost, taker = limits["cost"].get("min"), market.get("taker")
    lowest, highest = price_band(market)
    return Instrument(
        symbol=market["symbol"],
        base=market["base"],
        quote=market["quote"],
        kind="perpetual" if market.get("swap") else "spot",
        price_tick=_step(precision.get("price"), mode, price),
        quantity_step=step,
        min_quantity=max(step, to_decimal(least) * size) if least else step,
        min_notional=to_decimal(cost) if cost else ZERO,
        max_quantity=to_decimal(most) * size if most else None,
        taker_fee_fraction=_USUAL_FEE if taker is None else to_decimal(taker),
        min_price_ratio=lowest,
        max_price_ratio=highest,
        active=market.get("active") is not False,
    )


def price_band(market: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """Lowest and highest order price over the venue's reference price, from Binance's filters.

    The narrower where buying and selling differ, or two filters hold; None where none is stated.

    Raises:
        DataError: a filter without its ratios, or whose lowest is not below its highest.
    """
    info = market.get("info")
    filters = info.get("filters") if isinstance(info, Mapping) else None
    stated = [
        each
        for each in (filters if isinstance(filters, list) else ())
        if isinstance(each, Mapping) and each.get("filterType") in _BANDS
    ]
    if not stated:
        return None, None
    lowest = max(_ratio(each, n) for each in stated for n in _BANDS[each["filterType"]][0])
    highest = min(_ratio(each, n) for each in stated for n in _BANDS[each["filterType"]][1])
    if lowest >= highest:
        raise DataError(
            f"{market['symbol']!r} takes prices from {lowest} to {highest} of its reference price; "
            "expected the first below the second: the exchange's filters contradict each other"
        )
    return lowest, highest


def needs_price(mode: int) -> bool:
    """Whether ticks depend on the price level."""
    return mode == _SIGNIFICANT_DIGITS


def to_book(
    answer: Mapping[str, Any], market: Mapping[str, Any], as_of: datetime, depth: int
) -> OrderBook:
    """A book asked for on behalf of `as_of`: the milliseconds its answer took are not an age."""
    size, at = contract_size(market), stamped(answer, as_of)
    bids, flags = clean_levels(answer["bids"], at, falling=True)
    asks, more = clean_levels(answer["asks"], at, falling=False)

    def in_base(levels: Sequence[Level]) -> tuple[Level, ...]:
        return tuple(Level(price, quantity * size) for price, quantity in levels[:depth])

    return OrderBook(
        at=at, origin="venue", bids=in_base(bids), asks=in_base(asks), flags=(*flags, *more)
    )


def to_trades(
    answers: Sequence[Mapping[str, Any]], market: Mapping[str, Any], as_of: datetime
) -> list[MarketTrade]:
    """Trades up to `as_of`, oldest first, each once; one without a side or a time is left out.

    Raises:
        DataError: one has a price or a quantity that no trade can have.
    """
    size, seen = contract_size(market), {}
    for row, answer in enumerate(answers):
        if not (answer.get("side") and answer.get("timestamp")):
            continue
        where = f"trade {answer.get('id') or row} of {market['symbol']}"
        trade = MarketTrade(
            at=_moment(answer["timestamp"], where),
            price=positive(answer["price"], f"{where}: price"),
            quantity=positive(answer["amount"], f"{where}: amount") * size,
            aggressor="buy" if answer["side"] == "buy" else "sell",
        )
        seen[answer.get("id") or row] = trade
    return sorted((t for t in seen.values() if t.at <= as_of), key=lambda t: t.at)


def stamped(answer: Mapping[str, Any], as_of: datetime) -> datetime:
    """The answer's own stamp, at most `as_of`; `as_of` where it has none.

    The milliseconds that an answer took are no age, and a clock may be a little ahead of another.

    Raises:
        DataError: the stamp counts no milliseconds, or lies more than a minute ahead.
    """
    stamp = answer.get("timestamp")
    if not stamp:
        return as_of
    where = str(answer.get("symbol") or "an answer of the exchange")
    at = _moment(stamp, where)
    if at - as_of > MAX_STAMP_LEAD:
        raise DataError(
            f"{where} is stamped {iso(at)} when asked as of {iso(as_of)}; expected at most "
            f"{MAX_STAMP_LEAD.seconds} s ahead: the exchange's clock or ours is wrong"
        )
    return min(as_of, at)


def positive(value: Any, what: str) -> Decimal:
    """A price or quantity.

    Raises:
        DataError: it is no finite number above 0.
    """
    try:
        number = to_decimal(value)
    except (TypeError, ValueError, ArithmeticError):
        number = ZERO
    if number <= ZERO:
        raise DataError(f"{what} is {value!r}, was expected to be a finite number above 0")
    return number


def _moment(stamp: Any, where: str) -> datetime:
    check_unit(np.array([int(stamp)], np.int64), where=where)
    return from_ms(int(stamp))


def _ratio(stated: Mapping[str, Any], name: str) -> Decimal:
    try:
        ratio = to_decimal(stated[name])
    except (KeyError, TypeError, ValueError, ArithmeticError):
        ratio = ZERO
    if ratio <= 0:
        raise DataError(
            f"filter {stated['filterType']} says {name} {stated.get(name)!r}, was expected to be a "
            "number above 0; the exchange's answer is not of Binance's shape"
        )
    return ratio


def _step(value: Any, mode: int, price: Decimal | None) -> Decimal:
    if value is None:
        return _FINEST
    number = to_decimal(value)
    if mode == _SIGNIFICANT_DIGITS and price:
        return Decimal(1).scaleb(price.adjusted() - int(number) + 1)
    if mode in (_DECIMAL_PLACES, _SIGNIFICANT_DIGITS):
        return Decimal(1).scaleb(-int(number))
    return number
