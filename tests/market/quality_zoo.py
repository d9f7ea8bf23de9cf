"""Every defect that data is known for, let in by a file and by an exchange, and what became of it.

`python -m tests.market.quality_zoo` writes the table of `docs/quality.md`; a test holds it to the
code. What a snapshot says of the defect is shown as its flags, a refusal as its message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory

from domain.candles import Series, Timeframe
from domain.clock import from_ms
from domain.errors import PlangateError
from domain.snapshot import Snapshot
from market.observe import Observer
from market.sources.exchange import ExchangeSource
from market.sources.files import FilesSource
from tests.market.handmade import START_MS, walk
from tests.servers.flawed_exchange import FlawedExchange, Row

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"
BEGINS, ENDS = "<!-- zoo begins -->", "<!-- zoo ends -->"
HOUR_MS = Timeframe.H1.ms
BARS = 400
SERIES = walk(BARS)
NOW = from_ms(START_MS + BARS * HOUR_MS)
BTC, PERPETUAL = "BTC/USDT", "BTC/USDT:USDT"
HEADER = "timestamp,open,high,low,close,volume\n"
Rows = Callable[[list[Row]], list[Row]]


@dataclass(frozen=True)
class Specimen:
    """One defect and how it gets in."""

    name: str
    decision: str
    """What is done about it, and why."""
    rows: Rows | None = None
    """Spoils hourly candles, in the file and at the exchange alike."""
    file: Callable[[Path], None] | None = None
    """Spoils the folder otherwise."""
    exchange: Callable[[FlawedExchange], None] | None = None
    """Spoils the exchange otherwise, after it was opened."""
    doors: tuple[str, ...] = ("file", "exchange")
    later: timedelta = timedelta(0)
    """How long after the last candle's close the exchange is asked."""


class StillClock:
    """Real time that stands: a live exchange is asked about its present."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def jump_s(self) -> float:
        return 0.0


def at(hour: int) -> int:
    """Open time of a candle by its number."""
    return START_MS + hour * HOUR_MS


def with_value(hour: int, column: int, value: float) -> Rows:
    """One number of one candle overwritten; 1 to 5 are open, high, low, close, volume."""

    def spoil(rows: list[Row]) -> list[Row]:
        return [
            [*row[:column], value, *row[column + 1 :]] if row[0] == at(hour) else row
            for row in rows
        ]

    return spoil


def twice(hour: int, change: Callable[[Row], Row] = list) -> Rows:
    """A second row of one candle, right after the first."""

    def spoil(rows: list[Row]) -> list[Row]:
        return [
            each for row in rows for each in ([row, change(row)] if row[0] == at(hour) else [row])
        ]

    return spoil


def begun(row: Row) -> Row:
    """The candle as it was a little after its open."""
    return [*row[:2], row[1], row[1], row[1], row[5] / 10]


def write_candles(folder: Path, rows: list[Row], timeframe: str = "1h") -> None:
    lines = [",".join([str(int(row[0])), *map(repr, row[1:])]) for row in rows]
    (folder / f"BTCUSDT-{timeframe}.csv").write_text(HEADER + "\n".join(lines) + "\n")


def rows_of(series: Series) -> list[Row]:
    columns = (series.open_ms, series.open, series.high, series.low, series.close, series.volume)
    return [list(row) for row in zip(*(c.tolist() for c in columns), strict=True)]


def unclosed_day(folder: Path) -> None:
    """A file of days whose last row was recorded in the morning."""
    rows = rows_of(SERIES)
    days = [rows[n : n + 24] for n in range(0, 384, 24)]
    days[-1] = days[-1][:9]
    write_candles(folder, [_put_together(day) for day in days], "1d")


def _put_together(rows: list[Row]) -> Row:
    highs, lows = (row[2] for row in rows), (row[3] for row in rows)
    return [*rows[0][:2], max(highs), min(lows), rows[-1][4], sum(row[5] for row in rows)]


def funding_file(text: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / "BTCUSDT-funding.csv").write_text("timestamp,funding_rate\n" + text)

    return spoil


def book(change: Callable[[list[list[str]]], list[list[str]]]) -> Callable[[FlawedExchange], None]:
    """Spoils the bids."""

    def spoil(server: FlawedExchange) -> None:
        server.book_flaw = lambda answer: answer | {"bids": change(answer["bids"])}

    return spoil


def book_stamp(stamp: int) -> Callable[[FlawedExchange], None]:
    def spoil(server: FlawedExchange) -> None:
        server.book_flaw = lambda answer: answer | {"E": stamp, "T": stamp}

    return spoil


def rate(value: str) -> Callable[[FlawedExchange], None]:
    def spoil(server: FlawedExchange) -> None:
        server.funding_flaw = lambda rows: [row | {"fundingRate": value} for row in rows]

    return spoil


def price(value: str) -> Callable[[FlawedExchange], None]:
    def spoil(server: FlawedExchange) -> None:
        server.ticker_flaw = lambda answer: answer | {"lastPrice": value}

    return spoil


def halted(server: FlawedExchange) -> None:
    server.listing = {"status": "SETTLING"}


def delisted(server: FlawedExchange) -> None:
    server.delisted = True


def relisted(server: FlawedExchange) -> None:
    filters = [{"filterType": "PRICE_FILTER", "tickSize": "0.01", "minPrice": "0.01"}]
    steps = {"filterType": "LOT_SIZE", "minQty": "0.01", "maxQty": "1000", "stepSize": "0.01"}
    server.listing = {"filters": [*filters, steps]}


EXCHANGE, FILE = ("exchange",), ("file",)
ZOO = (
    Specimen(
        "rows in any order",
        "Sorted; each candle that stood before its predecessor is flagged. (ccxt sorts by itself.)",
        rows=lambda rows: [*rows[1::2], *rows[::2]],
    ),
    Specimen(
        "the same row twice",
        "One is dropped and flagged: nothing has to be chosen.",
        rows=twice(350),
    ),
    Specimen(
        "a candle and its unfinished state",
        "Same open, inside the other, less volume: a candle only grows, so the grown one stands.",
        rows=twice(350, begun),
    ),
    Specimen(
        "two rows of one time that contradict each other",
        "Refused: either may be the wrong one, and choosing would be guessing.",
        rows=twice(350, lambda row: [row[0], *(2 * value for value in row[1:])]),
    ),
    Specimen(
        "a gap",
        "Shown as it is and counted; nothing is filled in. `DATA_GAP` denies entries near it.",
        rows=lambda rows: [row for row in rows if not at(350) <= row[0] < at(353)],
    ),
    Specimen(
        "NaN",
        "The row is dropped, which leaves a gap: `DATA_GAP` denies entries near it.",
        rows=with_value(350, 4, float("nan")),
    ),
    Specimen("a negative price", "As NaN.", rows=with_value(350, 3, -1.0)),
    Specimen("high below low", "As NaN.", rows=with_value(350, 2, 1.0)),
    Specimen(
        "columns in another order",
        "Refused where more than 1 % of the rows are no candles: the rest is not to be believed.",
        rows=lambda rows: [[row[0], row[5], *row[1:5]] for row in rows],
    ),
    Specimen(
        "candles without volume",
        "Kept, legal, flagged; a quarter of a day of them is a reason to sit out.",
        rows=lambda rows: [[*row[:5], 0.0] if at(350) <= row[0] < at(353) else row for row in rows],
    ),
    Specimen(
        "a wick far out",
        "Kept: it may be real, and stops fire on real ones. Flagged beyond five ATR14 of the "
        "candle before; on the newest candle it is a reason to sit out.",
        rows=with_value(399, 2, 60_000.0),
    ),
    Specimen(
        "a candle of the future",
        "A file is refused (what is read must not depend on the day it is read); an exchange's "
        "candle is dropped and flagged.",
        rows=lambda rows: [*rows, [at(10_000), *rows[-1][1:]]],
    ),
    Specimen(
        "seconds for milliseconds",
        "Refused: a column in another unit is a mistake of the whole data. (ccxt leaves out "
        "what opens before the first candle asked for, so that an exchange seems to have none.)",
        rows=lambda rows: [[row[0] // 1000, *row[1:]] for row in rows],
    ),
    Specimen(
        "stamps off the grid",
        "Refused: another timeframe or another time zone.",
        rows=lambda rows: [[row[0] + 60_000, *row[1:]] for row in rows],
    ),
    Specimen(
        "a last candle that is not closed",
        "Never seen before its close. One that was recorded too early is dropped and flagged where "
        "shorter candles show it; the last of the shortest is never decided on, a replay ends at "
        "its open.",
        file=unclosed_day,
        later=timedelta(minutes=20),
    ),
    Specimen(
        "a crossed book",
        "Kept and flagged; `BOOK_CROSSED` denies.",
        exchange=book(lambda bids: [[str(2 * float(bids[0][0])), "1"], *bids[1:]]),
        doors=EXCHANGE,
    ),
    Specimen(
        "a book out of order, with a level of NaN, one of 0 and one twice",
        "What can be no level is dropped; of one price the quantities are put together, since some "
        "exchanges list single orders. (ccxt sorts by itself.)",
        exchange=book(
            lambda b: [*b[::-1], ["NaN", "1"], [b[0][0], "0"], [b[1][0], "1"], b[2]]
        ),
        doors=EXCHANGE,
    ),
    Specimen(
        "a book of the future",
        "Refused beyond a minute: a clock is wrong.",
        exchange=book_stamp(at(BARS) + 120_000),
        doors=EXCHANGE,
    ),
    Specimen(
        "a book stamped in seconds",
        "Refused.",
        exchange=book_stamp(at(BARS) // 1000),
        doors=EXCHANGE,
    ),
    Specimen("a price of NaN", "Refused.", exchange=price("NaN"), doors=EXCHANGE),
    Specimen("a price of -1", "Refused.", exchange=price("-1"), doors=EXCHANGE),
    Specimen(
        "a funding rate in percent, or NaN",
        "Refused: no payment reaches the notional.",
        file=funding_file(f"{at(8)},1.5\n"),
        exchange=rate("NaN"),
    ),
    Specimen(
        "funding twice within a second",
        "A file is refused; of an exchange's the first counts, a position pays once.",
        file=funding_file(f"{at(8)},0.0001\n{at(8) + 7},0.0001\n"),
        exchange=lambda server: setattr(
            server, "funding_flaw", lambda rows: [each for row in rows for each in repeat(row, 2)]
        ),
    ),
    Specimen(
        "a symbol that is traded no more",
        "The list is read again every hour: `SYMBOL_NOT_TRADABLE` denies. A file just ends; later "
        "decisions see old candles and `STALE_DATA` denies.",
        exchange=halted,
        doors=EXCHANGE,
    ),
    Specimen(
        "a symbol that is listed no more",
        "Refused: the exchange answers nothing about it.",
        exchange=delisted,
        doors=EXCHANGE,
    ),
    Specimen(
        "other steps in the middle of a session",
        "Taken over and flagged: orders are made of the new ones. A file has no listing.",
        exchange=relisted,
        doors=EXCHANGE,
    ),
)  # fmt: skip


async def by_file(specimen: Specimen, folder: Path) -> tuple[str, ...]:
    """What a snapshot of the spoilt folder says."""
    rows = rows_of(SERIES)
    write_candles(folder, specimen.rows(rows) if specimen.rows else rows)
    if specimen.file:
        specimen.file(folder)
    source = FilesSource(folder, present=NOW)
    try:
        await source.open([BTC])
        return _said(await Observer(source, Timeframe.H1, [BTC]).snapshot(BTC, NOW))
    except PlangateError as error:
        return (f"refused: {str(error).replace(f'{folder}/', '')}",)


async def open_then_spoil(
    source: ExchangeSource, server: FlawedExchange, specimen: Specimen, at: datetime
) -> None:
    """Let the source see a sound exchange, then spoil it."""
    source.listing.every_s = 0
    await source.open([PERPETUAL])
    await source.venue(at)
    server.candle_flaw = specimen.rows
    if specimen.exchange:
        specimen.exchange(server)


async def by_exchange(specimen: Specimen) -> tuple[str, ...]:
    """What a snapshot of the spoilt exchange says."""
    at = NOW + specimen.later
    async with FlawedExchange({PERPETUAL: SERIES}, at) as server:
        source = ExchangeSource("binanceusdm", StillClock(at), server.url, Timeframe.H1)
        try:
            await open_then_spoil(source, server, specimen, at)
            return _said(await Observer(source, Timeframe.H1, [PERPETUAL]).snapshot(PERPETUAL, at))
        except PlangateError as error:
            return (f"refused: {str(error).replace(server.url, 'URL')}",)
        finally:
            await source.close()


def _said(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(map(str, snapshot.quality)) or ("no flag",)


async def table() -> str:
    """The whole zoo as the page shows it."""
    rows = [
        "| what comes in | what is done | from a file | from an exchange |",
        "|---|---|---|---|",
    ]
    for specimen in ZOO:
        with TemporaryDirectory() as folder:
            filed = await by_file(specimen, Path(folder)) if "file" in specimen.doors else ("—",)
        traded = await by_exchange(specimen)
        cells = (specimen.name, specimen.decision, _cell(filed), _cell(traded))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _cell(said: tuple[str, ...]) -> str:
    return "<br>".join(line if line in ("—", "no flag") else f"`{line}`" for line in said)


def page_with(new: str) -> str:
    """The page with the table replaced."""
    text = PAGE.read_text(encoding="utf-8")
    head, tail = text.partition(BEGINS)[0], text.partition(ENDS)[2]
    return f"{head}{BEGINS}\n\n{new}\n\n{ENDS}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page_with(asyncio.run(table())), encoding="utf-8")
