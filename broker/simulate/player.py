"""Plays a script: event after event on the real venue, its database closed and opened as it says.

Every life of the process is opened from the file alone, as after any crash.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import market.store.tables  # noqa: F401  # a new database is made at once from all definitions
from broker.faults import FaultyBroker
from broker.paper.venue import PaperBroker
from broker.protocol import Broker, Execution
from broker.simulate.direct import DirectStage
from broker.simulate.events import Downtime, Plan, Restart
from broker.simulate.fault_rows import Written
from broker.simulate.house import HouseStage
from broker.simulate.script import Script
from broker.simulate.stage import Record, Stage, World
from broker.simulate.watched import Died, WatchedBroker
from broker.simulate.world import source_of
from domain.clock import EPOCH, FixedClock
from domain.instrument import InstrumentKind
from domain.orders import FundingPayment
from journal.books import Journal
from traces.database import Database
from traces.tables import METADATA

SESSION = "script"
Wrap = Callable[[Broker], Broker]


class Reopened(NamedTuple):
    """A restart, and what it interrupted."""

    at: datetime
    """When the process was opened again."""
    interrupted: bool
    """It died before the venue had come so far."""
    unfinished: datetime | None
    """Where the venue was going, when it died in the middle of a bar or between two."""


class Played(NamedTuple):
    """What a script came to."""

    script: Script
    world: World
    record: Record
    executions: list[Execution]
    """The venue's own log."""
    payments: list[FundingPayment]
    reopened: list[Reopened]
    marks: dict[str, Decimal]
    """Newest price of what is held at the end."""


class _Life(NamedTuple):
    """One opening of the database."""

    database: Database
    venue: PaperBroker
    stage: Stage


async def play(script: Script, folder: Path, wrap: Wrap | None = None) -> Played:
    """Carry a script out.

    Args:
        script: What happens.
        folder: An empty one, for the database.
        wrap: Puts something between the venue and whoever talks to it, such as faults.

    Raises:
        DataError: the script's bars, payments or books contradict themselves.
    """
    return await Player(script, folder, wrap or (lambda broker: broker)).play()


class Player:
    """Plays one script once."""

    def __init__(self, script: Script, folder: Path, wrap: Wrap) -> None:
        self._script = script
        self._path = folder / "script.db"
        self._wrap = wrap
        self._start = script.moment(script.start)
        self._reopened: list[Reopened] = []

    async def play(self) -> Played:
        """Every event, then the rest of the bars."""
        script = self._script
        source = await source_of(script)
        self._world = World(script, source, FixedClock(self._start))
        self._chance = Written(script.faults, self._world.watch.sent)
        self._life = self._open()
        try:
            await self._begin()
            for event in script.events:
                at = script.moment(event.at)
                if isinstance(event, Restart):
                    await self._restart(event, at)
                    continue
                await self._go(at)
                if isinstance(event, Downtime):
                    await self._reopen(script.moment(event.until))
                else:
                    await self._life.stage.do(event, at)
            await self._go(script.ends_at)
            if script.faults:  # what was held back to the end is found by asking
                await self._begin()
                await self._go(script.ends_at)
            return await self._played()
        finally:
            self._life.database.close()

    async def _restart(self, event: Restart, at: datetime) -> None:
        watch = self._world.watch
        watch.left, watch.heard = event.after_news, event.heard
        interrupted = False
        try:
            await self._go(at)
        except Died:
            interrupted = True
        watch.left = None
        await self._reopen(at, interrupted=interrupted)

    async def _reopen(self, at: datetime, *, interrupted: bool = False) -> None:
        self._life.database.close()
        self._world.clock.advance_to(at)
        self._life = self._open()
        self._reopened.append(Reopened(at, interrupted, self._life.venue.unfinished))
        await self._begin()
        await self._go(at)

    async def _begin(self) -> None:
        venue = self._life.venue
        await self._life.stage.begin(venue.cursor, venue.unfinished)

    async def _go(self, until: datetime) -> None:
        self._world.clock.advance_to(until)
        await self._life.stage.go(until)

    def _open(self) -> _Life:
        script, world = self._script, self._world
        capital, symbols = script.account.money, list(script.instruments)
        kinds: dict[str, InstrumentKind] = {s: r.kind for s, r in script.instruments.items()}
        database = Database.open(self._path, METADATA)
        journal = Journal(database, SESSION)
        journal.open_session({}, kinds, capital)
        venue = PaperBroker(
            database,
            SESSION,
            world.source,
            symbols,
            capital,
            self._start,
            world.clock,
            script.paper_terms,
            journal.fence,
        )
        heard = self._faulty(venue)
        broker = self._wrap(WatchedBroker(heard, world.watch, venue))
        stage: Stage
        if any(isinstance(event, Plan) for event in script.events):
            stage = HouseStage(world, broker, venue, journal)
        else:
            stage = DirectStage(world, broker, venue)
        return _Life(database, venue, stage)

    def _faulty(self, venue: Broker) -> Broker:
        """The venue as it is heard of."""
        if not self._script.faults:
            return venue
        world, chance = self._world, self._chance
        return FaultyBroker(venue, chance.faults, 0, world.clock, world.faults.append, chance)

    async def _played(self) -> Played:
        venue, source = self._life.venue, self._world.source
        record = await self._life.stage.record(venue)
        marks = {}
        for symbol in record.ledger.positions:
            tick = await source.tick(symbol, self._script.ends_at)
            if tick is not None:
                marks[symbol] = tick.price
        return Played(
            self._script,
            self._world,
            record,
            list(await venue.executions(EPOCH)),
            list(await venue.payments(EPOCH)),
            self._reopened,
            marks,
        )
