"""A finished decision is found by the beginning of its id, and stepped through."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.debugger.rerunning import step_again
from domain.errors import StateError
from graph.run import Runner
from tests.app.debugger.screens import TypedScreen
from tests.graph.room import SLOT, proposal, scripted, wired_session


async def test_a_finished_run_is_stepped_through_where_it_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wired_session(tmp_path) as wired:
        context, _ = scripted(wired, [proposal(5300)])
        final = await Runner(context, None).decide("BTC/USD", SLOT)
    monkeypatch.setenv("PLANGATE_HOME", str(tmp_path))
    screen = TypedScreen(["k submit", "c", "c", "n"])
    await step_again(final["run_id"][:13], None, screen)
    assert screen.stops == [
        ("main", "observe", None),
        ("main", "submit", "submit"),
        ("main", None, None),
    ]
    assert screen.said[-1] == "ended: approved"
    left = TypedScreen([])
    await step_again(final["run_id"], "s", left)
    assert left.said == ["left: s"]
    with pytest.raises(StateError, match="no run begins with 'x'"):
        await step_again("x", None, screen)
