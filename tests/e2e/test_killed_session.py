"""A session that is killed again and again ends as one that was never disturbed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.e2e.command import COMMAND, environment, plangate

WORDS = (
    *("run", "BTC/USDT", "ETH/USDT", "--market", "synthetic", "--seed", "11"),
    *("--timeframe", "1h", "--every", "2", "--from", "2024-03-01", "--to", "2024-03-04"),
    *("--session", "one", "--json"),
)
SELECT = 'SELECT * FROM "{}"'
TABLES = ("decision", "plan", "order", "fill", "funding_payment", "trade", "equity", "paper_log")


def record(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the journal and of the venue's own log."""
    with sqlite3.connect(home / "plangate.db") as connection:
        return {t: sorted(connection.execute(SELECT.format(t)), key=repr) for t in TABLES}


def decided(home: Path) -> int:
    try:
        with sqlite3.connect(home / "plangate.db") as connection:
            return int(connection.execute("SELECT count(*) FROM decision").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


@pytest.mark.parametrize("seed", [1])
def test_a_session_killed_in_mid_flight_and_restarted_equals_the_undisturbed_one(
    tmp_path: Path, seed: int
) -> None:
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    calm.mkdir()
    rough.mkdir()
    undisturbed = plangate(calm, *WORDS)
    assert undisturbed.code == 0, undisturbed.err
    chance = Random(seed)  # when it is killed, nothing else
    for target in (10, 35, 55):
        process = subprocess.Popen(
            [*COMMAND, *WORDS],
            env=environment(rough),
            cwd=rough,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while decided(rough) < target and process.poll() is None:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
    again = plangate(rough, *WORDS)
    assert again.code == 0, again.err
    assert record(rough) == record(calm)
    assert record(calm)["trade"], "nothing was traded: the test shows nothing"
    reports = [plangate(home, "report", "--session", "one", "--json") for home in (calm, rough)]
    assert reports[0].document == reports[1].document
