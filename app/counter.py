"""The desk without a decision: its tools asked by hand, or by another program over MCP.

What a tool needs beside the market (an account, a record, the gate's limits) is that of a session,
which is only looked at, or of a new one in a folder that is thrown away. Tokens are those of the
state folder, so that whoever asks a live source shares them with the sessions that run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agent.scripted_model import ScriptedModel
from app.home import database_place, state_home
from app.options import SessionOptions
from app.settings import load_settings
from app.tool_desk import open_desk
from app.wire import Replaced, Wired, wire_session
from domain.clock import FixedClock, iso
from domain.errors import StateError
from graph.reviewing import what_if
from graph.state import initial_state
from journal.books import Journal
from journal.reading import session_names
from policies.settings import Policy
from tools.desk import Desk
from tools.limits import ToolLimits
from tools.protocol import Spent, ToolAnswer, ToolCall, ToolRequest
from tools.standard import feed_tools, standard_tools
from traces.database import Database
from traces.tables import METADATA

RUN = "by-hand"
"""The id of a run that is none."""


@dataclass(frozen=True)
class Counter:
    """A desk, and the session that stands behind it."""

    desk: Desk
    wired: Wired
    as_of: datetime | None
    """None where time is real: each call is then asked as of its own moment."""
    database: Database
    """Of the state folder."""

    async def ask(self, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        """One call, as the first of a decision."""
        context = self.wired.context
        as_of = self.as_of or context.clock.now()
        symbol = context.symbols[0]
        request = ToolRequest(
            source=context.source,
            symbol=symbol,
            symbols=context.symbols,
            timeframe=context.timeframe.value,
            as_of=as_of,
            feeds=context.feeds,
            journal=context.journal,
            policy=context.policy,
            review=lambda draft: self._review(symbol, as_of, draft),
        )
        spent = Spent(remaining_s=context.caps.max_seconds_s)
        (told,) = await self.desk.answer([ToolCall(RUN, name, arguments)], request, spent)
        return told

    async def _review(self, symbol: str, as_of: datetime, draft: Any) -> Any:
        """The gate on a snapshot of that moment, which is not written down."""
        context = self.wired.context
        snapshot = await context.observer.snapshot(symbol, as_of)
        state = initial_state(RUN, symbol, iso(as_of))
        state["snapshot"] = context.recorder.blob(snapshot.model_dump_json())
        return await what_if(context, state, draft)


@asynccontextmanager
async def open_counter(
    options: SessionOptions, as_of: datetime | None, policy: Policy | None = None
) -> AsyncIterator[Counter]:
    """Open source, desk, and the session that the options name or a passing one.

    Args:
        options: Market, symbols, policy and limits; `session` names one that exists.
        as_of: The moment asked about; None: now, where a session stands, or the end of the data.
        policy: In place of the one that the options name.

    Raises:
        PlangateError: naming what is wrong.
    """
    settings, limits = load_settings(), options.tools or ToolLimits()
    async with AsyncExitStack() as stack:
        database = Database.open(database_place(), METADATA)
        stack.callback(database.close)
        if options.session is None:
            home = Path(stack.enter_context(TemporaryDirectory(prefix="plangate-")))
            settings_for = settings.model_copy(update={"database_url": None})
        else:
            home, settings_for = state_home(), settings
            _require(database, options.session)
        inner, alone = replace(options, tools=None), options.session is None
        wired = await stack.enter_async_context(
            wire_session(inner, settings_for, home, alone=alone, policy=policy, replaced=_silent())
        )
        moment = _moment(wired, as_of, named=options.session is not None)
        clock = wired.context.clock
        if isinstance(clock, FixedClock) and moment is not None:
            clock.advance_to(moment)
        tools = [*standard_tools(), *feed_tools(wired.context.feeds)]
        desk = await stack.enter_async_context(open_desk(tools, limits, clock, database))
        yield Counter(desk, wired, moment, database)


def _silent() -> Replaced:
    """Nothing is decided, so no model needs a key."""
    return Replaced(model=ScriptedModel([]))


def _require(database: Database, name: str) -> None:
    if name not in session_names(database):
        raise StateError(f"no session {name!r}; plangate report lists the newest one's trades")


def _moment(wired: Wired, as_of: datetime | None, *, named: bool) -> datetime | None:
    if as_of is not None:
        return as_of
    if wired.window is None:
        return None
    return wired.venue.cursor if named else wired.info.ends_at or wired.window[1]


def stored_config(name: str) -> dict[str, Any]:
    """What a session of the state folder was started with.

    Raises:
        StateError: there is none of that name.
    """
    database = Database.open(database_place(), METADATA)
    try:
        _require(database, name)
        return Journal(database, name).config()
    finally:
        database.close()
