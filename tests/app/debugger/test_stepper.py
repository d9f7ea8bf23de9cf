"""What a person's words do to a decision, whatever shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.scripted_model import Step
from app.debugger.stepper import Leave, Stepper
from graph.debugger import Debugger
from graph.run import open_saver
from tests.app.debugger.screens import TypedScreen
from tests.graph.room import SLOT, proposal, scripted, wired_session


async def stepped(
    home: Path,
    steps: Sequence[Step],
    lines: Sequence[str],
    edits: Sequence[str | None] = (),
    *,
    armed: bool = False,
) -> tuple[TypedScreen, dict[str, Any] | None, int]:
    """A decision over these lines; the screen, its final state, and how many orders there are."""
    screen = TypedScreen(lines, edits)
    async with wired_session(home) as wired, open_saver(home / "c.db") as saver:
        context, _ = scripted(wired, steps)
        stepper = Stepper(Debugger(context, saver, mode="armed" if armed else "disarmed"), screen)
        await stepper.debugger.start("BTC/USD", SLOT)
        try:
            final = await stepper.decide()
        except Leave:
            final = None
        return screen, final, len(context.journal.orders())


async def test_a_run_goes_on_to_a_code_and_another_branch_passes(tmp_path: Path) -> None:
    screen, final, orders = await stepped(
        tmp_path,
        [proposal(5200)],
        [
            *("k RR_BELOW_MIN", "c", "v", "b", "f other", "e draft.targets.0.price 5300", "n"),
            *("x", "c", "w main", "n", "x", "n", "w", "n"),
        ],
    )
    assert screen.stops == [
        ("main", "observe", None),
        ("main", "revise", "RR_BELOW_MIN"),
        ("main", "review", None),
        ("other", "review", None),
        ("other", "review", None),
        ("other", "submit", None),
        ("other", None, None),
        ("main", "review", None),
        ("main", "revise", "RR_BELOW_MIN"),
        ("main", "plan", None),
        ("other", None, None),
    ]
    denied = next(words for words in screen.said if words.startswith("verdict"))
    assert "denied: RR_BELOW_MIN" in denied
    first, second = (words for words in screen.said if words.startswith("compare"))
    assert "from main, before review" in first
    assert "targets 5200" in first
    assert "targets 5300" in first
    assert "denied RR_BELOW_MIN" in second
    assert "no_trade DISARMED" in second
    assert final is not None
    assert (final["outcome"], final["codes"], orders) == ("no_trade", ["DISARMED"], 0)


async def test_arms_commit_and_only_the_branch_that_ended_last_is_left(tmp_path: Path) -> None:
    lines = ["c", "b", "b", "b", "f", "e draft.targets.0.price 5320", "c", "w main", "c", "n"]
    screen, final, orders = await stepped(
        tmp_path, [proposal(5300)], [*lines, "w", "b", "n", "n"], armed=True
    )
    assert final is not None
    assert (final["outcome"], orders) == ("approved", 1)
    assert not [words for words in screen.said if words.startswith("notice")]
    refused = [words for words in screen.said if words.startswith("cannot")]
    assert refused == []


async def test_the_end_of_a_branch_that_another_one_replaced_is_no_end(tmp_path: Path) -> None:
    lines = ["c", "b", "f", "c", "w main", "n", "w 2", "n", "w main", "n"]
    screen, final, _ = await stepped(tmp_path, [[("no_trade", {"reason": "wait"})]], lines)
    assert final is not None
    (refused,) = (words for words in screen.said if words.startswith("cannot"))
    assert "the journal has the end of branch 'main'" in refused


async def test_a_wrong_edit_is_offered_again_and_the_old_stays_when_given_up(
    tmp_path: Path,
) -> None:
    screen, _, _ = await stepped(
        tmp_path,
        [proposal(5200)],
        ["n", "n", "e draft.confidence", "e draft.side", "e draft.horizon_bars", "n"],
        ["7", "0.5", "up", None, "24\n"],
    )
    told = [words for words in screen.said if not words.startswith("left")]
    assert told[0] == 'edit draft.confidence: "0.7"'
    assert told[1].startswith("edit draft.confidence: draft.confidence = ")
    assert told[3].startswith("edit draft.side: draft.side = 'up'")
    assert told[4] == "notice: draft.side is kept as it was"
    assert told[6] == "notice: draft.horizon_bars is kept as it was"
    assert screen.stops[-1] == ("main", "revise", None)


async def test_pages_before_a_call_show_what_the_model_will_be_asked(tmp_path: Path) -> None:
    asked: Step = [("regime", {})]
    nasty = "\x1b[2J[bold]price[/bold]"
    screen, _, _ = await stepped(
        tmp_path,
        [asked, [("no_trade", {"reason": nasty})]],
        ["p", "v", "t", "n", "p", "k regime", "c", "t", "n", "t", "c", "s reason", "what", "b 1"],
    )
    said = dict(words.split(":", 1) for words in screen.said if words.startswith("prompt"))
    assert "tools offered: " in said["prompt"]
    assert "[1] human" in said["prompt"]
    tools = [words for words in screen.said if words.startswith("tools")]
    assert "no tool was called yet" in tools[0]
    assert "regime: asked for, not called yet" in tools[1]
    assert "e messages.3" in tools[2]
    assert ("main", "call_tools", "regime") in screen.stops
    reason = next(words for words in screen.said if words.startswith("state"))
    assert "[bold]price[/bold]" in reason
    assert "\x1b" not in reason
    assert screen.said[-2].startswith("help: ")
    assert "more than this command takes" in screen.said[-1]


async def test_what_a_node_fails_with_is_said_and_the_run_stays(tmp_path: Path) -> None:
    screen, _, _ = await stepped(tmp_path, [], ["n", "n"])
    assert "the node failed: ScriptExhausted" in screen.said[-1]
    assert screen.stops[-1] == ("main", "plan", None)


async def test_a_call_is_broken_off_and_made_again(tmp_path: Path) -> None:
    called = asyncio.Event()
    loop = asyncio.get_running_loop()

    def thinks(_messages: object) -> Step:
        loop.call_soon_threadsafe(called.set)
        return proposal(5200)

    screen = TypedScreen([])
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [thinks, proposal(5200)])
        stepper = Stepper(Debugger(context, saver), screen)
        await stepper.debugger.start("BTC/USD", SLOT)
        await stepper.obey(["n"])
        assert not stepper.cancel()
        working = asyncio.create_task(stepper.obey(["n"]))
        while not stepper.cancel():
            await asyncio.sleep(0)
        await working
        assert screen.said == ["cannot: broken off; the run stands where it stood"]
        assert stepper.debugger.stop.node == "plan"
        await stepper.obey(["n"])
        assert stepper.debugger.stop.node == "review"


@pytest.mark.parametrize("line", ["w", "b", "d review", "k nothing", "s nothing", "e", "e reason"])
async def test_what_cannot_be_done_is_said(tmp_path: Path, line: str) -> None:
    screen, _, _ = await stepped(tmp_path, [], [line])
    assert screen.said[-1].startswith("cannot: ")
