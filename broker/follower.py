"""Takes news of the venue into the journal, and asks where the news leaves a question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from broker.booking import Booked, Booking
from broker.outbox import PAPER_ACCOUNT
from broker.protocol import Broker, News
from journal.books import Journal
from market.protocol import MarketSource

BEFORE_THE_ORDER = timedelta(minutes=5)
"""Executions are asked for from this long before an order was made: clocks differ."""


class Follower:
    """The way from a venue's word to the journal.

    Args:
        journal: What is written.
        broker: Who is asked again.
        source: Knows the instruments' steps.
        on_booked: Told what each piece of news came to.
        account: Enters the ids of the orders that follow.
    """

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        source: MarketSource,
        on_booked: Callable[[Booked], None],
        account: str = PAPER_ACCOUNT,
    ) -> None:
        self._journal = journal
        self._broker = broker
        self._source = source
        self._tell = on_booked
        self._account = account

    async def take(self, news: News, at: datetime) -> Booked:
        """Book what is told; where executions are missing, ask for them first.

        Raises:
            Unreachable: the venue was asked and did not answer; what was told is booked.
        """
        at = moment_of(news, at)
        booked = self._apply(self._booking(at).take(news))
        if booked.behind:
            made = [self._journal.order(name) for name in booked.behind]
            since = min(order.created_at for order in made if order is not None)
            missing = await self._broker.executions(since - BEFORE_THE_ORDER)
            orders = [o for o in news.orders if o.client_order_id in booked.behind]
            mine = [e for e in missing if e.client_order_id in booked.behind]
            booked = self._apply(self._booking(at).take(News(mine, orders)))
        return booked

    def guard(self, plan_id: str, at: datetime) -> Booked:
        """Bring a plan's orders to where they have to stand, without news."""
        return self._apply(self._booking(at).follow(plan_id))

    def _booking(self, at: datetime) -> Booking:
        return Booking(self._journal, self._source.instrument, self._account, at)

    def _apply(self, booked: Booked) -> Booked:
        if booked.batch:
            self._journal.apply(booked.batch)
            self._tell(booked)
        return booked


def moment_of(news: News, asked: datetime) -> datetime:
    """When it happened; what follows from it is made then. `asked`, where it does not say."""
    stamps = [*(e.at for e in news.executions), *(p.at for p in news.funding)]
    return max(stamps, default=asked)
