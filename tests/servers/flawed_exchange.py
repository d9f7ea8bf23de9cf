"""The exchange on loopback, with something wrong about its data.

Each flaw is a function over an answer as the true exchange would give it. ::

    async with FlawedExchange({"BTC/USDT:USDT": series}, now=at) as server:
        server.candle_flaw = lambda rows: rows[::-1]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typing_extensions import override

from tests.servers.exchange_server import ExchangeServer

Row = list[float]
"""A candle: open time in ms, open, high, low, close, volume."""


class FlawedExchange(ExchangeServer):
    """Serves what it is given, spoilt by the flaws that are set."""

    candle_flaw: Callable[[list[Row]], list[Row]] | None = None
    """Spoils hourly candles; other timeframes are served as they are."""
    book_flaw: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    funding_flaw: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] | None = None
    ticker_flaw: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    delisted = False
    """Whether its symbols have gone from its list."""

    @override
    def _klines(self, query: dict[str, str]) -> Any:
        answer = super()._klines(query)
        if self.candle_flaw is None or query["interval"] != "1h":
            return answer
        rows = [[row[0], *map(float, row[1:6])] for row in answer]
        return [
            [int(row[0]), *(str(value) for value in row[1:]), 0, "0", 1, "0", "0", "0"]
            for row in self.candle_flaw(rows)
        ]

    @override
    def _depth(self, query: dict[str, str]) -> Any:
        answer = super()._depth(query)
        return self.book_flaw(answer) if self.book_flaw else answer

    @override
    def _funding_rates(self, query: dict[str, str]) -> Any:
        answer = super()._funding_rates(query)
        return self.funding_flaw(answer) if self.funding_flaw else answer

    @override
    def _ticker(self, query: dict[str, str]) -> Any:
        answer = super()._ticker(query)
        return self.ticker_flaw(answer) if self.ticker_flaw else answer

    @override
    def _exchange_info(self, *, is_spot: bool) -> Any:
        answer = super()._exchange_info(is_spot=is_spot)
        return answer | {"symbols": []} if self.delisted else answer
