"""What is not the product's in the machine's session: its market, its venue's moods, its gate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from broker.chance import Act, Call
from broker.faults import FaultyBroker
from broker.review import Review, Reviewed
from domain.candles import Timeframe
from domain.clock import Clock
from domain.finding import Stated
from domain.instrument import Instrument, InstrumentKind
from domain.lifecycle import TradingState
from domain.verdict import Approved, Denied
from journal.books import Journal
from journal.operator import killed
from journal.reading import StoredPlan
from market.protocol import FundingStamp, Tick
from tests.broker.venue import OTHER, SYMBOL, D, Row, VenueSource, bars

KINDS: dict[str, InstrumentKind] = {SYMBOL: "spot", OTHER: "perpetual"}


class Died(BaseException):
    """The process is no more."""


class MortalBroker(FaultyBroker):
    """Faults, and after so many words with the venue the death of whoever asks."""

    words_left: int | None = None

    @override
    def _reach(self, call: Call, name: str = "") -> Act:
        self._die()
        return super()._reach(call, name)

    @override
    def _answer(self, act: Act) -> None:
        self._die()
        super()._answer(act)

    def _die(self) -> None:
        if self.words_left is not None:
            self.words_left -= 1
            if self.words_left < 0:
                self.words_left = None
                raise Died


class GrowingSource(VenueSource):
    """A spot and a perpetual whose bars are made as time goes on."""

    def __init__(self) -> None:
        super().__init__({})
        self.rows: dict[str, list[Row]] = {SYMBOL: [], OTHER: []}
        self.paid: list[FundingStamp] = []

    @override
    def instrument(self, symbol: str) -> Instrument:
        return replace(super().instrument(symbol), kind=KINDS[symbol])

    def add(self, symbol: str, row: Row) -> None:
        self.rows[symbol].append(row)
        self.data[symbol, Timeframe.H1] = bars(self.rows[symbol])

    @override
    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        rows = self.rows[symbol]
        return Tick(D(str(rows[-1][3])), as_of) if rows else Tick(D(100), as_of)

    @override
    async def funding_stamps(
        self, symbol: str, after: datetime, until: datetime
    ) -> Sequence[FundingStamp]:
        stamps = self.paid if KINDS[symbol] == "perpetual" else []
        return [s for s in stamps if after < s.at <= until]


class OpenReview(Review):
    """The gate's answer is yes, unless somebody said stop: its rules have a proof of their own."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    @override
    async def review(self, stored: StoredPlan, answered: Collection[str]) -> Reviewed:
        halted = self._journal.trading_state(self._clock.now()) != TradingState.ACTIVE
        if halted or killed(self._journal.database, self._journal.session):
            said = Stated("TRADING_HALTED", False, "stopped", "active", "Trading is stopped.")
            return Reviewed(Denied((said,)), None)
        return Reviewed(Approved(stored.bracket, ()), None)
