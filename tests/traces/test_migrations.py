from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, inspect, text

import journal.paper_tables
import journal.plan_tables
import journal.spending_tables
import journal.tables
import market.store.tables
from broker.paper.store import ENTRY, PROGRESS, RESTING
from domain.errors import StateError
from tests.places import place_in
from tests.traces.stored import FORMER, former
from traces.database import Database
from traces.migrations.upgrade import scripts
from traces.schema import HEAD, SCHEMA_VERSION, TABLES
from traces.tables import METADATA

ROOT = Path(__file__).parents[2]
BY_SCRIPTS = MetaData()
"""Knows no table, so that every one is made by the scripts."""


def rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def counts(path: Path) -> dict[str, int]:
    """Rows per table."""
    found = rows(path, "SELECT name FROM sqlite_schema WHERE type = 'table'")
    names = [name for (name,) in found if is_defined(name, "table", None)]
    return {name: rows(path, f'SELECT count(*) FROM "{name}"')[0][0] for name in names}  # noqa: S608 - names of tables cannot be bound


def statements(path: Path) -> dict[str, set[str]]:
    """What makes each table and index, line by line, however names are quoted."""
    found = rows(path, "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {name: {line.strip(" \t,") for line in _plain(sql)} for name, sql in found}


def _plain(sql: str) -> list[str]:
    return re.sub(r'"(\w+)"', r"\1", sql).replace("(", "(\n", 1).splitlines()


def differences(database: Database) -> list[Any]:
    """What Alembic would change to come to the tables as they are defined."""
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_defined})
        return list(compare_metadata(context, METADATA))


def is_defined(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether it is among the tables' definitions: the index of words is its database's own."""
    return kind != "table" or not str(name).startswith("trace_words")


def looks(database: Database) -> dict[str, Any]:
    """Every table's columns, key, checks and indexes."""
    with database.read() as connection:
        look = inspect(connection)
        return {
            name: (
                {c["name"]: (str(c["type"]), c["nullable"]) for c in look.get_columns(name)},
                look.get_pk_constraint(name)["constrained_columns"],
                sorted((str(c["name"]), c["sqltext"]) for c in look.get_check_constraints(name)),
                sorted((str(i["name"]), *i["column_names"]) for i in look.get_indexes(name)),
            )
            for name in look.get_table_names()
            if is_defined(name, "table", None)
        }


def test_the_newest_script_is_the_version_and_every_table_is_named() -> None:
    assert scripts().get_current_head() == HEAD
    assert [s.revision for s in scripts().walk_revisions()][-1] == "0001"
    assert set(METADATA.tables) == TABLES
    modules = (
        journal.tables.ORDERS,
        journal.paper_tables.PAPER_LOG,
        journal.plan_tables.PLAN_VERSIONS,
        journal.spending_tables.MODEL_CALLS,
        market.store.tables.SERIES,
    )
    assert {table.name for table in modules} <= TABLES


@pytest.mark.parametrize("version", sorted(FORMER))
def test_an_older_file_comes_to_the_schema_of_a_new_one(tmp_path: Path, version: int) -> None:
    old, new = former(version, tmp_path / "old.db"), tmp_path / "new.db"
    assert rows(old, "PRAGMA user_version") == [(version,)]
    upgraded, fresh = Database.open(old, METADATA), Database.open(new, METADATA)
    assert differences(upgraded) == differences(fresh) == []
    assert looks(upgraded) == looks(fresh)
    assert statements(old) == statements(new)
    for path in (old, new):
        assert rows(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
        assert rows(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_scripts_and_definitions_come_to_the_same(tmp_path: Path, each_database: str) -> None:
    assert each_database
    scripted = Database.open(place_in(tmp_path, "scripted"), BY_SCRIPTS)
    defined = Database.open(place_in(tmp_path, "defined"), METADATA)
    assert differences(scripted) == differences(defined) == []
    assert looks(scripted) == looks(defined)
    assert len(looks(scripted)) == len(TABLES) + 1


@pytest.mark.parametrize("version", sorted(FORMER))
def test_every_row_is_kept_and_what_follows_from_it_is_filled_in(
    tmp_path: Path, version: int
) -> None:
    path = former(version, tmp_path / "old.db")
    before = counts(path)
    cursor = rows(path, "SELECT cursor FROM session")
    for _ in range(2):
        Database.open(path, METADATA).close()
        assert {**counts(path), **before} == counts(path)
    orders = rows(path, 'SELECT leg, filled = quantity, placed_quantity = quantity FROM "order"')
    assert sorted(orders) == [("entry", 1, 1), ("stop", 0, 1), ("target_1", 0, 1)]
    assert rows(path, "SELECT fence, obeyed FROM session") == [(0, 0)]
    assert rows(path, "SELECT fee_currency, clamped FROM fill") == [("quote", 0)]
    assert rows(path, "SELECT cursor FROM paper_venue") == cursor


@pytest.mark.parametrize("version", sorted(FORMER))
def test_the_paper_venue_finds_its_orders_and_its_log(tmp_path: Path, version: int) -> None:
    database = Database.open(former(version, tmp_path / "old.db"), METADATA)
    with database.read() as connection:
        orders = connection.execute(journal.paper_tables.PAPER_ORDERS.select()).mappings().all()
        resting = [RESTING.validate_python(row["body"]) for row in orders]
        log = connection.execute(journal.paper_tables.PAPER_LOG.select()).mappings().all()
        (venue,) = connection.execute(journal.paper_tables.PAPER_VENUES.select()).mappings()
        fill = connection.execute(journal.tables.FILLS.select()).mappings().one()
    assert {r.order.leg for r in resting} == {"stop", "target_1"}
    assert all(r.order.placed_quantity == r.order.quantity for r in resting)
    progress = PROGRESS.validate_python(venue["place"])
    assert progress.cursor == venue["cursor"]
    (entry,) = (ENTRY[row["kind"]].validate_python(row["body"]) for row in log)
    assert (entry.trade_id, entry.price, entry.at) == (fill["trade_id"], fill["price"], fill["at"])


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = former(1, tmp_path / "old.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE paper_venue (something INTEGER)")
    before = statements(path)
    with pytest.raises(StateError, match="paper_venue already exists"):
        Database.open(path, METADATA)
    assert statements(path) == before
    assert rows(path, "PRAGMA user_version") == [(1,)]


def test_a_file_that_0_2_began_to_open_is_upgraded(tmp_path: Path) -> None:
    """0.2 made its tables before it wrote its version, each in the same transaction or not."""
    path = former(2, tmp_path / "old.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")
    assert differences(Database.open(path, METADATA)) == []


def test_a_reader_needs_no_turn_to_open_what_is_up_to_date(
    tmp_path: Path, each_database: str
) -> None:
    assert each_database
    database = Database.open(place_in(tmp_path), METADATA)
    with database.begin():
        Database.open(place_in(tmp_path), METADATA, busy_timeout_ms=20).close()


def test_of_two_that_open_an_old_file_at_once_one_upgrades_it(tmp_path: Path) -> None:
    path = former(1, tmp_path / "old.db")
    code = (
        "import sys; from pathlib import Path; import journal.paper_tables, journal.plan_tables\n"
        "import journal.spending_tables, market.store.tables\n"
        "from traces.database import Database; from traces.tables import METADATA\n"
        "Database.open(Path(sys.argv[1]), METADATA).close()"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT) for _ in range(3)
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert differences(Database.open(path, METADATA)) == []


@pytest.mark.parametrize("fresh", [True, False])
def test_alembic_is_not_imported_for_a_file_that_is_new_or_up_to_date(
    tmp_path: Path, fresh: bool
) -> None:
    path = tmp_path / "x.db"
    if not fresh:
        Database.open(path, METADATA).close()
    code = (
        "import sys; from pathlib import Path; import journal.paper_tables, journal.plan_tables\n"
        "import journal.spending_tables, market.store.tables\n"
        "from traces.database import Database; from traces.tables import METADATA\n"
        "Database.open(Path(sys.argv[1]), METADATA)\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('alembic', 'psycopg', 'mako')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def test_a_server_of_a_newer_plangate_or_of_another_program_is_refused(
    tmp_path: Path, each_database: str
) -> None:
    database = Database.open(place_in(tmp_path), METADATA)
    if each_database == "sqlite":
        newer = f"PRAGMA user_version = {SCHEMA_VERSION + 1}"
    else:
        newer = "UPDATE alembic_version SET version_num = '9999'"
    with database.begin() as connection:
        connection.execute(text(newer))
    with pytest.raises(StateError, match="made by a newer plangate"):
        Database.open(place_in(tmp_path), METADATA)
    with database.begin() as connection:
        connection.execute(text("DROP TABLE trace_event"))
    with pytest.raises(StateError, match="another program"):
        Database.open(place_in(tmp_path), METADATA)
