"""Eight writers at once, threads and processes: nothing is lost and nobody hears of a lock.

`MANY_WRITERS_OPERATIONS=1000` runs the full size; by default each writer does a few.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.places import environment
from tests.traces.handmade import opened
from traces.database import Database

ROOT = Path(__file__).parents[2]
OPERATIONS = int(os.environ.get("MANY_WRITERS_OPERATIONS", "40"))
PROCESSES = 2 if OPERATIONS < 500 else 4
THREADS = 8 // PROCESSES
TIMEOUT_S = 60 + OPERATIONS


def work(database: Database, writer: int) -> None:
    """Read, add one, write; every third one as the journal writes, the others as traces."""
    for n in range(OPERATIONS):
        with database.begin(durable=n % 3 == 0) as connection:
            now = connection.execute(text("SELECT n FROM counter")).scalar_one()
            connection.execute(text("UPDATE counter SET n = :n"), {"n": now + 1})
            row = {"writer": writer, "n": n, "seen": now}
            connection.execute(text("INSERT INTO done VALUES (:writer, :n, :seen)"), row)


PROCESS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tests.traces.handmade import opened
from tests.traces.test_many_writers import THREADS, work
database = opened(Path(sys.argv[1]))
first = int(sys.argv[2]) * THREADS
sys.stdin.read()
with ThreadPoolExecutor(THREADS) as pool:
    list(pool.map(lambda n: work(database, first + n), range(THREADS)))
database.close()
"""


@pytest.mark.timeout(TIMEOUT_S * 2)
def test_eight_writers_lose_no_update_and_hear_of_no_lock(
    tmp_path: Path, each_database: str
) -> None:
    assert each_database
    database = opened(tmp_path)
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
        connection.execute(text("CREATE TABLE done (writer INTEGER, n INTEGER, seen INTEGER)"))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path), str(number)],
            cwd=ROOT,
            env={**os.environ, **environment(), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    with ThreadPoolExecutor(PROCESSES) as pool:
        said = list(pool.map(lambda process: process.communicate(timeout=TIMEOUT_S)[1], running))
    assert said == [""] * PROCESSES
    every = PROCESSES * THREADS * OPERATIONS
    with database.read() as connection:
        assert connection.execute(text("SELECT n FROM counter")).scalar_one() == every
        seen = connection.execute(text("SELECT seen FROM done ORDER BY seen")).scalars().all()
        writers = connection.execute(text("SELECT DISTINCT writer FROM done")).scalars().all()
    assert list(seen) == list(range(every))
    assert len(writers) == PROCESSES * THREADS
