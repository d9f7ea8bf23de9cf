"""One decision from start to end, and the checkpointer that lets a person step through it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.clock import iso
from domain.errors import StateError
from graph.build import RECURSION_LIMIT, build_graph
from graph.context import RunContext
from graph.identity import run_id
from graph.state import RunState

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.types import Durability


def thread(context: RunContext, symbol: str, slot: datetime) -> RunnableConfig:
    """The checkpointer's address of a run in this session."""
    identity = run_id(context, symbol, slot)
    return {
        "configurable": {"thread_id": f"{context.journal.session}/{identity}"},
        "recursion_limit": RECURSION_LIMIT,
    }


def run_input(symbol: str, slot: datetime) -> RunState:
    """What a run is started with."""
    return RunState(symbol=symbol, as_of=iso(slot))


class Runner:
    """Decides: compiles the session's graph once and runs it per symbol and slot."""

    def __init__(self, context: RunContext, saver: BaseCheckpointSaver[Any] | None) -> None:
        self.context = context
        self._graph = build_graph(context).compile(checkpointer=saver)
        self._durability: Durability | None = "exit" if saver else None

    async def decide(self, symbol: str, slot: datetime) -> dict[str, Any]:
        """Run the graph once; returns the final state. The journal has the decision then.

        A run's checkpoint is written when it ends: between two prompts there is nothing to save
        that the trace does not hold, and nothing is sent from inside the graph.
        """
        config = thread(self.context, symbol, slot)
        final: dict[str, Any] = await self._graph.ainvoke(
            run_input(symbol, slot), config, durability=self._durability
        )
        return final


@asynccontextmanager
async def open_saver(path: Path) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """The checkpoint file: disposable, and read back as plain values only.

    The framework's default serializer imports and builds any class a checkpoint names; this one is
    given an empty allowlist, so that a tampered file cannot run code. A file that cannot be read is
    moved aside, since losing it costs no more than an unfinished run.

    Raises:
        StateError: the path cannot hold a file.
    """
    import aiosqlite
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    _clear_way(path)
    serde = JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)
    async with aiosqlite.connect(path) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=NORMAL")
        yield AsyncSqliteSaver(connection, serde=serde)


def _clear_way(path: Path) -> None:
    if path.is_dir():
        raise StateError(f"{str(path)!r} is a folder, was expected to be a file; move it away")
    path.touch(mode=0o600, exist_ok=True)
    try:
        with closing(sqlite3.connect(path)) as connection:
            sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.DatabaseError:
        sound = False
    if not sound:
        path.replace(path.with_suffix(".broken"))
        for beside in ("-wal", "-shm"):  # of the file that is gone
            path.with_name(path.name + beside).unlink(missing_ok=True)
        path.touch(mode=0o600)
