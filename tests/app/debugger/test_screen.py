"""The screen driven by keys, as a person drives it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Static, TextArea

from agent.scripted_model import Step
from app.debugger.screen import DebuggerApp
from app.debugger.state_tree import StateTree
from domain.errors import ConfigError
from tests.app.debugger.gallery import IMAGES
from tests.app.debugger.seat import Seat, seated
from tests.graph.room import proposal

if TYPE_CHECKING:
    from app.debugger.protocol import Screen


@pytest.fixture(autouse=True)
def _no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)


async def test_break_on_a_code_edit_fork_compare_and_go_back(tmp_path: Path) -> None:
    async with seated(tmp_path, [proposal(5200)]) as seat:
        assert "stopped before observe" in seat.page("where")
        assert "DISARMED: nothing is committed or sent" in seat.page("where")
        await seat.press("k")
        await seat.type("RR_BELOW_MIN")
        assert "RR_BELOW_MIN" in seat.page("graph")
        await seat.press("c")
        assert "stopped before revise (RR_BELOW_MIN)" in seat.page("where")
        assert seat.tab == "verdict"
        assert "denied: RR_BELOW_MIN" in seat.page("verdict-page")
        await seat.press("f", "b", "e")
        await seat.type("draft.targets.0.price 5300")
        await seat.press("n")
        assert "stopped before submit  branch 2" in seat.page("where")
        assert seat.page("verdict-page").startswith("approved")
        await seat.press("x")
        assert seat.tab == "compare"
        compared = seat.page("compare-page")
        assert "targets 5200" in compared
        assert "targets 5300" in compared
        assert "denied RR_BELOW_MIN" in compared
        assert "from main, before revise" in compared
        await seat.press("b", "b")
        assert "stopped before plan" in seat.page("where")
        await seat.press("w")
        assert "stopped before revise  branch main" in seat.page("where")
        await seat.press("b", "n")
        assert "stopped before revise (RR_BELOW_MIN)" in seat.page("where")


async def test_a_text_is_edited_on_the_screen_until_it_can_be_taken(tmp_path: Path) -> None:
    async with seated(tmp_path, [proposal(5200)]) as seat:
        await seat.press("n", "n", "e")
        await seat.type("draft.confidence")
        editor = seat.app.screen.query_one(TextArea)
        assert editor.text == '"0.7"'
        editor.text = "7"
        await seat.press("ctrl+s")
        assert "draft.confidence" in str(seat.app.screen.query_one(".complaint", Static).content)
        assert seat.app.screen.query_one(TextArea).text == "7"
        await seat.press("escape")
        assert "draft.confidence is kept as it was" in seat.page("told")


async def test_an_editor_of_ones_own_is_used_and_offered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "edit.py"
    script.write_text(
        "import sys, pathlib\nfile = pathlib.Path(sys.argv[1])\n"
        "file.write_text('0.5' if file.read_text().strip() == '7' else '7')\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    async with seated(tmp_path, [proposal(5200)]) as seat:
        await seat.press("n", "n", "e")
        await seat.type("draft.confidence")
        await seat.press("y")
        assert _state(seat)["draft"]["confidence"] == 'confidence: "0.5"'


def _state(seat: Seat) -> dict[str, Any]:
    """As the tree shows it."""
    tree = seat.app.screen_stack[0].query_one(StateTree)
    return {
        str(node.data): {
            str(leaf.data).rpartition(".")[2]: str(leaf.label) for leaf in node.children
        }
        for node in tree.root.children
    }


async def test_no_word_from_outside_is_markup_on_the_screen(tmp_path: Path) -> None:
    nasty = "[bold]up[/bold] [/] \x1b[2J [@click=app.quit]x[/]"
    steps: list[Step] = [[("no_trade", {"reason": nasty})]]
    async with seated(tmp_path, steps, size=(30, 8)) as seat:
        await seat.press("n", "n", "p", "t", "s", "question_mark", "escape", "v")
        assert "[bold]up[/bold]" in seat.page("told")
        assert "\x1b" not in seat.page("told")
        await seat.press("c", "n")
        assert seat.app.over
    assert (seat.app.failure, seat.app.interrupted) == (None, False)


async def test_what_is_wrong_is_told_below_and_the_end_is_an_end(tmp_path: Path) -> None:
    async with seated(tmp_path, [], size=(80, 24)) as seat:
        await seat.press("n", "n")
        assert "the node failed: ScriptExhausted" in seat.page("told")
        await seat.press("k")
        await seat.type("nothing")
        assert "is no node" in seat.page("told")
        await seat.press("colon")
        await seat.type("s symbol")
        assert seat.tab == "state"
    assert seat.app.interrupted


async def test_a_screen_is_left_while_a_session_waits(tmp_path: Path) -> None:
    closed = tmp_path / "closed"

    async def work(_screen: Screen) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closed.touch()

    app = DebuggerApp(work)
    async with app.run_test(size=(20, 6)) as pilot:
        await pilot.press("c", "q")
        while not app.over:
            await pilot.pause()
    assert (app.interrupted, app.failure, closed.exists()) == (False, None, True)


async def test_what_the_work_ends_with_is_kept_for_the_command(tmp_path: Path) -> None:
    async def work(_screen: Screen) -> None:
        raise ConfigError(str(tmp_path))

    app = DebuggerApp(work)
    async with app.run_test() as pilot:
        while app.failure is None:
            await pilot.pause()
    assert isinstance(app.failure, ConfigError)


def test_the_pictures_in_the_documents_fetch_nothing() -> None:
    pictures = sorted(IMAGES.glob("step-*.svg"))
    assert [picture.stem for picture in pictures] == ["step-compare", "step-denied", "step-prompt"]
    for picture in pictures:
        text = picture.read_text(encoding="utf-8")
        assert "@font-face" not in text
        assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
