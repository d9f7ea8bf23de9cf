"""A spot exchange on loopback, of Bitfinex's shape: another family than Binance's in every way.

Rows instead of objects, errors as `["error", code, words]` under status 500, prices to five
significant digits instead of a tick, no word on what time it is, books of 1, 25 or 100 orders only,
sells as negative amounts. It lives in the machine's own time. ::

    async with SpotServer({"BTC/USD": series}) as server:
        source = ExchangeSource("bitfinex", clock, base_url=server.url)
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
from aiohttp import web

from domain.candles import Timeframe
from domain.clock import to_ms
from tests.servers.exchange_server import ExchangeServer

_LENGTHS = {"1", "25", "100"}


class SpotServer(ExchangeServer):
    """Serves candles, ticker, book and trades of given histories."""

    def endpoint(self, path: str) -> str:
        return path.split("/")[2]

    def true_answer(self, endpoint: str, path: str, query: dict[str, str]) -> web.Response:
        if endpoint == "conf":
            rows = [[code, _pair()] for code in self.series]
            return web.json_response([rows, [], [], []])
        if endpoint == "platform":
            return web.json_response([0 if self.status else 1])
        code = next((c for c in self.series if f"t{c}" in path), None)
        if code is None:
            return _error(10020, "symbol: invalid")
        return self._of_pair(endpoint, code, path, query)

    def _of_pair(self, endpoint: str, code: str, path: str, query: dict[str, str]) -> web.Response:
        if endpoint == "candles":
            return web.json_response(self._candle_rows(code, path, query))
        if endpoint == "ticker":
            price = float(self.price(code))
            return web.json_response([price, 1, price, 1, 0, 0, price, 10, price, price])
        if endpoint == "book":
            if query.get("len", "25") not in _LENGTHS:
                return _error(10020, "len: invalid")
            return web.json_response(self._orders(code, int(query.get("len", "25"))))
        if endpoint == "trades":
            return web.json_response(self._trade_rows(code, int(query.get("limit", "120"))))
        return _error(10000, f"no {path}")

    def _candle_rows(self, code: str, path: str, query: dict[str, str]) -> list[Any]:
        name = path.split(":")[1]
        series = self.candles(code, Timeframe("1d" if name == "1D" else name))
        limit, now_ms = int(query.get("limit", "120")), to_ms(self.now())
        stop = int(np.searchsorted(series.open_ms, now_ms, side="right"))
        start = max(0, stop - limit)
        if "start" in query:
            start = int(np.searchsorted(series.open_ms, int(query["start"]), side="left"))
        rows = []
        for row in range(start, min(stop, start + limit)):
            opened = int(series.open_ms[row])
            forming = opened + series.timeframe.ms > now_ms
            columns = (series.open, series.close, series.high, series.low)
            prices = [float((series.open if forming else column)[row]) for column in columns]
            rows.append([opened, *prices, 0 if forming else float(series.volume[row])])
        return rows if query.get("sort") == "1" else rows[::-1]

    def _orders(self, code: str, count: int) -> list[Any]:
        """Single orders, two at each price."""
        price, tick = self.price(code), Decimal(self.tick)
        steps = [(n, 1 + n // 2) for n in range(count)]
        bids = [[100 + n, float(price - tick * step), 1.25] for n, step in steps]
        asks = [[900 + n, float(price + tick * step), -1.25] for n, step in steps]
        return [*bids, *asks]

    def _trade_rows(self, code: str, limit: int) -> list[Any]:
        price, now_ms = float(self.price(code)), to_ms(self.now())
        return [
            [n, now_ms - n * 1000 - 1000, -0.02 if n % 4 == 0 else 0.02, price]
            for n in range(min(40, limit))
        ]


def _pair() -> list[Any]:
    return [None, None, None, "0.0002", "2000.0", *[None] * 7]


def _error(code: int, words: str) -> web.Response:
    return web.json_response(["error", code, words], status=500)
