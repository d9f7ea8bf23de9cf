"""The exchange on loopback with one endpoint that misbehaves by what it is asked for.

Public trades (`aggTrades`) are answered truly for a limit of 200 or more; each smaller limit gets
the trouble of its number, so that one turn of calls meets them all. After `BUSY` no request of any
kind is answered; what streams goes on.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any

from aiohttp import web
from typing_extensions import override

from domain.clock import to_ms
from tests.servers.exchange_server import ExchangeServer

ENDPOINT = "aggTrades"
HANGS, BUSY, HTML, CUT, HUGE = 11, 12, 13, 14, 15
"""What `limit` asks for."""


class BadExchange(ExchangeServer):
    """The futures exchange; `drop` moves its prices from then on."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fall = Decimal(1)
        self.fell_ms: int | None = None
        self.closing = asyncio.Event()
        self.banned_at: datetime | None = None
        """Since then it answers nothing but that it wants to be left alone."""

    @override
    async def __aexit__(self, *error: object) -> None:
        self.closing.set()
        await super().__aexit__(*error)

    @override
    def price(self, code: str) -> Decimal:
        return (super().price(code) * self.fall).quantize(Decimal(self.tick))

    @override
    def _klines(self, query: dict[str, str]) -> Any:
        """From the minute of the fall on, the candles have fallen too."""
        rows = super()._klines(query)
        fell_ms = self.fell_ms // 60_000 * 60_000 if self.fell_ms else None
        for row in rows:
            if fell_ms is not None and row[0] >= fell_ms:
                row[1:5] = [str(float(Decimal(value) * self.fall)) for value in row[1:5]]
        return rows

    def drop(self, share: str) -> None:
        """From now on every price is this share of what it would be."""
        self.fall, self.fell_ms = Decimal(share), to_ms(self.now())

    @override
    async def _answer(self, request: web.Request) -> web.StreamResponse:
        endpoint, limit = request.path.rsplit("/", 1)[-1], int(request.query.get("limit", "500"))
        if self.banned_at and request.headers.get("Upgrade", "").lower() != "websocket":
            self.requests.append((endpoint, dict(request.query)))
            return _left_alone()
        if endpoint != ENDPOINT or limit not in range(HANGS, HUGE + 1):
            return await super()._answer(request)
        self.requests.append((endpoint, dict(request.query)))
        if limit == HANGS:
            await self.closing.wait()
        if limit == BUSY:
            self.banned_at = self.now()
            return _left_alone()
        if limit == HTML:
            return web.Response(text="<html>maintenance</html>", content_type="text/html")
        text = '[{"a": 1, "p": "1' if limit == CUT else "[" + "1," * 5_000_000 + "1]"
        return web.Response(text=text, content_type="application/json")


def _left_alone() -> web.Response:
    words = {"code": -1003, "msg": "Too many requests."}
    return web.json_response(words, status=429, headers={"Retry-After": "3600"})
