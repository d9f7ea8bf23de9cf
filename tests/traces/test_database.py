from __future__ import annotations

import os
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.errors import StateError
from tests.places import run_until_killed
from tests.traces.handmade import opened
from tests.traces.stored import former
from traces.database import Database
from traces.schema import SCHEMA_VERSION
from traces.tables import METADATA

COUNTER = "CREATE TABLE counter (n INTEGER CHECK (n >= 0))"


def counted(folder: Path, start: int = 0) -> Database:
    database = opened(folder)
    with database.begin() as connection:
        connection.execute(text(COUNTER))
        connection.execute(text("INSERT INTO counter VALUES (:n)"), {"n": start})
    return database


def execute(database: Database, *statements: str) -> None:
    with database.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def value(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT n FROM counter")).scalar_one())


def count_up(database: Database, *, durable: bool) -> None:
    with database.begin(durable=durable) as connection:
        now = connection.execute(text("SELECT n FROM counter")).scalar_one()
        connection.execute(text("UPDATE counter SET n = :n"), {"n": now + 1})


def test_folder_and_files_are_the_owners_alone(tmp_path: Path) -> None:
    database = opened(tmp_path / "home")
    with database.begin():
        assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
        for path in (tmp_path / "home").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    database.close()


def test_the_journal_is_durable_and_the_traces_are_quick(tmp_path: Path) -> None:
    database = opened(tmp_path)
    found = {}
    for durable in (True, False):
        with database.begin(durable=durable) as connection:
            found[durable] = [
                connection.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("synchronous", "journal_mode", "foreign_keys", "user_version")
            ]
    assert found == {True: [2, "wal", 1, SCHEMA_VERSION], False: [1, "wal", 1, SCHEMA_VERSION]}


@pytest.mark.usefixtures("each_database")
def test_an_error_rolls_everything_back(tmp_path: Path) -> None:
    database = counted(tmp_path)
    with pytest.raises(IntegrityError):
        execute(database, "UPDATE counter SET n = 5", "UPDATE counter SET n = -1")
    assert value(database) == 0
    count_up(database, durable=True)
    assert value(database) == 1


@pytest.mark.usefixtures("each_database")
def test_threads_lose_no_updates(tmp_path: Path) -> None:
    database = counted(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: count_up(database, durable=n % 4 == 0), range(200)))
    assert value(database) == 200


@pytest.mark.usefixtures("each_database")
def test_two_openings_of_one_file_lose_no_updates(tmp_path: Path) -> None:
    one, other = counted(tmp_path), opened(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        for database in (one, other):
            for _ in range(50):
                pool.submit(count_up, database, durable=False).result()
    assert value(one) == 100


@pytest.mark.usefixtures("each_database")
def test_a_nested_write_raises_at_once_instead_of_waiting_for_itself(tmp_path: Path) -> None:
    database = counted(tmp_path)
    with database.begin():
        for durable in (True, False):
            with pytest.raises(RuntimeError, match="nested"), database.begin(durable=durable):
                pass
    count_up(database, durable=True)
    assert value(database) == 1


@pytest.mark.usefixtures("each_database")
def test_readers_may_nest_and_see_only_what_is_committed(tmp_path: Path) -> None:
    database = counted(tmp_path)
    with database.begin() as writing:
        writing.execute(text("UPDATE counter SET n = 9"))
        with database.read() as first, database.read() as second:
            for reading in (first, second):
                assert reading.execute(text("SELECT n FROM counter")).scalar_one() == 0
    assert value(database) == 9


@pytest.mark.usefixtures("each_database")
def test_a_reader_keeps_its_view_while_others_write(tmp_path: Path) -> None:
    database = counted(tmp_path)
    with database.read() as reading:
        assert reading.execute(text("SELECT n FROM counter")).scalar_one() == 0
        count_up(database, durable=False)
        assert reading.execute(text("SELECT n FROM counter")).scalar_one() == 0
    assert value(database) == 1


@pytest.mark.usefixtures("each_database")
def test_many_readers_run_beside_a_writer(tmp_path: Path) -> None:
    database = counted(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        readings = [pool.submit(value, database) for _ in range(100)]
        for _ in range(50):
            count_up(database, durable=False)
    assert all(0 <= reading.result() <= 50 for reading in readings)
    assert value(database) == 50


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    opened(tmp_path).close()
    path = tmp_path / "plangate.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(StateError, match="made by a newer plangate"):
        opened(tmp_path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION + 1,)
    connection.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "plangate.sqlite"
    path.write_text("these are my notes, not a database\n" * 40)
    with pytest.raises(StateError, match="not a database"):
        opened(tmp_path)
    assert path.read_text().startswith("these are my notes")


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plangate.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(StateError, match="another program"):
        opened(tmp_path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("songs",)]
    connection.close()


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    database = counted(tmp_path)
    with database.begin() as connection:
        for n in range(2000):
            connection.execute(text("INSERT INTO counter VALUES (:n)"), {"n": n})
    database.close()
    path = tmp_path / "plangate.sqlite"
    raw = bytearray(path.read_bytes())
    for start in range(8192, len(raw), 4096):
        raw[start : start + 200] = b"\xff" * 200
    path.write_bytes(raw)
    with pytest.raises(StateError, match=r"damaged|malformed"):
        opened(tmp_path)


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_database_is_said_to_be_locked(tmp_path: Path, how: str) -> None:
    opened(tmp_path).close()
    database = opened(tmp_path, busy_timeout_ms=20)
    holder = sqlite3.connect(tmp_path / "plangate.sqlite", isolation_level=None)
    holder.execute(f"BEGIN {how}")
    try:
        with pytest.raises(StateError, match="is locked by another process"), database.begin():
            pass
        opened(tmp_path, busy_timeout_ms=20).close()
    finally:
        holder.close()
    with database.begin():
        pass


def test_an_old_file_that_is_locked_is_left_for_later(tmp_path: Path) -> None:
    path = former(1, tmp_path / "plangate.sqlite")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(StateError, match="is locked by another process"):
            opened(tmp_path, busy_timeout_ms=20)
    finally:
        holder.close()
    opened(tmp_path).close()


@pytest.mark.usefixtures("each_database")
def test_a_writer_that_waits_too_long_hears_of_a_lock_and_readers_do_not(tmp_path: Path) -> None:
    database, other = counted(tmp_path), opened(tmp_path, busy_timeout_ms=50)
    with database.begin() as connection:
        connection.execute(text("UPDATE counter SET n = 1"))
        with pytest.raises(StateError, match="is locked by another process"), other.begin():
            pass
        assert value(other) == 0
    count_up(other, durable=False)
    assert value(database) == 2


def test_what_cannot_be_written_is_a_state_error_and_can_be_read(
    tmp_path: Path, each_database: str
) -> None:
    database = counted(tmp_path)
    read_only = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET TRANSACTION READ ONLY"}
    with pytest.raises(StateError, match="cannot be written"):
        execute(database, read_only[each_database], "UPDATE counter SET n = 1")
    assert value(database) == 0


@pytest.mark.skipif(
    os.geteuid() == 0, reason="runs as root, who may write every file whatever its mode"
)
def test_a_file_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / "plangate.sqlite").chmod(0o400)
    with pytest.raises(StateError, match="PLANGATE_HOME"):
        opened(tmp_path)


def test_what_is_committed_behind_the_lock_is_seen_by_the_next_writer(
    tmp_path: Path, each_database: str
) -> None:
    """A view that is older than the turn would lose updates."""
    assert each_database
    one, other = counted(tmp_path), opened(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        with one.begin() as connection:
            waiting = pool.submit(count_up, other, durable=True)
            time.sleep(0.1)
            connection.execute(text("UPDATE counter SET n = 41"))
        waiting.result()
    assert value(one) == 42


def test_on_a_server_durability_is_given_up_only_where_it_may_be(
    tmp_path: Path, each_database: str
) -> None:
    if each_database == "sqlite":
        pytest.skip("a server setting; what a file does is seen by its pragmas, above")
    database = opened(tmp_path)
    for durable, expected in ((True, "on"), (False, "off"), (True, "on")):
        with database.begin(durable=durable) as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == expected


def test_a_server_sorts_text_by_its_bytes(tmp_path: Path, each_database: str) -> None:
    if each_database == "sqlite":
        pytest.skip("SQLite has no other order than that of bytes; a server has")
    with opened(tmp_path).read() as connection:
        sorts = connection.execute(
            text(
                "SELECT DISTINCT collation_name FROM information_schema.columns "
                "WHERE table_schema = current_schema() AND udt_name IN ('text', 'varchar')"
            )
        ).scalars()
        assert list(sorts) == ["C"]


@pytest.mark.parametrize("obstacle", ["file", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, obstacle: str) -> None:
    if obstacle == "file":
        home = tmp_path / "home"
        home.write_text("")
    else:
        home = tmp_path
        (home / "plangate.sqlite").mkdir()
    with pytest.raises(StateError, match="PLANGATE_HOME"):
        opened(home)


def test_a_full_disk_is_a_state_error_and_keeps_what_was_there(tmp_path: Path) -> None:
    database = counted(tmp_path)
    with pytest.raises(StateError, match="full"):
        execute(
            database,
            "PRAGMA max_page_count = 1",  # SQLite raises this to the pages in use
            "UPDATE counter SET n = 5",
            "CREATE TABLE big (data BLOB)",
            "INSERT INTO big VALUES (zeroblob(1000000))",
        )
    assert value(database) == 0


def test_odd_characters_in_the_path_are_no_matter(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "a?b#c d%20é" / "x?mode=ro", METADATA)
    with database.begin():
        pass
    assert (tmp_path / "a?b#c d%20é" / "x?mode=ro").exists()


@pytest.mark.usefixtures("each_database")
def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    database = opened(tmp_path)
    database.close()
    database.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import text
from tests.traces.handmade import opened
database = opened(Path(sys.argv[1]))
with database.begin() as connection:
    connection.execute(text("UPDATE counter SET n = 1"))
with database.begin() as connection:
    connection.execute(text("UPDATE counter SET n = 2"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.usefixtures("each_database")
def test_a_killed_process_leaves_what_it_committed_and_nothing_half_done(tmp_path: Path) -> None:
    counted(tmp_path).close()
    run_until_killed(KILLED, tmp_path)
    assert value(opened(tmp_path)) == 1
