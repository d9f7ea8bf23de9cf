"""A session that dies between any two commits, restarted, equals the one that was never disturbed.

`CRASH=full` restarts from every state of the files, of two sessions; otherwise from a part of one.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.whole_session import POLICY, SENDING, STOPS, TARGETS, Market, copied, record, run

FULL = os.environ.get("CRASH") == "full"
MARKETS = {"targets": TARGETS, "stops": STOPS} if FULL else {"targets": TARGETS}
PARTS = 4 if FULL else 1
"""Of the states, so that no core waits for another."""
PLACES = 5
pytestmark = pytest.mark.timeout(3600 if FULL else 300)


def chosen(states: list[Path], ended: Path, part: int) -> list[Path]:
    """All of them, or a part: around what is being sent, and at even distances."""
    if FULL:
        return [*states, ended][part::PARTS]
    sending = [n for n, state in enumerate(states) if state.name.endswith(SENDING)]
    around = {sending[0], sending[0] + 1, sending[len(sending) // 2]}
    stride = len(states) // (PLACES - len(around))
    return [states[n] for n in sorted({*around, *range(stride // 2, len(states), stride)})]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)
def test_a_session_restarted_after_any_commit_equals_the_undisturbed_one(
    market: Market, part: int, in_memory: Path, counted: Callable[[str], None]
) -> None:
    home, copies, policy = in_memory / "home", in_memory / "copies", in_memory / "policy.toml"
    home.mkdir()
    copies.mkdir()
    policy.write_text(POLICY)
    words = market.words(policy)
    assert run(words, home, into=copies) == 0
    undisturbed = record(home)
    legs = {row["leg"] for row in undisturbed["fill"]}
    assert "entry" in legs
    assert legs & {"target_1", "stop"}
    states = sorted(copies.iterdir())
    assert [s for s in states if s.name.endswith(SENDING)]
    began = time.monotonic()
    deaths, parts = 0, chosen(states, copied(home, copies / "ended"), part)
    for number, state in enumerate(parts):
        if number % 2:  # dies again, on its way back
            code = run(words, state, die_at=1 + number * 7 % 40)
            assert code in {-9, 0}, state.name
            deaths += code == -9
        assert run(words, state) == 0, (in_memory / f"copies/{state.name}.err").read_text()
        found = record(state)
        for table, rows in undisturbed.items():
            assert found[table] == rows, f"{state.name}: {table}"
        shutil.rmtree(state)
    each_s = (time.monotonic() - began) / len(parts)
    counted(
        f"part {part + 1} of {PARTS}: {len(states)} states between commits; "
        f"restarted from {len(parts)}, of which {deaths} died again, {each_s:.2f} s each"
    )
