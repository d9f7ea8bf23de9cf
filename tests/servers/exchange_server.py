"""A futures exchange on loopback, of Binance USD-M's shape, for the real ccxt client to talk to.

It knows one history per symbol and the time it is there: candles up to `now`, the forming one with
nothing but its open. ::

    async with ExchangeServer({"BTC/USDT:USDT": series}, now=at) as server:
        source = ExchangeSource("binanceusdm", clock, base_url=server.url)
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from aiohttp import web
from typing_extensions import override

from domain.candles import Candles, Series, Timeframe
from domain.clock import from_ms, to_ms
from market.resample import resample
from tests.servers.loopback import LoopbackServer

EIGHT_HOURS_MS = 8 * 3_600_000


class Failure(NamedTuple):
    """An answer that is none. Tests may give the first two as a plain tuple."""

    status: int
    body: str
    headers: Mapping[str, str] = {}
    is_cut: bool = False
    """The connection ends one byte before the body does."""

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Answer with it."""
        data = self.body.encode()
        kind = "application/json" if self.body[:1] in "{[" else "text/html"
        response = web.StreamResponse(
            status=self.status, headers={"Content-Type": kind, **self.headers}
        )
        response.content_length = len(data) + self.is_cut
        await response.prepare(request)
        with suppress(ConnectionError):  # who has read enough hangs up
            await response.write(data)
        if self.is_cut and request.transport is not None:
            request.transport.close()
        return response


class ExchangeServer(LoopbackServer):
    """Serves candles, book, trades, funding and open interest of given histories."""

    def __init__(
        self,
        candles: Mapping[str, Series],
        now: datetime | Callable[[], datetime] | None = None,
        *,
        funding: Mapping[str, Sequence[tuple[datetime, Decimal]]] | None = None,
        tick: str = "0.10",
    ) -> None:
        super().__init__()
        self.series = {market_id(symbol): series for symbol, series in candles.items()}
        self._spot = {market_id(symbol) for symbol in candles if ":" not in symbol}
        self._funding = {market_id(s): stamps for s, stamps in (funding or {}).items()}
        self._fixed = now if isinstance(now, datetime) else None
        self._clock = now if callable(now) else None
        self.tick = tick
        self._made: dict[tuple[str, Timeframe], Series] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Last part of the path and query of every request, oldest first."""
        self.failures: list[Failure | tuple[int, str]] = []
        """Answers given before any true one, first come first served."""
        self.broken: dict[str, Failure | tuple[int, str]] = {}
        """Endpoints that never give a true answer."""
        self.delays_s: dict[str, float] = {}
        """How long an endpoint takes to answer."""
        self.listing: dict[str, Any] = {}
        """What each symbol is listed with instead."""
        self.lines: list[web.WebSocketResponse] = []
        """Open streams."""
        self.subscribed = asyncio.Event()
        """Somebody has asked for a stream since the last `hang_up`."""
        self.refuses_streams = False
        self.interest_kept: timedelta | None = None
        """How far back open interest is told; None: as far as asked."""
        self.status = 0
        """Of the system: 0 normal, 1 maintenance."""

    @override
    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()
        await super().__aexit__()

    def now(self) -> datetime:
        if self._clock is not None:
            return self._clock()
        return self._fixed or datetime.now(UTC)

    def move_to(self, now: datetime) -> None:
        self._fixed = now

    def count(self, endpoint: str) -> int:
        return sum(name == endpoint for name, _ in self.requests)

    @override
    async def _answer(self, request: web.Request) -> web.StreamResponse:
        query, endpoint = dict(request.query), self.endpoint(request.path)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._streamed(request)
        self.requests.append((endpoint, query))
        await asyncio.sleep(self.delays_s.get(endpoint, 0))
        if self.failures or endpoint in self.broken:
            failure = self.failures.pop(0) if self.failures else self.broken[endpoint]
            return await Failure(*failure).send(request)
        return self.true_answer(endpoint, request.path, query)

    async def _streamed(self, request: web.Request) -> web.StreamResponse:
        """Take subscriptions and keep the line open until either side hangs up."""
        if self.refuses_streams:
            return web.Response(status=503)
        line = web.WebSocketResponse()
        await line.prepare(request)
        self.lines.append(line)
        async for message in line:
            asked = json.loads(message.data)
            await line.send_json({"result": None, "id": asked["id"]})
            self.subscribed.set()
        return line

    async def push(self, symbol: str, price: str, later: timedelta = timedelta(0)) -> None:
        """Tell everybody of a trade that was made now, or so much later."""
        at, code = to_ms(self.now() + later), market_id(symbol)
        trade = {"e": "trade", "E": at, "T": at, "s": code, "t": at, "p": price, "q": "0.5"}
        for line in self.lines:
            await line.send_json({**trade, "X": "MARKET", "m": False})

    async def hang_up(self) -> None:
        """Close every line."""
        self.subscribed.clear()
        for line in self.lines:
            await line.close()
        self.lines.clear()

    def endpoint(self, path: str) -> str:
        """What a request is called in `requests`, `broken` and `delays_s`."""
        return path.rsplit("/", 1)[-1]

    def true_answer(self, endpoint: str, path: str, query: dict[str, str]) -> web.Response:
        """What the exchange says when nothing is wrong with it."""
        answer: Callable[[dict[str, str]], Any] | None = {
            "exchangeInfo": lambda _: self._exchange_info(is_spot=path.startswith("/api/")),
            "time": lambda _: {"serverTime": to_ms(self.now())},
            "status": lambda _: {"status": self.status, "msg": "normal"},
            "klines": self._klines,
            "24hr": self._ticker,
            "depth": self._depth,
            "aggTrades": self._trades,
            "fundingRate": self._funding_rates,
            "premiumIndex": self._premium_index,
            "openInterest": self._open_interest,
            "openInterestHist": self._open_interest_rows,
        }.get(endpoint)
        if answer is None:
            return web.json_response({"code": -1, "msg": f"no {path}"}, status=404)
        if "symbol" in query and query["symbol"] not in self.series:
            return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
        if endpoint == "openInterestHist" and self._is_too_old(int(query["startTime"])):
            told = {"code": -1130, "msg": "parameter 'startTime' is invalid."}
            return web.json_response(told, status=400)
        return web.json_response(answer(query))

    def _exchange_info(self, *, is_spot: bool) -> Any:
        listed = self._spot if is_spot else self.series.keys() - self._spot
        return {
            "timezone": "UTC",
            "serverTime": to_ms(self.now()),
            "rateLimits": [],
            "exchangeFilters": [],
            "assets": [],
            "symbols": [
                (_spot_listing if is_spot else _listing)(code, self.tick) | self.listing
                for code in self.series
                if code in listed
            ],
        }

    def _klines(self, query: dict[str, str]) -> Any:
        timeframe, limit = Timeframe(query["interval"]), int(query.get("limit", "500"))
        series, now_ms = self.candles(query["symbol"], timeframe), to_ms(self.now())
        stop = int(np.searchsorted(series.open_ms, now_ms, side="right"))
        if "endTime" in query:
            end = int(query["endTime"])
            stop = min(stop, int(np.searchsorted(series.open_ms, end, side="right")))
        start = max(0, stop - limit)
        if "startTime" in query:
            start = int(np.searchsorted(series.open_ms, int(query["startTime"]), side="left"))
        return [_kline(series, row, now_ms) for row in range(start, min(stop, start + limit))]

    def _ticker(self, query: dict[str, str]) -> Any:
        at = to_ms(self.now())
        price = str(self.price(query["symbol"]))
        words = ("lastPrice", "openPrice", "highPrice", "lowPrice", "weightedAvgPrice")
        zeros = ("priceChange", "priceChangePercent", "lastQty", "volume", "quoteVolume")
        return {
            "symbol": query["symbol"],
            **dict.fromkeys(words, price),
            **dict.fromkeys(zeros, "0"),
            "openTime": at - 86_400_000,
            "closeTime": at,
            "count": 1,
        }

    def _depth(self, query: dict[str, str]) -> Any:
        price, tick = self.price(query["symbol"]), Decimal(self.tick)
        at, levels = to_ms(self.now()), range(1, int(query.get("limit", "20")) + 1)
        return {
            "lastUpdateId": 1,
            "E": at,
            "T": at,
            "bids": [[str(price - tick * n), "2.5"] for n in levels],
            "asks": [[str(price + tick * n), "2.5"] for n in levels],
        }

    def _trades(self, query: dict[str, str]) -> Any:
        price, now_ms = str(self.price(query["symbol"])), to_ms(self.now())
        count = min(50, int(query.get("limit", "50")))
        return [
            {"a": n, "p": price, "q": "0.01", "f": n, "l": n, "m": bool(n % 2)}
            | {"T": now_ms - (count - n) * 1000}
            for n in range(count)
        ]

    def _funding_rates(self, query: dict[str, str]) -> Any:
        code, now_ms = query["symbol"], to_ms(self.now())
        start, limit = int(query.get("startTime", "0")), int(query.get("limit", "100"))
        rows = [(stamp, rate) for stamp, rate in self._stamps(code) if start <= stamp <= now_ms]
        return [
            {"symbol": code, "fundingTime": stamp + 7, "fundingRate": str(rate), "markPrice": "1"}
            for stamp, rate in rows[:limit]
        ]

    def _stamps(self, code: str) -> list[tuple[int, Decimal]]:
        if code in self._funding:
            return [(to_ms(at), rate) for at, rate in self._funding[code]]
        opens = self.series[code].open_ms
        first = -(-int(opens[0]) // EIGHT_HOURS_MS) * EIGHT_HOURS_MS
        return [(t, Decimal("0.0001")) for t in range(first, int(opens[-1]) + 1, EIGHT_HOURS_MS)]

    def _premium_index(self, query: dict[str, str]) -> Any:
        now_ms, price = to_ms(self.now()), str(self.price(query["symbol"]))
        return {
            "symbol": query["symbol"],
            "markPrice": price,
            "indexPrice": price,
            "estimatedSettlePrice": price,
            "lastFundingRate": "0.0001",
            "interestRate": "0.0001",
            "nextFundingTime": now_ms // EIGHT_HOURS_MS * EIGHT_HOURS_MS + EIGHT_HOURS_MS,
            "time": now_ms,
        }

    def _open_interest(self, query: dict[str, str]) -> Any:
        at = to_ms(self.now())
        return {"symbol": query["symbol"], "openInterest": "12345.6", "time": at}

    def _open_interest_rows(self, query: dict[str, str]) -> Any:
        """One value per period, the newest stamped now; it grows by 10 a period."""
        length, now_ms = Timeframe(query["period"]).ms, to_ms(self.now())
        start = -(-int(query["startTime"]) // length) * length
        stamps = range(start, min(now_ms, int(query["endTime"])) + 1, length)
        return [
            {"symbol": query["symbol"], "sumOpenInterest": str(10 * (stamp // length % 1000))}
            | {"sumOpenInterestValue": "1", "timestamp": stamp}
            for stamp in stamps
        ]

    def _is_too_old(self, stamp_ms: int) -> bool:
        kept = self.interest_kept
        return kept is not None and stamp_ms < to_ms(self.now() - kept)

    def price(self, code: str) -> Decimal:
        """Close of the newest closed minute, else the first open."""
        series = self.candles(code, Timeframe.M1)
        seen = Candles.whole(series).until(self.now())
        value = seen.close[-1] if len(seen) else series.open[0]
        return Decimal(str(float(value))).quantize(Decimal(self.tick))

    def candles(self, code: str, timeframe: Timeframe) -> Series:
        key = (code, timeframe)
        if key not in self._made:
            given = self.series[code]
            finer = timeframe.ms < given.timeframe.ms
            self._made[key] = (split if finer else resample)(given, timeframe)
        return self._made[key]


def market_id(symbol: str) -> str:
    """`BTC/USDT:USDT` and `BTC/USDT` are `BTCUSDT` there."""
    return symbol.partition(":")[0].replace("/", "")


def split(series: Series, timeframe: Timeframe) -> Series:
    """Shorter candles on the straight line from open to close; put together they are the series."""
    parts = series.timeframe.ms // timeframe.ms
    share = np.arange(parts + 1) / parts
    path = series.open[:, None] + (series.close - series.open)[:, None] * share
    path[:, -1] = series.close
    opens, closes = path[:, :-1], path[:, 1:]
    highs, lows = np.maximum(opens, closes), np.minimum(opens, closes)
    highs[:, parts // 2], lows[:, parts // 2] = series.high, series.low
    stamps = series.open_ms[:, None] + np.arange(parts, dtype=np.int64) * timeframe.ms
    columns = (opens, highs, lows, closes, np.repeat(series.volume[:, None] / parts, parts, axis=1))
    return Series(timeframe, stamps.ravel(), *(column.ravel() for column in columns))


def _kline(series: Series, row: int, now_ms: int) -> list[Any]:
    opened, length = int(series.open_ms[row]), series.timeframe.ms
    forming = opened + length > now_ms
    columns = (series.open, series.high, series.low, series.close)
    prices = [str(float((series.open if forming else column)[row])) for column in columns]
    volume = "0" if forming else str(float(series.volume[row]))
    return [opened, *prices, volume, opened + length - 1, "0", 1, "0", "0", "0"]


def _listing(code: str, tick: str) -> dict[str, Any]:
    base = code.removesuffix("USDT")
    return {
        "symbol": code,
        "pair": code,
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000,
        "onboardDate": to_ms(from_ms(1_569_398_400_000)),
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "orderTypes": ["LIMIT", "MARKET", "STOP_MARKET", "TAKE_PROFIT_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000"}
            | {"tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "120"}
            | {"stepSize": "0.001"},
            {"filterType": "MIN_NOTIONAL", "notional": "100"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.1500", "multiplierDown": "0.8500"}
            | {"multiplierDecimal": "4"},
        ],
    }


def _spot_listing(code: str, tick: str) -> dict[str, Any]:
    of_contracts = {"contractType", "deliveryDate", "marginAsset", "pair", "underlyingType"}
    listed = _listing(code, tick)
    return {key: value for key, value in listed.items() if key not in of_contracts}
