"""Puts a session together again to walk its record under another policy: no model, no graph.

Market, venue, journal, exits and the order of things are a session's own (`app.wire`,
`app.session`); only the decisions come from the record (`backtest.walk`). It happens in a folder of
its own, which is thrown away.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from langchain_core.language_models import BaseChatModel
from typing_extensions import override

from agent.recorded_model import RecordedModel
from app.diary import Diary
from app.opinion_options import OpinionOptions
from app.options import SessionOptions
from app.session import Decider, Session
from app.session import Progress as Decided
from app.settings import load_settings
from app.wire import Replaced, Wired, wire_session
from backtest.outcome import Outcome, outcome_of
from backtest.record import StoredDecision
from backtest.regate import ReadPlan
from backtest.walk import Key, Walk, Walked
from domain.clock import EPOCH, FixedClock
from market.sources.recorded import RecordedSource
from policies.settings import Policy
from traces.store import TraceStore

IN_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own is made in it
"""Where Linux keeps files in memory: what is thrown away needs no disk."""
Progress = Callable[[int, int], None]
"""Told how many decisions were carried out, and how many there are."""
Record = Sequence[tuple[StoredDecision, tuple[ReadPlan, ...]]]


@dataclass(frozen=True)
class Ended:
    """What a walk came to."""

    walked: tuple[Walked, ...]
    outcomes: tuple[Outcome, ...]
    """One a purse."""
    source: str
    """The market that it was filled on."""
    base_timeframe: str
    """Length of the bars that it was filled on."""


@dataclass(frozen=True)
class Walker:
    """Walks one record under one policy after another, over one market that is loaded once."""

    options: SessionOptions
    record: Record
    store: TraceStore
    source: RecordedSource
    end: datetime
    """Nothing is filled after it."""

    async def walk(self, policy: Policy, progress: Progress) -> Ended:
        """Carry the record out under a policy.

        Raises:
            PlangateError: the market does not have what a session needs.
        """
        async with self.opened(policy, RecordedModel({})) as wired:
            walk = Walk(wired.context, dict(self.keyed), self.store)
            diary = Unwritten(wired.context.recorder, Path(os.devnull))
            told = partial(self._told, walk, progress)
            await self.live(wired, walk, diary, told)
            journal, info = wired.context.journal, wired.info
            outcomes = tuple(outcome_of(journal, each) for each in sorted(journal.capital()))
            return Ended(tuple(walk.walked), outcomes, info.description, info.base_timeframe.value)

    @property
    def keyed(self) -> Iterator[tuple[Key, tuple[StoredDecision, tuple[ReadPlan, ...]]]]:
        """The record by symbol and moment."""
        return (((one.symbol, one.as_of), (one, plans)) for one, plans in self.record)

    @asynccontextmanager
    async def opened(self, policy: Policy, model: BaseChatModel) -> AsyncIterator[Wired]:
        """The session put together anew, in a folder that is thrown away."""
        settings = load_settings().model_copy(update={"database_url": None})
        clock = FixedClock(self.options.start or EPOCH)
        replaced = Replaced(model=model, source=self.source, clock=clock)
        with _folder() as home:
            wiring = wire_session(self.options, settings, home, policy=policy, replaced=replaced)
            async with wiring as wired:
                yield wired

    async def live(self, wired: Wired, decider: Decider, diary: Diary, told: Decided) -> None:
        """Let the session go through the moments of the record."""
        session = Session(
            context=wired.context,
            runner=decider,
            executor=wired.executor,
            resumed_at=wired.venue.cursor,
            unfinished=None,
            diary=diary,
            every=self.options.every,
            limit=None,
            progress=told,
            trouble=_unsaid,
            notice=_unsaid,
        )
        slots = sorted({one.as_of for one, _ in self.record if one.as_of <= self.end})
        await session.replay(slots, self.end)

    def _told(self, walk: Walk, progress: Progress, _slot: datetime, _final: object) -> None:
        progress(len(walk.walked), len(self.record))


class Unwritten(Diary):
    """Tells no telemetry of a walk."""

    @override
    def decided(self, run_id: str) -> None:
        """It was decided long ago."""


def walked_options(options: SessionOptions, record: Record, end: datetime) -> SessionOptions:
    """A session's options without what only models and venues need, over the record's time."""
    first = min(one.as_of for one, _ in record)
    return replace(
        options,
        session="walk",
        start=options.timeframe.floor(first),
        end=max(end, first + timedelta(seconds=1)),
        decisions=None,
        faults=None,
        opinions=OpinionOptions(),
    )


@contextmanager
def _folder() -> Iterator[Path]:
    memory = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="plangate-walk-", dir=memory) as folder:
        yield Path(folder)


def _unsaid(_words: str) -> None:
    """Said when the session was run, or an account's own affair."""
