"""A state folder of plangate 0.1 is opened, upgraded in place, read, and gone on with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.home import DATABASE
from app.report import open_journal
from domain.lifecycle import OrderStatus, TradingState
from journal.tables import TRADING_STATES
from tests.e2e.command import plangate
from tests.traces.stored import former
from traces.database import Database
from traces.schema import SCHEMA_VERSION
from traces.tables import METADATA

RUN = "20190510T0000Z-btcusd-92d0b89a"
T = datetime(2019, 5, 10, tzinfo=UTC)
WORDS = ("run", "BTC/USD", "--every", "4", "--from", "2019-05-10", "--session", "old", "--json")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder as the previous release left it."""
    former(1, tmp_path / DATABASE)
    return tmp_path


def version_of(home: Path) -> int:
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def counts(home: Path) -> dict[str, int]:
    """Rows per table; an index of words has none of its own."""
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'trace_words%'"
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        names = [row[0] for row in connection.execute(tables)]
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - names of tables cannot be bound
            for name in names
        }


def test_opening_adds_what_is_new_and_keeps_every_row(home: Path) -> None:
    before, old = counts(home), version_of(home)
    for _ in range(2):
        Database.open(home / DATABASE, METADATA).close()
        assert (old, version_of(home)) == (1, SCHEMA_VERSION)
        assert counts(home) == {**counts(home), **before, TRADING_STATES.name: 0}


def test_what_was_recorded_is_read_as_it_was(home: Path) -> None:
    database, journal = open_journal(home / DATABASE, None)
    assert journal.session == "old"
    assert [d["outcome"] for d in journal.decisions()] == ["approved", "no_trade", "no_trade"]
    assert {o.leg for o in journal.orders(OrderStatus.WORKING)} == {"stop", "target_1"}
    assert journal.ledger() == journal.replayed()
    plan = journal.stored_plan(journal.orders()[0].plan_id)
    assert plan.plan.evidence == ()
    assert plan.bracket.quantity == journal.orders()[0].quantity
    assert journal.trading_states() == []
    assert journal.trading_state(T) == TradingState.ACTIVE
    database.close()


def test_report_and_traces_show_it(home: Path) -> None:
    report = plangate(home, "report", "--session", "old", "--json")
    assert report.code == 0, report.err
    assert report.document["trading_states"] == []
    assert report.document["selectivity"]["outcomes"] == {"approved": 1, "no_trade": 2}
    trace = plangate(home, "traces", "show", RUN, "--session", "old")
    assert trace.code == 0, trace.err
    assert "DENIED RR_BELOW_MIN" in trace.out
    assert "at send" in trace.out


def test_the_session_goes_on_under_the_new_gate(home: Path) -> None:
    ran = plangate(home, *WORDS, "--to", "2019-05-12")
    assert ran.code == 0, ran.err
    document = ran.document
    assert len(document["decisions"]) == 3 + 9
    assert document["account"]["replayed_from_fills"]["equal"] is True
    (trade,) = document["trades"]
    assert (trade["close_reason"], trade["opened_at"]) == ("target", "2019-05-10T00:00:00Z")
    again = plangate(home, *WORDS, "--to", "2019-05-12")
    assert again.out == ran.out


def test_other_options_are_refused_as_ever(home: Path) -> None:
    ran = plangate(home, *WORDS, "--to", "2019-05-12", "--capital", "5000")
    assert ran.code == 6
    assert "capital was '10000', now '5000'" in ran.err
    assert "policy" not in ran.err


def test_once_it_has_gone_on_another_policy_is_refused(home: Path) -> None:
    assert plangate(home, *WORDS, "--to", "2019-05-10T16:00").code == 0
    other = home / "policy.toml"
    other.write_text("max_open_positions_count = 1\n")
    ran = plangate(home, *WORDS, "--to", "2019-05-12", "--policy", str(other))
    assert ran.code == 6
    assert "policy_hash was" in ran.err
