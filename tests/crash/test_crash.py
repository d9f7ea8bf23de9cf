"""Death anywhere: no order is lost, none doubled, and the record is as if nothing had happened.

`CRASH=full` recovers from every state and kills 500 times; otherwise a part of both.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.death import ended, forked, killed_after, stopped_at, walk
from tests.crash.rows import Rows
from tests.crash.script import lost_and_doubled, outcome, run
from tests.places import scratch

FULL = os.environ.get("CRASH") == "full"
RECOVERIES = 10_000 if FULL else 5
STOPS = 40 if FULL else 1
KILLS = 500 if FULL else 3
PARTS = 4 if FULL else 1
"""Of the kills, so that no core waits for another."""
pytestmark = pytest.mark.timeout(1800 if FULL else 120)


@pytest.fixture(scope="module")
def undisturbed() -> Rows:
    """What the session comes to when nobody dies."""
    folder = scratch()
    run(folder)
    found = outcome(folder)
    assert {row["leg"] for row in found["fill"]} == {"entry", "stop", "target_1", "reduce", "close"}
    acts = {json.loads(row["body"])["act"] for row in found["plan_version"]}
    assert acts == {"open", "replace", "adjust", "scale_in"}
    assert {row["status"] for row in found["plan"]} == {"closed", "expired"}
    assert found["funding_payment"]
    assert found["trading_state"] == []
    assert lost_and_doubled(folder) == ([], [])
    shutil.rmtree(folder)
    return found


def judged(folder: Path, undisturbed: Rows, case: str) -> None:
    lost, doubled = lost_and_doubled(folder)
    assert (lost, doubled) == ([], []), case
    found = outcome(folder)
    for table, rows in undisturbed.items():
        assert found[table] == rows, f"{case}: {table}"


def test_every_state_that_a_death_can_leave_is_recovered_from(
    undisturbed: Rows, in_memory: Path, counted: Callable[[str], None]
) -> None:
    folder, states = in_memory / "walk", in_memory / "states"
    folder.mkdir()
    states.mkdir()
    walked = walk(lambda: run(folder), folder, states)
    judged(folder, undisturbed, "the walk itself")
    stride = max(1, len(walked.states) // RECOVERIES)
    chosen = walked.states[random.randrange(stride) :: stride]
    for state in chosen:
        assert ended(forked(lambda state=state: run(state))) == 0, state.name
        judged(state, undisturbed, f"state {state.name}")
        shutil.rmtree(state)
    counted(
        f"{walked.opcodes} opcode boundaries leave {len(walked.states)} states of the files; "
        f"recovered from {len(chosen)}"
    )
    assert len(walked.states) > 120


def test_a_process_that_dies_at_an_opcode_leaves_such_a_state(
    undisturbed: Rows, in_memory: Path, counted: Callable[[str], None]
) -> None:
    died = 0
    for case in range(STOPS):
        folder = in_memory / f"{case}"
        folder.mkdir()
        opcode = random.randrange(1_000, 500_000)
        died += ended(forked(lambda f=folder, n=opcode: stopped_at(lambda: run(f), n))) == 9
        assert ended(forked(lambda f=folder: run(f))) == 0
        judged(folder, undisturbed, f"opcode {opcode}")
        shutil.rmtree(folder)
    counted(f"{died} of {STOPS} processes ended at an opcode, all recovered")
    assert died


@pytest.mark.parametrize("part", range(PARTS))
def test_kills_at_any_moment_also_of_a_recovery_change_nothing(
    part: int, undisturbed: Rows, in_memory: Path, counted: Callable[[str], None]
) -> None:
    first = in_memory / "timed"
    first.mkdir()
    began = time.monotonic()
    assert ended(forked(lambda: run(first))) == 0
    whole_s = time.monotonic() - began
    kills = sessions = 0
    began = time.monotonic()
    while kills < KILLS / PARTS:
        folder = in_memory / f"{sessions}"
        folder.mkdir()
        sessions += 1
        for _ in range(12):
            child = forked(lambda f=folder: run(f))
            if killed_after(child, random.uniform(0.02, 1.1) * whole_s) == 0:
                break
            kills += 1
        else:
            assert ended(forked(lambda f=folder: run(f))) == 0
        judged(folder, undisturbed, f"session {sessions}")
        shutil.rmtree(folder)
    each_s = (time.monotonic() - began) / kills
    counted(
        f"part {part + 1} of {PARTS}: {kills} kills in {sessions} sessions, all recovered, "
        f"{each_s:.2f} s each"
    )
