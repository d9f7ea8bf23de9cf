"""`plangate step` driven as a person would, in a real terminal: look, edit, go back, other way."""

from __future__ import annotations

import re
from pathlib import Path

import pexpect
import pytest

from tests.e2e.command import COMMAND, environment, plangate

SLOT = ("--from", "2019-04-15T01:00:00Z", "--to", "2019-04-15T04:00:00Z")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A pseudo-terminal with a running `plangate step` in it."""

    def __init__(self, home: Path) -> None:
        self.child = pexpect.spawn(
            COMMAND[0],
            [*COMMAND[1:], "step", *SLOT, "--session", "stepped", "--armed", "--plain"],
            env=environment(home, TERM="xterm"),
            dimensions=(50, 100),
            encoding="utf-8",
            timeout=40,
        )
        self.child.setecho(False)

    def until(self, prompt: str) -> str:
        """What was printed up to the next prompt of this node."""
        self.child.expect(rf"\n{prompt}> ")
        return ESCAPE.sub("", self.child.before)

    def type(self, line: str, prompt: str) -> str:
        self.child.sendline(line)
        return self.until(prompt)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def test_a_target_is_edited_before_review_and_the_other_way_is_taken(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.until("observe")
    terminal.type("n", "plan")
    prompt = terminal.type("p", "plan")
    assert "Situation" in prompt
    terminal.type("n", "call_tools")
    terminal.type("n", "plan")
    drafted = terminal.type("n", "review")
    assert '"side":"long"' in "".join(drafted.split())
    denied = terminal.type("n", "revise")
    assert "denied: RR_BELOW_MIN" in denied
    back = terminal.type("b", "review")
    assert "stopped before review" in back
    terminal.type("e draft.targets.0.price 5400", "review")
    approved = terminal.type("n", "submit")
    assert "approved" in approved
    assert "denied" not in approved
    first_way = terminal.type("b", "review")
    assert "5400" in first_way
    terminal.type("b", "plan")
    redrafted = terminal.type("n", "review")
    assert "5400" not in redrafted
    assert "denied: RR_BELOW_MIN" in terminal.type("n", "revise")
    terminal.type("b", "review")
    complaint = terminal.type("e draft.targets.0.price high", "review")
    assert "cannot:" in complaint
    assert "targets.0.price" in complaint
    terminal.type("e draft.targets.0.price 5400", "review")
    ended = terminal.type("c", "end")
    assert "outcome: approved" in ended
    terminal.type("n", "observe")
    terminal.child.sendline("q")
    terminal.child.expect(pexpect.EOF)
    terminal.child.close()
    assert terminal.child.exitstatus == 0
    listed = plangate(tmp_path, "traces", "list", "--session", "stepped", "--json").document
    assert [r["outcome"] for r in listed["runs"]] == ["approved"]
    shown = plangate(tmp_path, "traces", "show", listed["runs"][0]["run_id"])
    assert "edited    draft.targets.0.price" in shown.out


def test_step_through_a_pipe_ends_with_the_input(tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run(
        [*COMMAND, "step", *SLOT],
        env=environment(tmp_path),
        input="n\ns symbol\nwhat\ne nothing 1\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"BTC/USD"' in done.stdout
    assert "run the next node" in done.stdout
    assert "no field 'nothing'" in done.stdout


def test_the_screen_is_left_by_ctrl_c_and_the_terminal_is_as_it_was(tmp_path: Path) -> None:
    child = pexpect.spawn(
        COMMAND[0],
        [*COMMAND[1:], "step", *SLOT],
        env=environment(tmp_path, TERM="xterm"),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=40,
    )
    child.expect("DISARMED")
    child.send("\x03")
    child.expect("interrupted; what had ended is kept")
    assert "\x1b[?1049l" in child.before
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
