"""The money ledger: never above a cap, whatever fails, dies or runs beside it."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.clock import FixedClock, parse_moment
from domain.errors import OverBudget
from domain.spending import Claim, Cost, SpendingCaps, Usage
from journal.spending import DecisionAllowance, Reservation, SpendingLedger, Spent
from journal.spending_tables import MODEL_CALLS
from tests.places import environment, place_in
from traces.database import Database
from traces.tables import METADATA

D = Decimal
ROOT = Path(__file__).parents[2]
NOON = parse_moment("2026-11-22T12:00:00Z")
USED = Usage(1000, 50, 400, "provider", 20, 7)


def claim(usd: str | None = "1", model: str = "m") -> Claim:
    worst = None if usd is None else Cost(D(usd), D(0))
    return Claim(model, 100, 50, worst, {"ohlcv": 40})


def cost(usd: str) -> Cost:
    return Cost(D(usd), D(0))


def opened(tmp_path: Path) -> Database:
    return Database.open(place_in(tmp_path), METADATA)


def ledger(database: Database, caps: SpendingCaps, session: str = "s") -> SpendingLedger:
    return SpendingLedger(database, session, caps, FixedClock(NOON))


def allowance(kept: SpendingLedger, run_id: str = "r") -> DecisionAllowance:
    return kept.allowance(run_id, "BTC/USD", "plan", 1000)


def spent(database: Database) -> Spent:
    """What a fresh reader sums, of everything."""
    with database.read() as connection:
        rows = connection.execute(select(MODEL_CALLS)).mappings().all()
    usd = [row["reserved_usd"] if row["settled_at"] is None else row["settled_usd"] for row in rows]
    return Spent(sum((one for one in usd if one is not None), D(0)), usd.count(None))


def test_what_is_settled_frees_what_was_set_aside(tmp_path: Path, each_database: str) -> None:
    assert each_database
    database = opened(tmp_path)
    mine = allowance(ledger(database, SpendingCaps(decision_usd=D(1))))
    receipt = mine.reserve(claim("1"))
    with pytest.raises(OverBudget, match=r"may cost 1 USD and 1 of the 1 USD of the decision"):
        mine.reserve(claim("1"))
    receipt.settle(USED, cost("0.000000000001"))
    with pytest.raises(OverBudget):
        mine.reserve(claim("1"))
    mine.reserve(claim("0.999999999999"))
    assert spent(database) == Spent(D("1.000000000000"), 0)
    with database.read() as connection:
        row = connection.execute(select(MODEL_CALLS).order_by(MODEL_CALLS.c.id)).mappings().first()
    assert row is not None
    told = ("model", "node", "symbol", "input_tokens", "cached_tokens", "reasoning_tokens")
    assert [row[name] for name in told] == ["m", "plan", "BTC/USD", 1000, 400, 20]
    assert (row["image_tokens"], row["tool_tokens"], row["tokens_from"]) == (
        7,
        {"ohlcv": 40},
        "provider",
    )


def test_a_call_is_settled_once_and_what_nobody_told_stays_at_its_worst(tmp_path: Path) -> None:
    database = opened(tmp_path)
    mine = allowance(ledger(database, SpendingCaps()))
    receipt = mine.reserve(claim("1"))
    receipt.settle(USED, cost("0.5"))
    receipt.settle(USED, cost("0.1"))
    assert spent(database).usd == D("0.5")
    counted = Usage(1000, 50, 0, "estimate")
    mine.reserve(claim("1")).settle(counted, cost("0.1"))
    assert spent(database).usd == D("1.5")


def test_several_calls_are_set_aside_together_or_not_at_all(
    tmp_path: Path, each_database: str
) -> None:
    assert each_database
    database = opened(tmp_path)
    mine = allowance(ledger(database, SpendingCaps(session_usd=D("2.5"))))
    with pytest.raises(OverBudget, match=r"may cost 1 USD and 2 of the 2\.5 USD"):
        mine.reserve_all([[claim()], [claim()], [claim()]])
    assert spent(database) == Spent(D(0), 0)
    dear, cheap = claim(), claim("0.5", "cheap")
    receipts = mine.reserve_all([[dear, cheap]] * 3)
    assert [each.claim.model for each in receipts] == ["m", "m", "cheap"]
    assert spent(database).usd == D("2.5")
    receipts[0].settle(USED, cost("0.1"))
    for receipt in receipts:
        receipt.release()
    assert spent(database).usd == D("0.1"), "what was settled was made"
    assert mine.reserve_all([]) == []


def test_each_cap_is_about_calls_of_its_own(tmp_path: Path) -> None:
    database = opened(tmp_path)
    caps = SpendingCaps(D(2), D(4), D(3))
    for run_id in ("a", "a", "b"):
        allowance(ledger(database, caps), run_id).reserve(claim())
    with pytest.raises(OverBudget, match="of the session 's'"):
        allowance(ledger(database, caps), "b").reserve(claim())
    other = ledger(database, caps, "other")
    allowance(other, "a").reserve(claim())
    with pytest.raises(OverBudget, match=r"of the day 2026-11-22 \(UTC\)"):
        allowance(other, "a").reserve(claim())
    tomorrow = SpendingLedger(database, "other", caps, FixedClock(NOON + timedelta(hours=12)))
    allowance(tomorrow, "a").reserve(claim())
    with pytest.raises(OverBudget, match="of the decision"):
        allowance(tomorrow, "a").reserve(claim())


def test_what_has_no_price_is_refused_under_a_cap_and_unknown_without(tmp_path: Path) -> None:
    database = opened(tmp_path)
    free, capped = ledger(database, SpendingCaps()), ledger(database, SpendingCaps(day_usd=D(9)))
    with pytest.raises(OverBudget, match="nobody named the price of model 'm'"):
        allowance(capped).reserve(claim(None))
    assert capped.blind_spots() == []
    allowance(free).reserve(claim(None)).settle(USED, None)
    assert spent(database) == Spent(D(0), 1)
    assert "1 calls of the day 2026-11-22 (UTC) have" in capped.blind_spots()[0]
    with pytest.raises(OverBudget, match="see: plangate cost"):
        allowance(capped).reserve(claim("0"))


class Midnight(FixedClock):
    """Stands a second before midnight, and a minute later each time it is looked at."""

    def now(self) -> datetime:
        seen = super().now()
        self.advance_to(seen + timedelta(minutes=1))
        return seen


def test_a_call_counts_in_the_day_whose_cap_had_room_for_it(tmp_path: Path) -> None:
    database, caps = opened(tmp_path), SpendingCaps(day_usd=D(1))
    tomorrow = SpendingLedger(database, "s", caps, FixedClock(NOON + timedelta(days=1)))
    allowance(tomorrow).reserve(claim())
    allowance(
        SpendingLedger(database, "s", caps, Midnight(NOON + timedelta(hours=12, seconds=-1)))
    ).reserve(claim())
    with database.read() as connection:
        days = connection.execute(select(MODEL_CALLS.c.at)).scalars().all()
    assert sorted(day.day for day in days) == [22, 23]


_shared: list[Database] = []
_numbers = itertools.count()


def shared(folders: pytest.TempPathFactory) -> tuple[Database, int]:
    """One database for all examples, each with a session and days of its own."""
    if not _shared:
        _shared.append(Database.open(folders.mktemp("shared") / "x.db", METADATA))
    return _shared[0], next(_numbers)


moves = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "settle", "crash", "midnight"]),
        st.decimals("0", "1", places=6),
        st.integers(0, 3),
    ),
    max_size=25,
)


class World:
    """What was really charged, by decision, day and session; the ledger may only say more."""

    def __init__(self, database: Database, number: int) -> None:
        self.database, self.session = database, f"s{number}"
        self.caps = SpendingCaps(D(1), D(2), D(3))
        self.at = NOON + timedelta(days=100 * number)
        self.charged: dict[str, Decimal] = {}
        self.waiting: list[tuple[str, Reservation, Decimal]] = []

    def reserve(self, worst: Decimal, number: int) -> None:
        kept = SpendingLedger(self.database, self.session, self.caps, FixedClock(self.at))
        run_id = f"run{number}"  # each call may be made by a new process
        with suppress(OverBudget):
            receipt = kept.allowance(run_id, "S", "plan", 1).reserve(claim(str(worst)))
            self.waiting.append((run_id, receipt, worst))

    def midnight(self) -> None:
        self.at += timedelta(days=1)
        self.waiting.clear()

    def charge(self, number: int, *, settled: bool) -> None:
        """The provider charges a part of the worst case, and we hear of it or not."""
        if not self.waiting:
            return
        run_id, receipt, worst = self.waiting.pop(number % len(self.waiting))
        took = worst * number / 3
        for scope in (run_id, f"{self.at:%d}", "session"):
            self.charged[scope] = self.charged.get(scope, D(0)) + took
        if settled:
            receipt.settle(USED, Cost(took, D(0)))

    def limit(self, scope: str) -> Decimal:
        limits = {"session": D(3), **{f"run{n}": D(1) for n in range(4)}}
        return limits.get(scope, D(2))


@settings(max_examples=30)
@given(moves)
def test_no_sequence_of_calls_and_crashes_goes_above_a_cap(
    tmp_path_factory: pytest.TempPathFactory, played: list[tuple[str, Decimal, int]]
) -> None:
    world = World(*shared(tmp_path_factory))
    for move, amount, number in played:
        if move == "reserve":
            world.reserve(amount, number)
        elif move == "midnight":
            world.midnight()
        else:
            world.charge(number, settled=move == "settle")
    assert all(usd <= world.limit(scope) for scope, usd in world.charged.items())


TAKER = """
import os, signal, sys
from decimal import Decimal
from pathlib import Path
from domain.clock import FixedClock, parse_moment
from domain.errors import OverBudget
from domain.spending import Claim, Cost, SpendingCaps
import journal.paper_tables, journal.plan_tables, market.store.tables
from journal.spending import SpendingLedger
from tests.places import environment, place_in
from traces.database import Database
from traces.tables import METADATA

database = Database.open(place_in(Path(sys.argv[1])), METADATA)
clock = FixedClock(parse_moment("2026-11-22T12:00:00Z"))
kept = SpendingLedger(database, sys.argv[2], SpendingCaps(day_usd=Decimal("0.2")), clock)
taken = 0
try:
    while True:
        cent = Claim("m", 1, 1, Cost(Decimal("0.01"), Decimal(0)))
        kept.allowance("r", "S", "plan", 1).reserve(cent)
        taken += 1
        if sys.argv[3] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
except OverBudget:
    print(taken)
"""


def start(folder: Path, session: str, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TAKER, str(folder), session, how],
        cwd=ROOT,
        env=os.environ | environment(),
        stdout=subprocess.PIPE,
        text=True,
    )


def test_of_several_processes_one_gets_the_last_cent_and_the_dead_keep_theirs(
    tmp_path: Path, each_database: str
) -> None:
    assert each_database
    database = opened(tmp_path)
    running = [
        start(tmp_path, name, how) for name, how in (("a", "live"), ("b", "live"), ("c", "die"))
    ]
    told = [process.communicate()[0] for process in running]
    died = running[2].returncode == -signal.SIGKILL
    assert sum(int(words or 0) for words in told) + died == 20
    assert spent(database) == Spent(D("0.2"), 0)
