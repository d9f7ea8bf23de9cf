"""A Trader Workstation on loopback, as far as a reader of stocks goes, for the real ib_async.

One stock per listing, whose price follows a formula of time, traded in the hours that a test gives.
Messages are of server version 178. ::

    async with IbGateway(now=lambda: at) as gateway:
        source = IbSource("127.0.0.1", gateway.port, clock)
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

MINUTE = timedelta(minutes=1)
SIZES = {"1 min": 1, "5 mins": 5, "15 mins": 15, "30 mins": 30, "1 day": 1440}
WEEKDAYS = range(5)


@dataclass(frozen=True)
class Listing:
    """A stock in one currency."""

    symbol: str = "AAPL"
    currency: str = "USD"
    contract_id: int = 265598
    tick: float = 0.01
    size_increment: float = 0.0001


class IbGateway:
    """Answers contracts, bars, trades and the time."""

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        listings: tuple[Listing, ...] = (Listing(),),
        *,
        opens: int = 14 * 60 + 30,
        closes: int = 21 * 60,
        weekdays: range = WEEKDAYS,
    ) -> None:
        self.now = now
        self.listings = listings
        self.opens, self.closes, self.weekdays = opens, closes, weekdays
        """Minutes of the day, UTC."""
        self.closed_days: set[str] = set()
        """Holidays, as 20261126."""
        self.waves_from = datetime(1970, 1, 1, tzinfo=UTC)
        """Where the formula of the price begins."""
        self.split: float = 1.0
        """By which all prices are divided now."""
        self.split_of: set[str] | None = None
        """The sizes of bars that are adjusted for it; None is all of them."""
        self.errors: dict[str, tuple[int, str]] = {}
        """By message number: code and text in place of an answer."""
        self.silent: set[str] = set()
        """Message numbers that are never answered."""
        self.requests: list[list[str]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self.hang_up()
        self._server.close()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def hang_up(self) -> None:
        for writer in self._open:
            writer.close()

    def price(self, at: datetime) -> float:
        minute = (at - self.waves_from) / MINUTE
        wave = 1 + 0.05 * math.sin(minute / 3000) + 0.004 * math.sin(minute / 37)
        return round(round(200 * wave, 2) / self.split, 4)

    def is_open(self, at: datetime) -> bool:
        minute = at.hour * 60 + at.minute
        day = at.weekday() in self.weekdays and f"{at:%Y%m%d}" not in self.closed_days
        return day and self.opens <= minute < self.closes

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await reader.readexactly(4)
            await _message(reader)
            writer.write(_packed(178, "20260101 00:00:00 UTC"))
            while True:
                fields = (await _message(reader)).split("\0")
                self.requests.append(fields)
                for answer in self._answers(fields):
                    writer.write(_packed(*answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def _answers(self, fields: list[str]) -> Iterator[tuple[Any, ...]]:
        kind = fields[0]
        if kind in self.silent:
            return
        if kind in self.errors:
            number = fields[2] if kind == "9" else fields[1]
            yield (4, 2, number, *self.errors[kind], "")
        else:
            yield from self._told(kind, fields)

    def _told(self, kind: str, fields: list[str]) -> Iterator[tuple[Any, ...]]:
        if kind == "71":
            yield (15, 1, "DU1")
            yield (9, 1, 1)
        elif kind == "61":
            yield (62, 1)
        elif kind == "49":
            yield (49, 1, int(self.now().timestamp()))
        elif kind == "9":
            yield from self._contracts(fields)
        elif kind == "20":
            yield self._bars(fields)
        elif kind == "96":
            yield self._trades(fields)

    def _contracts(self, fields: list[str]) -> Iterator[tuple[Any, ...]]:
        number, symbol, currency = fields[2], fields[4], fields[12]
        found = [
            one for one in self.listings if one.symbol == symbol and currency in ("", one.currency)
        ]
        if not found:
            yield (4, 2, number, 200, "No security definition has been found for the request", "")
            return
        for one in found:
            yield (
                10, number, one.symbol, "STK", "", 0, "", "SMART", one.currency, one.symbol, "NMS",
                "NMS", one.contract_id, one.tick, "", "LMT,MKT", "SMART", 1, 0, "A stock", "NASDAQ",
                "", "Technology", "", "", "UTC", "", self.hours(), "", 0, 0,
                1, "", "", "26", "", "COMMON", 0.0001, one.size_increment, 100,
            )  # fmt: skip
        yield (52, 1, number)

    def hours(self) -> str:
        """Of today and the six days after it."""
        return ";".join(self._day(self.now() + timedelta(days=n)) for n in range(7))

    def _day(self, day: datetime) -> str:
        date = f"{day:%Y%m%d}"
        if day.weekday() not in self.weekdays or date in self.closed_days:
            return f"{date}:CLOSED"
        midnight = day.replace(hour=0, minute=0)
        begin, end = (midnight + minutes * MINUTE for minutes in (self.opens, self.closes))
        return f"{begin:%Y%m%d:%H%M}-{end:%Y%m%d:%H%M}"

    def _bars(self, fields: list[str]) -> tuple[Any, ...]:
        number, end, size, duration = fields[1], _moment(fields[15]), fields[16], fields[17]
        count, unit = duration.split(" ")
        days = int(count) * {"D": 1, "Y": 365}[unit]
        minutes = SIZES[size]
        split = self.split if self.split_of is None or size in self.split_of else 1.0
        until = min(end, self.now())
        at = (end - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
        bars: list[Any] = []
        total = 0
        while at < until:
            if minutes == 1440:
                opens = at + self.opens * MINUTE
                if self.is_open(opens) and opens < until:
                    bars += self._bar(f"{at:%Y%m%d}", opens, self.closes - self.opens, split)
                    total += 1
                at += timedelta(days=1)
                continue
            if not self.is_open(at) and minutes < 60 and at.minute % 30 == 0:
                at += 30 * MINUTE
                continue
            if self.is_open(at):
                bars += self._bar(str(int(at.timestamp())), at, minutes, split)
                total += 1
            at += minutes * MINUTE
        return (17, number, "", "", total, *bars)

    def _bar(self, stamp: str, at: datetime, minutes: int, split: float) -> list[Any]:
        parts = 4 * max(1, minutes // 30)
        moments = [at + minutes * MINUTE * part / parts for part in range(parts + 1)]
        points = [round(self.price(one) * self.split / split, 4) for one in moments]
        volume = 1000 * minutes * split
        high, low = max(points), min(points)
        return [stamp, points[0], high, low, points[-1], volume, points[2], 10]

    def _trades(self, fields: list[str]) -> tuple[Any, ...]:
        number, until, count = fields[1], _moment(fields[16]), int(fields[17])
        at = min(until, self.now()).replace(microsecond=0)
        if not self.is_open(at):
            return (98, number, 0, 1)
        rows: list[Any] = []
        for back in reversed(range(count)):
            moment = at - timedelta(seconds=back)
            rows += [int(moment.timestamp()), 0, self.price(moment), 100, "NASDAQ", ""]
        return (98, number, count, *rows, 1)


def _moment(text: str) -> datetime:
    return datetime.strptime(text.replace("-", " ")[:17], "%Y%m%d %H:%M:%S").replace(tzinfo=UTC)


async def _message(reader: asyncio.StreamReader) -> str:
    size = struct.unpack(">I", await reader.readexactly(4))[0]
    return (await reader.readexactly(size)).decode()


def _packed(*fields: Any) -> bytes:
    body = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(body)) + body
