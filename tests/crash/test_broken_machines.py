"""What is under the journal breaks: a full disk, a read-only file, a lock, a set clock."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from domain.errors import StateError, Unreachable
from domain.lifecycle import OrderStatus
from graph.run import open_saver
from tests.broker.house import House
from tests.broker.kept_venue import KeptVenue
from tests.broker.venue import CALM, OTHER, SYMBOL, D, H, T, VenueSource, approved, bars, commit
from traces.database import Database
from traces.sqlite_file import SqliteFile
from traces.tables import METADATA

FILE = "plangate.sqlite"


def house(folder: Path, venue: KeptVenue) -> House:
    source = VenueSource({SYMBOL: bars([CALM] * 9), OTHER: bars([CALM] * 9)})
    return House(folder, source, venue=venue)


async def filled(one: House, venue: KeptVenue) -> None:
    """An entry that is filled and told; what follows is not sent yet."""
    order = await one.work(*approved())
    venue.tell(venue.execute(order.client_order_id, "1", "100", T + H / 2))
    news = await venue.news(T + H)
    assert news is not None
    await one.follower.take(news, T + H)


def limit_pages(database: Database, pages: int) -> None:
    backend = database._backend
    assert isinstance(backend, SqliteFile)
    for engine in backend.engines:
        engine.dispose()
        if not event.contains(engine, "checkout", _limit):
            event.listen(engine, "checkout", _limit)
    _most["pages"] = pages


_most = {"pages": 1 << 30}


def _limit(connection: sqlite3.Connection, *_: object) -> None:
    connection.execute(f"PRAGMA max_page_count = {_most['pages']}")


def fill_up(one: House) -> None:
    """Write until the last page in use is full."""
    for number in range(500):
        at = T + number * H
        one.book.record_decision(f"run{number}", at, SYMBOL, "no-trade", {"orders": []})


def plan_on(one: House) -> None:
    """The same, with plans."""
    for number in range(500):
        commit(one.book, *approved(run=f"big{number}", symbol=OTHER))


async def test_on_a_full_disk_nothing_is_sent_and_when_space_returns_it_goes_on(
    tmp_path: Path,
) -> None:
    venue = KeptVenue()
    one = house(tmp_path, venue)
    await filled(one, venue)
    limit_pages(one.book.database, 1)  # SQLite raises this to the pages in use
    with pytest.raises(StateError, match="full"):
        fill_up(one)
    with pytest.raises(StateError, match="full"):
        plan_on(one)
    with suppress(StateError):  # where a row still finds room it may go on
        await one.executor.settle(T + H)
    waiting = {o.client_order_id for o in one.book.orders(OrderStatus.PENDING)}
    assert not waiting & set(venue.sent)
    limit_pages(one.book.database, 1 << 30)
    again = house(tmp_path, venue)
    await again.dispatcher.exits(T + H)
    assert {o.leg for o in again.book.orders(OrderStatus.WORKING)} >= {"stop", "target_1"}
    assert again.book.replayed() == again.book.ledger()
    assert len(venue.sent) == len(set(venue.sent))


async def test_where_nothing_can_be_written_nothing_is_sent(tmp_path: Path) -> None:
    venue = KeptVenue()
    one = house(tmp_path, venue)
    await filled(one, venue)
    sent = list(venue.sent)
    backend = one.book.database._backend
    assert isinstance(backend, SqliteFile)

    def read_only(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    for engine in backend.engines:
        event.listen(engine, "checkout", read_only)
    with pytest.raises(StateError, match="cannot be written"):
        await one.executor.settle(T + H)
    assert venue.sent == sent
    again = house(tmp_path, venue)
    await again.executor.settle(T + H)
    assert {o.leg for o in again.book.orders(OrderStatus.WORKING)} == {"stop", "target_1"}


async def test_a_locked_journal_holds_back_what_would_be_sent(tmp_path: Path) -> None:
    venue = KeptVenue()
    one = house(tmp_path, venue)
    await filled(one, venue)
    sent = list(venue.sent)
    one.book.database.close()
    short = Database.open(tmp_path / FILE, METADATA, busy_timeout_ms=50)
    one.book.database = short
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match="locked"):
        await one.executor.settle(T + H)
    assert venue.sent == sent
    other.execute("ROLLBACK")
    other.close()
    await one.executor.settle(T + H)
    assert len(venue.sent) == len(sent) + 2


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_set_neither_doubles_nor_loses_an_order(
    hours: int, tmp_path: Path
) -> None:
    venue = KeptVenue()
    one = house(tmp_path, venue)
    await filled(one, venue)
    set_to = T + H + hours * H
    venue.silent = "after"
    with pytest.raises(Unreachable):
        await one.executor.settle(set_to)
    venue.silent = ""
    await one.executor.settle(T + H)
    await one.executor.settle(set_to + timedelta(minutes=1))
    assert len(venue.sent) == len(set(venue.sent)) == 3
    assert one.held() == D(1)


async def test_out_of_reach_is_never_not_found(tmp_path: Path) -> None:
    venue = KeptVenue()
    one = house(tmp_path, venue)
    await filled(one, venue)
    venue.silent = "before"
    for _ in range(5):
        with pytest.raises(Unreachable):
            await one.executor.settle(T + H)
    assert len(one.book.orders(OrderStatus.SENDING)) == 1
    venue.silent = ""
    await one.executor.settle(T + H)
    assert {o.leg for o in one.book.orders(OrderStatus.WORKING)} == {"stop", "target_1"}


@pytest.mark.parametrize("harm", ["garbage", "truncated", "bytes flipped", "deleted", "emptied"])
async def test_a_checkpoint_file_that_is_lost_costs_nothing_else(harm: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.db"
    async with open_saver(path) as saver:
        await saver.setup()  # type: ignore[attr-defined]  # of the SQLite one
    whole = path.read_bytes()
    for extra in ("-wal", "-shm"):
        path.with_name(path.name + extra).unlink(missing_ok=True)
    harmed = {
        "garbage": os.urandom(len(whole)),
        "truncated": whole[: len(whole) // 3],
        "bytes flipped": whole[:100] + bytes(b ^ 0xFF for b in whole[100:]),
        "emptied": b"",
    }
    if harm == "deleted":
        path.unlink()
    else:
        path.write_bytes(harmed[harm])
    config = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    async with open_saver(path) as saver:
        assert await saver.aget_tuple(config) is None  # type: ignore[arg-type]
