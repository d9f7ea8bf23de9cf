"""A session that is killed again and again, at any moment, ends as one that was never disturbed.

`CRASH=full` kills about a hundred times.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.crash.whole_session import DATABASE, POLICY, TARGETS, record, run, started

FULL = os.environ.get("CRASH") == "full"
SESSIONS = 20 if FULL else 1
KILLED_AFTER = (0, 1, 3, 4, 6) if FULL else (1, 4)
"""So many decisions, and a moment."""
pytestmark = pytest.mark.timeout(1800 if FULL else 300)


def decided(home: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{home / DATABASE}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM decision").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def killed(words: Sequence[str], home: Path, chance: Random) -> int:
    """How often a session was killed on its way to its end."""
    kills = 0
    for decisions in KILLED_AFTER:
        process = started(words, home)
        while decided(home) < decisions and process.is_alive():
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        process.join()
        kills += process.exitcode != 0
    return kills


def test_a_session_killed_in_mid_flight_and_restarted_equals_the_undisturbed_one(
    in_memory: Path, counted: Callable[[str], None]
) -> None:
    calm, policy = in_memory / "calm", in_memory / "policy.toml"
    calm.mkdir()
    policy.write_text(POLICY)
    words = TARGETS.words(policy)
    assert run(words, calm) == 0
    undisturbed = record(calm)
    assert undisturbed["trade"], "nothing was traded: the test shows nothing"
    began, kills = time.monotonic(), 0
    for number in range(SESSIONS):
        rough = in_memory / f"rough{number}"
        rough.mkdir()
        kills += killed(words, rough, Random(number))  # when it is killed, nothing else
        assert run(words, rough) == 0, rough.with_suffix(".err").read_text()
        assert record(rough) == undisturbed, f"session {number}"
    assert kills
    each_s = (time.monotonic() - began) / kills
    counted(f"{kills} kills in {SESSIONS} whole sessions, all recovered, {each_s:.2f} s each")
