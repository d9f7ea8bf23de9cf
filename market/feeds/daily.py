"""Daily closes of other markets as CSV: `Date,…,Close,…`, from a folder or from the network.

A file is a record: the close of a day is known some hours after the day began (UTC), because
exchanges close in the evening; the default waits for the day to be over. A page of the network is
live, and what it shows is known from when it was seen.
"""

from __future__ import annotations

import copy
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from domain.clock import Clock
from domain.errors import DataError
from domain.snapshot import Origin
from market.feeds.fetch import Fetcher
from market.feeds.live import LiveFeed
from market.feeds.protocol import MACRO_ASSETS, MacroAsset, Observation, Sighted

KNOWN_AFTER = timedelta(hours=24)
MAX_ROWS_COUNT = 20_000
MAX_FILE_BYTES = 5_000_000


class DailyPage(LiveFeed):
    """The closes of one market at one address."""

    def __init__(
        self,
        name: str,
        fetcher: Fetcher,
        clock: Clock,
        asset: MacroAsset,
        record: Path | None = None,
    ) -> None:
        super().__init__(name, fetcher, clock, record)
        self.asset: MacroAsset = asset

    async def observations(self, as_of: datetime) -> Sequence[Observation]:
        """What was known at `as_of`."""
        return [one for one in await self.sighted(as_of) if isinstance(one, Observation)]

    def read(self, body: bytes, known_at: datetime) -> Sequence[Sighted]:
        """The rows of one page.

        Raises:
            DataError: no such table.
        """
        text = _text(body, self.name)
        days = ((day, value) for day, value in _closes(text, self.name))
        return [Observation(self.asset, value, day, known_at) for day, value in days]


class DailyFiles:
    """A folder with one file a market, such as `spy.csv` and `vix.csv`."""

    origin: Origin = "recorded"

    def __init__(
        self, name: str, folder: Path, known_after: Mapping[MacroAsset, timedelta] | None = None
    ) -> None:
        """Read every file.

        Args:
            name: as the user named it.
            folder: with the files.
            known_after: hours from the beginning of a day to when its close is known.

        Raises:
            DataError: naming file, line and fault.
        """
        self.name = name
        self._folder = folder
        waits = known_after or {}
        files = [(asset, folder / f"{asset}.csv") for asset in MACRO_ASSETS]
        self._known = [
            Observation(asset, value, day, day + waits.get(asset, KNOWN_AFTER))
            for asset, file in files
            if file.is_file()
            for day, value in _closes(_text(_bytes(file), str(file)), str(file))
        ]
        if not self._known:
            expected = ", ".join(f"{asset}.csv" for asset in MACRO_ASSETS)
            raise DataError(f"{str(folder)!r} has no closes; expected some of {expected}")

    @property
    def known(self) -> Sequence[Observation]:
        """Every close, whenever it was known."""
        return self._known

    def showing(self, known: Sequence[Observation]) -> Self:
        """The same feed over other closes."""
        other = copy.copy(self)
        other._known = list(known)
        return other

    @property
    def description(self) -> str:
        """What it is, and where from."""
        have = dict.fromkeys(one.asset for one in self._known)
        return f"daily closes of {', '.join(have)} in {self._folder}"

    async def observations(self, as_of: datetime) -> Sequence[Observation]:
        """What was known at `as_of`."""
        return [one for one in self._known if one.known_at <= as_of]

    async def close(self) -> None:
        """Nothing is held open."""


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise DataError(f"{str(file)!r} is larger than {MAX_FILE_BYTES} bytes")
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {str(file)!r}: {error.strerror}") from error


def _text(body: bytes, where: str) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{where} is no UTF-8 text, was expected to be CSV") from None


def _closes(text: str, where: str) -> Iterator[tuple[datetime, float]]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        names = {name.strip().lower(): name for name in rows.fieldnames or () if name}
        if not {"date", "close"} <= set(names):
            raise DataError(f"{where} has no columns Date and Close; expected daily closes as CSV")
        before: datetime | None = None
        for line, row in enumerate(rows, start=2):
            if line > MAX_ROWS_COUNT:
                raise DataError(f"{where} has more than {MAX_ROWS_COUNT} rows")
            day, value = _close(row[names["date"]], row[names["close"]], f"{where}, line {line}")
            if before is not None and day <= before:
                raise DataError(f"{where}, line {line}: {day:%Y-%m-%d} does not follow; sort it")
            before = day
            yield day, value
    except csv.Error as error:
        raise DataError(f"{where} cannot be read as CSV: {error}") from None


def _close(date: str | None, close: str | None, where: str) -> tuple[datetime, float]:
    try:
        day = datetime.strptime((date or "").strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise DataError(f"{where}: date {str(date)[:20]!r} was expected as 2026-11-20") from None
    try:
        value = float(close or "")
    except ValueError:
        value = float("nan")
    if not 0 < value < 1e12:
        raise DataError(f"{where}: close {str(close)[:20]!r} was expected to be a number above 0")
    return day, value
