from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select, text
from sqlalchemy.exc import StatementError

from tests.traces.handmade import opened
from traces.columns import DecimalText, JsonText, UtcMs

pytestmark = pytest.mark.usefixtures("each_database")

META = MetaData()
THINGS = Table(
    "things",
    META,
    Column("id", Integer, primary_key=True),
    Column("money", DecimalText),
    Column("at", UtcMs),
    Column("body", JsonText),
)


def stored(folder: Path, **values: Any) -> Any:
    database = opened(folder)
    with database.begin() as connection:
        META.create_all(connection)
        connection.execute(THINGS.insert().values(**values))
    with database.read() as connection:
        return connection.execute(select(THINGS)).one()


@pytest.mark.parametrize(
    "money", ["12345678.123456789012345678", "0", "-0.00000001", "1E+3", "1e-18", "7485.10"]
)
def test_money_comes_back_exactly(tmp_path: Path, money: str) -> None:
    assert stored(tmp_path, money=Decimal(money)).money == Decimal(money)


@pytest.mark.parametrize("money", [Decimal("NaN"), Decimal("inf"), 1.5, "1.5", 1, True])
def test_what_is_no_finite_decimal_is_refused(tmp_path: Path, money: Any) -> None:
    with pytest.raises(StatementError, match="finite Decimal"):
        stored(tmp_path, money=money)


def test_a_moment_keeps_its_milliseconds_and_comes_back_in_utc(tmp_path: Path) -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    at = datetime(2019, 5, 12, 14, 0, 0, 123_000, tzinfo=there)
    back = stored(tmp_path, at=at).at
    assert back == at
    assert back.tzinfo is UTC


def test_a_naive_moment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StatementError, match="no time zone"):
        stored(tmp_path, at=datetime(2019, 5, 12))  # noqa: DTZ001  # what is refused here


def test_json_is_stored_as_its_canonical_text(tmp_path: Path) -> None:
    row = stored(tmp_path, body={"b": [1, None, "ü"], "a": True})
    assert row.body == {"b": [1, None, "ü"], "a": True}
    with opened(tmp_path).read() as connection:
        raw = connection.execute(text("SELECT body FROM things")).scalar_one()
    assert raw == '{"a":true,"b":[1,null,"ü"]}'


def test_absent_stays_absent(tmp_path: Path) -> None:
    row = stored(tmp_path, money=None, at=None, body=None)
    assert (row.money, row.at, row.body) == (None, None, None)
