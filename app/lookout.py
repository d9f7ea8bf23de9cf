"""Says when a live session cannot follow its venue, what that means for what is held, how long.

An operator must read at once that a stop is not watched, and not find it out. What stays as it was
is not said again: an exchange that asked for an hour of rest would fill the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from app.price_watch import PriceWatch
from domain.errors import AccessRefused, DataError, Unreachable
from domain.orders import Position
from journal.books import Journal
from market.protocol import ManySources, MarketSource

_SAME = timedelta(seconds=30)
"""Ends of a wait that lie nearer to each other are one and the same."""
Trouble = DataError | Unreachable | AccessRefused


class Lookout:
    """What is known of the venue's silence.

    Args:
        source: The market that a session looks at.
        journal: Says what is held.
        prices: Asks who still tells them.
        now: The session's time.
        trouble: Told what went wrong and will be tried again.
        notice: Told what a person should know of, once.
    """

    def __init__(
        self,
        source: MarketSource,
        journal: Journal,
        prices: PriceWatch,
        now: Callable[[], datetime],
        trouble: Callable[[str], None],
        notice: Callable[[str], None],
    ) -> None:
        self._source = source
        self._journal = journal
        self._prices = prices
        self._now = now
        self._trouble = trouble
        self._notice = notice
        self._ends: datetime | None = None
        """When the wait that was told last is over."""
        self._said: frozenset[tuple[str, str | None]] = frozenset()
        """Of each symbol that is held, whose prices it is watched on."""
        self._refused: set[str] = set()
        """What was refused, as it was told."""

    def tell(self, error: Trouble) -> None:
        """Say what went wrong; of one long wait only once, and each refusal once."""
        if isinstance(error, AccessRefused):
            self._refuse(str(error))
            return
        ends = self._end_of(error)
        if ends is None or self._ends is None or abs(ends - self._ends) > _SAME:
            self._trouble(str(error))
        self._ends = ends

    def _refuse(self, words: str) -> None:
        if words not in self._refused:
            self._refused.add(words)
            self._trouble(f"{words}; it is asked again and again: look to it, or name another")

    async def lost(self, error: Trouble) -> None:
        """The venue could not be followed: say whether what is held is still looked at."""
        self.tell(error)
        held = self._journal.ledger().positions
        ticks = await self._prices.ask(sorted(held))
        seen = frozenset(
            (symbol, self._teller(symbol) if symbol in ticks else None) for symbol in held
        )
        for symbol, teller in sorted(seen - self._said, key=lambda pair: pair[0]):
            self._notice(self._words(held[symbol], teller, error))
        self._said = seen

    def found(self) -> None:
        """The venue is followed."""
        for symbol, _ in sorted(self._said, key=lambda pair: pair[0]):
            self._notice(f"{symbol}: its orders are followed again")
        self._said, self._ends = frozenset(), None
        self._refused.clear()

    def _words(self, position: Position, teller: str | None, error: Trouble) -> str:
        ends = self._end_of(error)
        until = f"until {ends:%H:%M} UTC" if ends else "until the exchange answers"
        held = f"{position.symbol} ({position.quantity} held)"
        if teller is None:
            return (
                f"{held} is NOT watched {until}: nothing tells its price, and no stop is filled "
                f"before; look to it yourself ({error})"
            )
        return (
            f"{held}: its orders are not filled {until}; a stop that the price of {teller} touches "
            f"is said, and filled on the exchange's own minutes once it answers"
        )

    def _teller(self, symbol: str) -> str:
        if isinstance(self._source, ManySources):
            return self._source.answered_by("last", symbol)
        return self._source.info.name

    def _end_of(self, error: Trouble) -> datetime | None:
        wait_s = error.retry_after_s if isinstance(error, Unreachable) else None
        return self._now() + timedelta(seconds=wait_s) if wait_s else None
