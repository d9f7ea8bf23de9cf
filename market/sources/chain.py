"""A chain of exchanges: the first is home, the others stand by.

*Home* is where orders are sent: instruments, the venue's state and (for the paper venue, which is
given `home` itself) every fill and payment are its own. What a decision looks at comes from the
first exchange of the chain that answers, each datum wholly from one of them, and `answered_by` says
from which. So candles of two exchanges never stand in one series.

An exchange that did not answer is left out for a minute, or for as long as it asked, and is then
asked first again. The newest price is held against that of every other exchange of the chain.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from domain.book import OrderBook
from domain.candles import Candles, Timeframe
from domain.errors import MARKET_FAILURES, AccessRefused, DataError, Unreachable
from domain.instrument import Instrument
from domain.snapshot import Funding
from market.price_collar import COLLAR_BPS, Collar, QuotedPrice, collar_of
from market.protocol import (
    FundingStamp,
    Liquidation,
    MarketSource,
    MarketTrade,
    NoticingSource,
    SourceInfo,
    StreamingSource,
    Tick,
    VenueState,
)
from market.sources.chain_link import ChainLink, telling

CHECK_PATIENCE_S = 3.0
"""How long a price waits for those that it is compared with."""
CHAIN_TIMEOUT_S = 5.0
CHAIN_RETRY_DELAYS_S = (0.5,)
"""An exchange of a chain is given up sooner than a lonely one."""
_T = TypeVar("_T")


class ChainSource:
    """The first of several exchanges that answers.

    Args:
        sources: home first, not opened yet; named by the user as in `names`.
        names: such as `ccxt:binanceusdm`, one per source.
        collar_bps: how far a price may lie from the median of all.
        monotonic: what the waits are counted with.
    """

    def __init__(
        self,
        sources: Sequence[MarketSource],
        names: Sequence[str],
        collar_bps: Decimal = COLLAR_BPS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._links = [ChainLink(s, n, monotonic) for s, n in zip(sources, names, strict=True)]
        self._collar_bps = collar_bps
        self._monotonic = monotonic
        self._answered: dict[tuple[str, str], str] = {}

    @property
    def home(self) -> MarketSource:
        """Where orders are sent."""
        return self._links[0].source

    @property
    def info(self) -> SourceInfo:
        """Home's, under the name of the chain."""
        names = ",".join(link.name.removeprefix("ccxt:") for link in self._links)
        others = ", ".join(link.name for link in self._links[1:])
        home = self.home.info
        return replace(
            home,
            name=f"ccxt:{names}",
            description=f"{home.description}; standing by: {others}",
        )

    async def open(self, symbols: Sequence[str]) -> None:
        """Open home, which must answer, and those of the others that do.

        Raises:
            UnknownSymbol: home does not have it. Another exchange may lack it.
            Unreachable: home does not answer: its ticks and steps are not known.
        """
        home, *others = self._links
        await home.source.open(symbols)
        home.is_open = True
        for symbol in symbols:
            home.names[symbol] = home.names[self.home.instrument(symbol).symbol] = symbol
        await asyncio.gather(*(link.open(self._instruments()) for link in others))

    async def close(self) -> None:
        """Close every exchange; may be called twice."""
        await asyncio.gather(*(link.source.close() for link in self._links))

    def instrument(self, symbol: str) -> Instrument:
        """Home's: orders have its steps and minimums, whoever's candles were looked at."""
        return self.home.instrument(symbol)

    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        """Of one exchange, all of them."""
        return await self._ask(
            f"candles.{timeframe}", symbol, lambda s, name: s.candles(name, timeframe, as_of, bars)
        )

    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        """The newest price, if it lies within the collar.

        Raises:
            DataError: it does not; all prices are told.
        """
        found = await self._ask("last", symbol, lambda s, name: s.tick(name, as_of))
        if found is None:
            return None
        own = QuotedPrice(self._answered["last", symbol], found.price, found.at)
        collar = collar_of([own, *await self._compared(symbol, as_of, own)], self._collar_bps)
        if own in collar.outside:
            raise DataError(
                f"the price of {symbol} is not to be trusted: {collar.sentence()}; nothing is "
                "decided on it: wait, or name other exchanges"
            )
        return found

    async def collar(self, symbol: str, as_of: datetime) -> Collar | None:
        """Every exchange's newest price around their median; None where there is none."""
        prices = await self._compared(symbol, as_of, None)
        return collar_of(prices, self._collar_bps) if prices else None

    async def book(self, symbol: str, as_of: datetime) -> OrderBook | None:
        """The order book of one exchange."""
        return await self._ask("book", symbol, lambda s, name: s.book(name, as_of))

    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:
        """The newest public trades of one exchange."""
        return await self._ask("trades", symbol, lambda s, name: s.trades(name, as_of, limit))

    async def funding(self, symbol: str, as_of: datetime) -> Funding | None:
        """Funding at one exchange."""
        return await self._ask("funding", symbol, lambda s, name: s.funding(name, as_of))

    async def open_interest(self, symbol: str, as_of: datetime) -> Decimal | None:
        """Open contracts at one exchange, in base."""
        return await self._ask(
            "open_interest", symbol, lambda s, name: s.open_interest(name, as_of)
        )

    async def venue(self, as_of: datetime) -> VenueState:
        """Home's: whether another exchange takes orders is no help."""
        return await self.home.venue(as_of)

    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        """Base candles of one exchange; orders are filled on those of `home` alone."""
        return await self._ask("bars", symbol, lambda s, name: s.bars_after(name, after, until))

    async def funding_stamps(
        self, symbol: str, after: datetime, until: datetime
    ) -> Sequence[FundingStamp]:
        """Home's: what is paid is paid there."""
        return await self.home.funding_stamps(symbol, after, until)

    async def liquidations(self, symbol: str, as_of: datetime, limit: int) -> Sequence[Liquidation]:
        """Of one exchange."""
        return await self._ask(
            "liquidations", symbol, lambda s, name: telling(s).liquidations(name, as_of, limit)
        )

    def notices(self) -> list[str]:
        """Who was left out and who is back, and what each exchange changed."""
        said: list[str] = []
        for link in self._links:
            said += link.notices
            link.notices.clear()
            if isinstance(link.source, NoticingSource):
                said += link.source.notices()
        return said

    async def watch(self, symbols: Sequence[str]) -> None:
        """Home's prices, as they are made: what is held is held there."""
        if isinstance(self.home, StreamingSource):
            await self.home.watch(symbols)

    async def next_price(self, timeout_s: float) -> bool:
        """Wait for home's next streamed price; False where none came in time."""
        if isinstance(self.home, StreamingSource):
            return await self.home.next_price(timeout_s)
        await asyncio.sleep(timeout_s)
        return False

    def streamed(self, symbol: str, as_of: datetime) -> Tick | None:
        """Home's newest streamed price; None where none is fresh."""
        home = self.home
        return home.streamed(symbol, as_of) if isinstance(home, StreamingSource) else None

    def answered_by(self, datum: str, symbol: str) -> str:
        """Which exchange gave the newest answer about a datum, such as `candles.1h`."""
        return self._answered.get((datum, symbol), self._links[0].name)

    def left_out(self) -> dict[str, str]:
        """Exchanges that are not asked now, and why."""
        return {link.name: link.complaint for link in self._links if link.is_out}

    async def _ask(
        self, datum: str, symbol: str, question: Callable[[MarketSource, str], Awaitable[_T]]
    ) -> _T:
        """The first answer, down the chain.

        Raises:
            Unreachable: nobody answered; each one's complaint is told.
            DataError: the first complaint about data, where some answered and none of use.
        """
        broken: DataError | None = None
        for link in self._links:
            if not (link.take_turn() and await self._has(link, symbol)):
                continue
            failures = link.failures
            try:
                found = await question(link.source, link.names[symbol])
            except DataError as error:
                broken = broken or error
                continue
            except (Unreachable, AccessRefused) as error:
                link.leave_out(error)
                continue
            link.answered(failures)
            for name in {symbol, self.instrument(symbol).symbol}:
                self._answered[datum, name] = link.name
            return found
        if broken is not None:
            raise broken
        lacks = f"does not have {symbol}"
        said = "; ".join(f"{link.name}: {link.complaint or lacks}" for link in self._links)
        back_s = min((link.back_at_s for link in self._links if link.complaint), default=0.0)
        raise Unreachable(
            f"no exchange of the chain answered {datum} of {symbol}: {said}",
            retry_after_s=max(0.0, back_s - self._monotonic()),
        )

    async def _compared(
        self, symbol: str, as_of: datetime, own: QuotedPrice | None
    ) -> list[QuotedPrice]:
        """What the other exchanges that are there say, within their patience."""

        async def quoted(link: ChainLink) -> QuotedPrice | None:
            try:
                async with asyncio.timeout(CHECK_PATIENCE_S):
                    if not await self._has(link, symbol):
                        return None
                    tick = await link.source.tick(link.names[symbol], as_of)
            except (*MARKET_FAILURES, TimeoutError):
                return None  # a comparison that fails is no fault of the price
            return QuotedPrice(link.name, tick.price, tick.at) if tick else None

        others = [
            link
            for link in self._links
            if (own is None or link.name != own.source) and not link.is_out
        ]
        return [each for each in await asyncio.gather(*map(quoted, others)) if each]

    async def _has(self, link: ChainLink, symbol: str) -> bool:
        """Whether an exchange is open and has the symbol; one that was away is opened now."""
        if not link.is_open:
            await link.open(self._instruments())
        return link.is_open and symbol in link.names

    def _instruments(self) -> list[tuple[str, Instrument]]:
        return [(symbol, self.instrument(symbol)) for symbol in self._links[0].names]


def home_of(source: MarketSource) -> MarketSource:
    """The one market that orders are sent to: of a chain its home, else the source itself."""
    return source.home if isinstance(source, ChainSource) else source
