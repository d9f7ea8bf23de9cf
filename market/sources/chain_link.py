"""One exchange of a chain: what its symbols are called there, and whether it is asked now."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from domain.errors import MARKET_FAILURES, DataError, PlangateError, UnknownSymbol, Unreachable
from domain.instrument import Instrument
from market.protocol import LiquidationSource, MarketSource

PROBE_EVERY_S = 60.0
"""How long an exchange that failed is left out before it is asked again."""


class ChainLink:
    """A source with its place in a chain."""

    def __init__(self, source: MarketSource, name: str, monotonic: Callable[[], float]) -> None:
        self.source = source
        self.name = name
        self.names: dict[str, str] = {}
        """Per symbol of home, what it is called here; absent where this exchange lacks it."""
        self.is_open = False
        self.complaint = ""
        """Why it is left out; empty when it is not."""
        self.failures = 0
        """How often it was left out: an answer to what was asked before says nothing of now."""
        self.back_at_s = 0.0
        """Not asked before, by the monotonic clock."""
        self.notices: list[str] = []
        self._monotonic = monotonic

    @property
    def is_out(self) -> bool:
        """Whether it is left out now."""
        return self._monotonic() < self.back_at_s

    def take_turn(self) -> bool:
        """Whether it is asked now; one that was away is probed by one question at a time."""
        if self.is_out:
            return False
        if self.complaint:
            self.back_at_s = self._monotonic() + PROBE_EVERY_S
        return True

    def leave_out(self, error: PlangateError) -> None:
        """Do not ask it for a minute, or for as long as it said."""
        asked_s = error.retry_after_s if isinstance(error, Unreachable) else None
        self.back_at_s = self._monotonic() + max(PROBE_EVERY_S, asked_s or 0.0)
        if not self.complaint:
            self.notices.append(f"{self.name} is left out of the chain: {error}")
        self.complaint, self.failures = str(error), self.failures + 1

    def answered(self, failures: int) -> None:
        """It answered what was asked when it had failed so often."""
        if self.failures != failures:
            return
        if self.complaint:
            self.notices.append(f"{self.name} is back in the chain")
        self.back_at_s, self.complaint = 0.0, ""

    async def open(self, instruments: Iterable[tuple[str, Instrument]]) -> None:
        """Open it as one that stands by: what it lacks, it lacks; one that is away is left out."""
        try:
            for symbol, instrument in instruments:
                there = same_elsewhere(instrument)
                try:
                    await self.source.open([there])
                except UnknownSymbol:
                    continue
                self.names[symbol] = there
            self.is_open = True
        except MARKET_FAILURES as error:
            self.leave_out(error)


def same_elsewhere(instrument: Instrument) -> str:
    """Ccxt's name of the same thing at any exchange: same assets, same kind."""
    pair = f"{instrument.base}/{instrument.quote}"
    return pair if instrument.kind == "spot" else f"{pair}:{instrument.quote}"


def telling(source: MarketSource) -> LiquidationSource:
    """The same source, where it can be asked for liquidations.

    Raises:
        DataError: it cannot.
    """
    if not isinstance(source, LiquidationSource):
        raise DataError(f"{source.info.name} offers no liquidations")
    return source
