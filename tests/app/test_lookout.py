"""What a person is told while a venue cannot be followed: whether what is held is still watched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from app.lookout import Lookout
from app.options import read_options
from app.price_watch import PriceWatch
from app.settings import Settings
from app.wire import wire_session
from domain.errors import Unreachable
from domain.lifecycle import OrderStatus
from domain.orders import Order
from journal.batch import Batch
from tests.journal.hand import fill
from tests.market.test_chain import BTC, HOME, OTHER, Chained, chained
from tests.servers.exchange_server import Failure

BANNED = Failure(429, "{}", {"Retry-After": "3600"})
SILENT = Unreachable("binance fetch_ohlcv was not sent", retry_after_s=3600)


@dataclass
class Watched:
    lookout: Lookout
    said: list[str]
    chained: Chained

    def ban(self, *names: str) -> None:
        """These exchanges answer nothing but that they want to be left alone."""
        servers = {HOME: self.chained.home, OTHER: self.chained.other, "spot": self.chained.spot}
        for name in names:
            tick = "ticker" if name == "spot" else "24hr"
            servers[name].broken = {tick: BANNED}


@asynccontextmanager
async def watched(home: Path, stop: Decimal) -> AsyncIterator[Watched]:
    """A chain of three exchanges, half a BTC held, and its stop."""
    options = read_options(
        symbols=[BTC], market="synthetic", model="rules", base_url=None, timeframe="1h", every=1,
        start="2024-01-10", end="2024-01-12", capital=None, policy=None, session="s",
        decisions=None, market_url=None, seed=7,
    )  # fmt: skip
    async with chained() as c, wire_session(options, Settings(), home) as wired:
        journal, said = wired.context.journal, list[str]()
        journal.apply(Batch(entries=[fill("buy", "0.5", "20000")]))
        order = Order(
            client_order_id="stop", plan_id="p", run_id="r", symbol=BTC, leg="stop", side="sell",
            kind="stop_market", quantity=Decimal("0.5"), price=stop, reduce_only=True,
            created_at=c.at, status=OrderStatus.WORKING,
        )  # fmt: skip
        prices = PriceWatch(c.chain, lambda: [order], lambda: c.at, said.append)
        lookout = Lookout(c.chain, journal, prices, lambda: c.at, said.append, said.append)
        yield Watched(lookout, said, c)


async def test_the_next_exchange_of_a_chain_watches_what_is_held(tmp_path: Path) -> None:
    async with watched(tmp_path, Decimal(10**6)) as w:
        w.ban(HOME)
        await w.lookout.lost(SILENT)
        ends = f"{w.chained.at + timedelta(hours=1):%H:%M} UTC"
        trouble, touched, held = w.said
        assert trouble == "binance fetch_ohlcv was not sent"
        assert touched.startswith(f"{BTC}: the stop at 1000000 was touched, ")
        assert held.startswith(f"{BTC} (0.5 held): its orders are not filled until {ends}; ")
        assert f"the price of {OTHER} touches" in held
        await w.lookout.lost(SILENT)
        assert len(w.said) == 3, "what stays as it was is not said again"
        w.lookout.found()
        w.lookout.found()
        assert w.said[3:] == [f"{BTC}: its orders are followed again"]


async def test_what_nobody_watches_is_said_at_once_with_the_hour_at_which_it_ends(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path, Decimal(1)) as w:
        w.ban(HOME, OTHER, "spot")
        await w.lookout.lost(SILENT)
        ends = f"{w.chained.at + timedelta(hours=1):%H:%M} UTC"
        assert w.said[1].startswith(f"{BTC} (0.5 held) is NOT watched until {ends}: ")
        await w.lookout.lost(Unreachable("no answer"))
        assert w.said[2:] == ["no answer"], "that it is not watched is known"


async def test_a_wait_that_goes_on_is_told_once_and_another_one_again(tmp_path: Path) -> None:
    async with watched(tmp_path, Decimal(1)) as w:
        for wait_s in (3600.0, 3590.0, 7200.0):
            w.lookout.tell(Unreachable(f"{wait_s}", retry_after_s=wait_s))
        for _ in range(2):
            w.lookout.tell(Unreachable("gone"))
        assert w.said == ["3600.0", "7200.0", "gone", "gone"]
