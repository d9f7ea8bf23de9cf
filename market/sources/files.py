"""Any folder of candle files: `<SYM>-<timeframe>.csv[.gz]`, one file per symbol and timeframe.

Beside candles (`timestamp,open,high,low,close,volume`, further columns ignored) a symbol may have
`<SYM>-funding.csv[.gz]` (`timestamp,funding_rate`), which makes it a perpetual, and
`<SYM>-open-interest-<timeframe>.csv[.gz]` (`timestamp,sum_open_interest`). Timestamps are UTC
milliseconds; a candle's is its open time. A column `settled` of 1 says that candles are final.
Files of other names are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Series, Timeframe
from domain.clock import from_ms, iso
from domain.errors import DataError, UnknownSymbol
from domain.instrument import Instrument
from domain.numbers import to_decimal
from market.cleaning import without_unclosed
from market.quality import check_unit
from market.sources.csv_table import (
    FIRST_LINE,
    ends_settled,
    read_columns,
    read_series,
    read_text,
    whole_stamps,
)
from market.sources.funding import RATE_LIMIT, FundingHistory, funding_history, whole_seconds
from market.sources.recorded import RecordedMarket, RecordedSource, StampedValues

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "USD", "EUR", "GBP", "JPY", "BTC", "ETH", "BNB")
"""Endings by which `BTCUSDT` is split into base and quote, tried in this order."""
UNIT_ROWS = 300
"""Tick and step are read off the first rows only: a decision needs as many before it, so its units
never come from candles that it could not see."""

MAX_DECIMALS = 10
"""More decimals than any venue quotes prices in."""
_NAME = re.compile(
    r"(?P<code>[A-Za-z0-9]+)-(?:(?P<funding>funding)|(?P<interest>open-interest)-\w+|(?P<tf>\w+))"
    r"\.csv(?:\.gz)?"
)


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of one symbol."""

    candles: dict[Timeframe, Path] = field(default_factory=dict)
    funding: list[Path] = field(default_factory=list)
    interest: list[Path] = field(default_factory=list)


class FilesSource(RecordedSource):
    """A folder of candle files, shown only as far as each moment knew."""

    def __init__(self, folder: Path | str, present: datetime | None = None) -> None:
        """A folder; `present` is the machine's time, after which no recorded candle can open."""
        self._present = present
        self._folder = Path(folder).expanduser()
        super().__init__(
            f"files:{self._folder.resolve().name}",
            "recorded",
            f"candle files in {str(self._folder)!r}; no order book",
        )
        self._found: dict[str, _Files] | None = None
        self._settled: set[tuple[str, Timeframe]] = set()

    def symbols(self) -> tuple[str, ...]:
        """Every symbol that has candles in the folder."""
        self._found = self._found or _scan(self._folder)
        return tuple(sorted(_pair(code)[2] for code in self._found))

    def is_settled(self, symbol: str, timeframe: Timeframe) -> bool:
        """Whether the file of an opened symbol says that its last candle is final."""
        return (_code(symbol), timeframe) in self._settled

    def load(self, symbol: str) -> RecordedMarket:
        """Read and check all files of one symbol."""
        self._found = self._found or _scan(self._folder)
        code = _code(symbol)
        files = self._found.get(code)
        if files is None:
            raise UnknownSymbol(symbol, str(self._folder), [_pair(c)[2] for c in self._found])
        series: dict[Timeframe, Series] = {}
        for timeframe, path in files.candles.items():
            text = read_text(path)
            series[timeframe] = read_series(text, timeframe, where=str(path), present=self._present)
            if ends_settled(text):
                self._settled.add((code, timeframe))
        base = series.pop(min(series, key=lambda timeframe: timeframe.seconds))
        return RecordedMarket(
            instrument=_instrument(code, base, perpetual=bool(files.funding)),
            base=base,
            given={length: without_unclosed(longer, base) for length, longer in series.items()},
            funding=_read_funding(files.funding[0]) if files.funding else None,
            open_interest=_read_interest(files.interest[0]) if files.interest else None,
        )


def _scan(folder: Path) -> dict[str, _Files]:
    if not folder.is_dir():
        raise DataError(
            f"{str(folder)!r} is no folder; expected one with files such as BTCUSDT-1h.csv.gz"
        )
    found: dict[str, _Files] = {}
    for path, match in _matches(folder):
        files = found.setdefault(match["code"].upper(), _Files())
        if match["funding"]:
            files.funding.append(path)
        elif match["interest"]:
            files.interest.append(path)
        elif match["tf"] in set(Timeframe):
            _add_candles(files, Timeframe(match["tf"]), path)
    found = {code: files for code, files in found.items() if files.candles}
    if not found:
        raise DataError(
            f"no candle files in {str(folder)!r}; expected names such as BTCUSDT-1h.csv.gz, with a "
            f"timeframe of {', '.join(Timeframe)}"
        )
    return found


def _matches(folder: Path) -> Iterator[tuple[Path, re.Match[str]]]:
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match:
            yield path, match


def _add_candles(files: _Files, timeframe: Timeframe, path: Path) -> None:
    other = files.candles.get(timeframe)
    if other is not None:
        raise DataError(
            f"{str(path)!r} and {other.name!r} hold the same candles; expected one file per symbol "
            "and timeframe: remove one"
        )
    files.candles[timeframe] = path


def _code(symbol: str) -> str:
    """`BTC/USDT`, `BTC/USDT:USDT` and `BTCUSDT` all mean the files of `BTCUSDT`."""
    return symbol.partition(":")[0].replace("/", "").upper()


def _pair(code: str) -> tuple[str, str, str]:
    """Base, quote and canonical symbol of a file's code; no known quote: the code is the base."""
    for quote in QUOTES:
        base = code.removesuffix(quote)
        if base and base != code:
            return base, quote, f"{base}/{quote}"
    return code, "USD", code


def _instrument(code: str, base: Series, *, perpetual: bool) -> Instrument:
    asset, quote, symbol = _pair(code)
    columns = (base.open, base.high, base.low, base.close)
    prices = np.concatenate([column[:UNIT_ROWS] for column in columns])
    step = Decimal(1).scaleb(-(_decimals(base.volume[:UNIT_ROWS]) or 3))  # whole ones say nothing
    return Instrument(
        symbol=symbol,
        base=asset,
        quote=quote,
        kind="perpetual" if perpetual else "spot",
        price_tick=Decimal(1).scaleb(-_decimals(prices)),
        quantity_step=step,
        min_quantity=step,
        min_notional=Decimal(5),
        taker_fee_fraction=Decimal("0.0005") if perpetual else Decimal("0.001"),
    )


def _decimals(values: NDArray[np.float64]) -> int:
    """The most decimals any of the values is written with."""
    for digits in range(MAX_DECIMALS):
        if np.array_equal(np.round(values, digits), values):
            return digits
    return MAX_DECIMALS


def _read_funding(path: Path) -> FundingHistory:
    stamps, rates = _read_stamped(path, "funding_rate")
    for row in np.flatnonzero(np.abs(rates) >= RATE_LIMIT)[:1]:
        raise DataError(
            f"{path}, line {row + FIRST_LINE} ({iso(from_ms(int(stamps[row])))}): funding_rate is "
            f"{float(rates[row])!r}, was expected between -{RATE_LIMIT} and {RATE_LIMIT}, a "
            "fraction of the notional: mend the row or the column's unit"
        )
    for row in np.flatnonzero(np.diff(whole_seconds(stamps)) == 0)[:1]:
        raise DataError(
            f"{path}, lines {row + FIRST_LINE} and {row + FIRST_LINE + 1} "
            f"({iso(from_ms(int(stamps[row])))}): duplicate timestamp, both fall into one second; "
            "expected one row per payment: drop one"
        )
    return funding_history(stamps, [to_decimal(float(rate)) for rate in rates])


def _read_interest(path: Path) -> StampedValues:
    return StampedValues(*_read_stamped(path, "sum_open_interest"))


def _read_stamped(path: Path, column: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Stamps and values of one column, strictly increasing and finite."""
    where = str(path)
    raw_stamps, values = read_columns(read_text(path), ("timestamp", column), where=where)
    stamps = whole_stamps(raw_stamps, where=where)
    check_unit(stamps, where=where, first_line=FIRST_LINE)
    for row in np.flatnonzero(~np.isfinite(values))[:1]:
        raise DataError(
            f"{where}, line {row + FIRST_LINE}: {column} is {float(values[row])!r}, "
            "was expected to be a finite number"
        )
    for row in np.flatnonzero(np.diff(stamps) <= 0)[:1] + 1:
        raise DataError(
            f"{where}, line {row + FIRST_LINE} ({iso(from_ms(int(stamps[row])))}): unsorted or "
            "duplicate timestamp; expected the oldest first and each once"
        )
    return stamps, values
