"""What is not the product's in the machine's session: its market, its venue's moods, its gate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from typing_extensions import override

from broker.chance import Act, Call
from broker.faults import FaultyBroker
from broker.paper.venue import PaperBroker
from broker.review import Review, Reviewed
from domain.candles import Candles, Timeframe
from domain.clock import Clock
from domain.finding import Stated
from domain.instrument import Instrument, InstrumentKind
from domain.lifecycle import TradingState
from domain.orders import Deposit
from domain.verdict import Approved, Denied
from journal.books import Journal
from journal.operator import killed
from journal.reading import StoredPlan
from market.protocol import FundingStamp, Tick
from tests.broker.venue import OTHER, SYMBOL, D, H, Row, T, VenueSource, bars

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

    async def transfer(self, deposit_id: str, currency: str, amount: Decimal) -> Deposit | str:
        self._die()
        answer = await self._paper.transfer(deposit_id, currency, amount)
        self._die()
        return answer

    async def deposits(self) -> Sequence[Deposit]:
        return await self._paper.deposits()

    @property
    def _paper(self) -> PaperBroker:
        assert isinstance(self.broker, PaperBroker)
        return self.broker

    def _die(self) -> None:
        if self.words_left is not None:
            self.words_left -= 1
            if self.words_left < 0:
                self.words_left = None
                raise Died


class SetClock(Clock):
    """A clock beside the true time, which somebody may set wrong; for an hour it tells that."""

    def __init__(self, at: datetime) -> None:
        self.true = at
        self.off = timedelta(0)
        self._jumped = timedelta(0)

    @override
    def now(self) -> datetime:
        return self.true + self.off

    @override
    def jump_s(self) -> float:
        return self._jumped.total_seconds()

    def set_wrong_by(self, off: timedelta) -> None:
        self._jumped = max(self._jumped, abs(off - self.off))
        self.off = off

    def pass_by(self, time: timedelta) -> None:
        self.true += time
        self._jumped = timedelta(0)


class GrowingSource(VenueSource):
    """A spot and a perpetual whose bars come as time goes on.

    Args:
        clock: Tells the true time.
        live: An exchange: it has no bar of the future, whatever moment it is asked for. A recording
            has them all, and is asked for none.
    """

    def __init__(self, clock: SetClock, *, live: bool) -> None:
        super().__init__({}, live=live)
        self.clock, self.live_origin = clock, live
        self.rows: dict[str, list[Row]] = {SYMBOL: [], OTHER: []}
        self.paid: list[FundingStamp] = []

    @override
    def instrument(self, symbol: str) -> Instrument:
        return replace(super().instrument(symbol), kind=KINDS[symbol])

    def add(self, symbol: str, row: Row) -> None:
        self.rows[symbol].append(row)
        self.data[symbol, Timeframe.H1] = bars(self.rows[symbol])

    def pay(self, stamp: FundingStamp) -> None:
        if stamp not in self.paid:
            self.paid.append(stamp)

    def _known(self, at: datetime) -> datetime:
        return min(at, self.clock.true) if self.live_origin else at

    @override
    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        return await super().candles(symbol, timeframe, self._known(as_of), bars)

    @override
    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        return await super().bars_after(symbol, after, self._known(until))

    @override
    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        closed = self.rows[symbol][: max(0, (self._known(as_of) - T) // H)]
        return Tick(D(str(closed[-1][3])) if closed else D(100), as_of)

    @override
    async def funding_stamps(
        self, symbol: str, after: datetime, until: datetime
    ) -> Sequence[FundingStamp]:
        stamps = self.paid if KINDS[symbol] == "perpetual" else []
        return [s for s in stamps if after < s.at <= self._known(until)]


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
