"""The composition root: the one place where concrete things are chosen and put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.language_models import BaseChatModel

from agent.models import NamedModel
from agent.opinions import Opinions
from agent.planner import Planner
from agent.prompt_budget import default_budget
from app.capital import purses_of
from app.clock import SystemClock
from app.diary import Diary
from app.faulting import made_faulty
from app.feeding import known_secrets, opened_feeds
from app.home import CHECKPOINTS, DATABASE, TELEMETRY
from app.lease import lease
from app.modelling import model_secrets, opened_models
from app.options import SessionOptions
from app.reopening import kept, measure
from app.second_opinions import StandIn, opened_opinions, others_of, prompts_hash, session_policy
from app.settings import Settings
from app.slots import replay_window
from app.sourcing import made_source, opened_symbols, session_clock
from app.spending import opened_spending
from app.tool_desk import open_desk, require_tools, tool_secrets
from broker.dispatcher import Dispatcher
from broker.executor import Executor
from broker.follower import Follower
from broker.guard import Guard
from broker.invalidation import Invalidation
from broker.paper.terms import PaperTerms
from broker.paper.venue import PaperBroker
from broker.path import PathKeeper
from broker.protocol import Broker
from broker.reconciler import Reconciler
from broker.review import GateReview
from broker.treasury import Treasury
from domain.clock import Clock, FixedClock
from domain.instrument import quote_of
from domain.spending import SpendingCaps
from domain.strict_json import content_hash
from graph.context import RunContext
from journal.books import Journal
from journal.continuing import require_end_ahead
from journal.reading import session_names
from market.feeds.protocol import Feeds
from market.observe import Observer
from market.protocol import MarketSource, SourceInfo
from market.sources.chain import home_of
from market.store.store import MarketStore
from policies.settings import Policy
from tools.desk import Desk
from tools.limits import ToolLimits
from tools.standard import feed_tools, standard_tools
from traces.database import Database
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.store import TraceStore
from traces.tables import METADATA


@dataclass(frozen=True)
class Wired:
    """A session's parts, ready to run."""

    context: RunContext
    executor: Executor
    venue: PaperBroker
    info: SourceInfo
    window: tuple[datetime, datetime] | None
    """First slot and end of a replay; None when time is real."""
    checkpoints: Path
    diary: Diary


@dataclass(frozen=True)
class Replaced:
    """Parts that take the place of those that the options name."""

    model: BaseChatModel | None = None
    voters: StandIn | None = None
    """The model of each voter, by the voter's name."""
    source: MarketSource | None = None
    clock: Clock | None = None
    feeds: Callable[[Feeds], Feeds] | None = None
    """What is made of the feeds that they name."""


class _Parts(NamedTuple):
    """What is opened before a session is put together."""

    planner: Planner
    opinions: Opinions
    desk: Desk
    source: MarketSource
    feeds: Feeds
    symbols: tuple[str, ...]
    journal: Journal
    clock: Clock

    @property
    def models(self) -> list[NamedModel]:
        """Every model that may be asked, each once."""
        return [*self.planner.models, *others_of(self.opinions, self.planner.models)]


@asynccontextmanager
async def wire_session(
    options: SessionOptions,
    settings: Settings,
    home: Path,
    *,
    alone: bool = True,
    policy: Policy | None = None,
    replaced: Replaced = Replaced(),  # frozen, and without anything in it
) -> AsyncIterator[Wired]:
    """Open source, database and model, and put a session's parts together.

    Args:
        options: What was asked for.
        settings: The environment.
        home: State folder.
        alone: Hold the session's lease; only what dispatches nothing may share a session.
        policy: In place of the one that the options name.
        replaced: Parts in place of those that they name.

    Raises:
        PlangateError: naming what is wrong; nothing has been written then but an empty database.
    """
    policy = session_policy(options, policy)
    clock = replaced.clock or session_clock(options)
    feeds = opened_feeds(options, clock)
    feeds = replaced.feeds(feeds) if replaced.feeds else feeds
    limits = options.tools or ToolLimits()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(feeds.close)
        models = (
            [NamedModel(options.model, replaced.model)]
            if replaced.model
            else await stack.enter_async_context(opened_models(options, settings, home))
        )
        asking = opened_opinions(options, settings, home, models, replaced.voters)
        opinions = await stack.enter_async_context(asking)
        database = Database.open(settings.server(home) or home / DATABASE, METADATA)
        stack.callback(database.close)
        source = replaced.source or made_source(options, clock, MarketStore(database))
        stack.push_async_callback(source.close)
        symbols = await opened_symbols(source, options)
        name = options.session or session_name(database, options.market, SystemClock().now())
        if alone:
            stack.enter_context(lease(home, name))
        tools = [*standard_tools(), *feed_tools(feeds)]
        desk = await stack.enter_async_context(open_desk(tools, limits, clock, database))
        planner = Planner(models, desk.schemas, seed=options.seed)
        journal = Journal(database, name)
        parts = _Parts(planner, opinions, desk, source, feeds, symbols, journal, clock)
        wired = _assemble(options, settings, home, policy, parts, alone=alone)
        stack.callback(wired.diary.write_lines)
        yield wired


def _assemble(
    options: SessionOptions,
    settings: Settings,
    home: Path,
    policy: Policy,
    parts: _Parts,
    *,
    alone: bool,
) -> Wired:
    planner, opinions, desk, source, feeds, symbols, journal, clock = parts
    info = source.info
    replay = isinstance(clock, FixedClock)
    window = replay_window(info, options.timeframe, options.start, options.end) if replay else None
    require_tools(policy, desk)
    purses = purses_of(options.capital, {quote_of(s) for s in symbols})
    spending = opened_spending(options.spending, journal, parts.models)
    config = _config(options, policy, symbols, source, purses, spending.caps)
    kinds = {symbol: source.instrument(symbol).kind for symbol in symbols}
    journal.open_session(config, kinds, purses, alone=alone)
    measure(source, journal.config())
    recorder = _recorder(options, settings, parts)
    observer = Observer(source, options.timeframe, symbols)
    context = RunContext(
        planner=planner,
        desk=desk,
        source=source,
        observer=observer,
        journal=journal,
        recorder=recorder,
        policy=policy,
        caps=options.caps,
        clock=clock,
        replay=replay,
        symbols=symbols,
        timeframe=options.timeframe,
        prompt_hash=prompts_hash(options),
        charts=options.vision,
        prompt=options.prompt or default_budget(),
        spending=spending,
        opinions=opinions,
        feeds=feeds,
        attention=options.attention,
    )
    diary = Diary(recorder, home / TELEMETRY)
    venue = PaperBroker(
        journal.database,
        journal.session,
        home_of(source),
        symbols,
        purses,
        window[0] if window else clock.now(),
        clock,
        PaperTerms(leverage_ratio=policy.margin_leverage_ratio),
        journal.fence,
    )
    require_end_ahead(journal.session, options.end, venue.cursor)
    faulty = made_faulty(venue, options.faults, context, diary)
    executor = _executor(context, faulty, venue, diary)
    return Wired(context, executor, venue, info, window, home / CHECKPOINTS, diary)


def _recorder(options: SessionOptions, settings: Settings, parts: _Parts) -> Recorder:
    """What writes the trace, and knows what must not be in it."""
    secrets = {
        **known_secrets(options, settings),
        **tool_secrets(options.tools or ToolLimits()),
        **model_secrets(parts.models),
    }
    store = TraceStore(parts.journal.database, parts.journal.session)
    return Recorder(store, Redactor(secrets), SystemClock())


def _executor(context: RunContext, venue: Broker, treasury: Treasury, diary: Diary) -> Executor:
    """What acts on the venue for this context, and what follows it."""
    journal, source, observer = context.journal, context.source, context.observer
    policy, timeframe = context.policy, context.timeframe
    follower = Follower(journal, venue, source, diary.booked)
    review = GateReview(
        journal, source, observer, policy, context.clock, context.symbols, timeframe
    )
    dispatcher = Dispatcher(journal, venue, follower, review, context.clock, diary.dispatched)
    return Executor(
        journal,
        venue,
        follower,
        dispatcher,
        Reconciler(journal, venue, follower),
        Guard(journal, source, observer, policy, timeframe),
        source,
        path=PathKeeper(journal, home_of(source), timeframe),
        treasury=treasury,
        invalidation=Invalidation(journal, source, observer, follower, diary.invalidated),
    )


def _config(
    options: SessionOptions,
    policy: Policy,
    symbols: tuple[str, ...],
    source: MarketSource,
    purses: Mapping[str, Decimal],
    caps: SpendingCaps,
) -> dict[str, Any]:
    """What the session is, kept with it; `policy_keys` says which limits this release knows."""
    return {
        **options.config(policy.policy_hash, symbols, purses),
        "policy_keys": content_hash(sorted(Policy.model_fields))[:12],
        **kept(policy, options.market_url, source),
        "spending": caps.words,
        "origin": source.info.origin,
        "description": source.info.description,
        "order_book": "offered" if "order_book" in source.info.offers else "modelled",
    }


def session_name(database: Database, market: str, started: datetime) -> str:
    """A fresh name for a session that was given none, such as `box-20261121-041500`."""
    stem = f"{market.partition(':')[0]}-{started:%Y%m%d-%H%M%S}"
    taken = set(session_names(database))
    return next(
        name for name in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if name not in taken
    )
