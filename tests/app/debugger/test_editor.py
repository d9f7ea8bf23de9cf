"""A text in a person's editor, with all that can go wrong with one."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from app.debugger.editor import edited_text, editor_command
from app.debugger.line_input import LineInput
from domain.errors import ConfigError


def test_an_editor_is_named_with_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "ed -s 'a b'")
    assert editor_command() == ["ed", "-s", "a b"]
    monkeypatch.setenv("VISUAL", "vi")
    assert editor_command() == ["vi"]
    monkeypatch.setenv("VISUAL", "vi 'x")
    with pytest.raises(ConfigError, match="is no command"):
        editor_command()
    monkeypatch.delenv("VISUAL")
    monkeypatch.delenv("EDITOR")
    assert editor_command() == []


def test_what_an_editor_leaves_is_read_and_its_failure_changes_nothing(tmp_path: Path) -> None:
    def editor(code: str) -> list[str]:
        script = tmp_path / "editor.py"
        script.write_text(f"import sys, pathlib\nfile = pathlib.Path(sys.argv[1])\n{code}\n")
        return [sys.executable, str(script)]

    more = editor("file.write_text(file.read_text().replace('1', '2'))")
    assert edited_text(more, "draft.targets", "[1]") == "[2]\n"
    with pytest.raises(ConfigError, match="ended with 3; nothing was changed"):
        edited_text(editor("sys.exit(3)"), "a", "1")
    with pytest.raises(ConfigError, match="cannot be read"):
        edited_text(editor("file.write_bytes(b'\\xff')"), "a", "1")
    with pytest.raises(ConfigError, match="cannot be read"):
        edited_text(editor("file.unlink()"), "a", "1")
    with pytest.raises(ConfigError, match="cannot be started"):
        edited_text([str(tmp_path / "none")], "a", "1")


async def test_lines_are_read_one_by_one_to_the_end(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    lines = LineInput(reading)
    waiting = asyncio.create_task(lines.line())
    await asyncio.sleep(0)
    os.write(writing, b"a\nb\n\nlast")
    os.close(writing)
    assert [await waiting, *[await lines.line() for _ in range(4)]] == ["a", "b", "", "last", None]
    os.close(reading)
    file = tmp_path / "typed"
    file.write_bytes(b"n\nq\n")
    with file.open() as opened:
        lines = LineInput(opened.fileno())
        assert [await lines.line() for _ in range(3)] == ["n", "q", None]
