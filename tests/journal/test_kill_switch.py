from __future__ import annotations

from pathlib import Path

import pytest

from journal.kill_switch import KILL_SWITCH, kill_switch


def test_without_the_file_the_switch_is_off(tmp_path: Path) -> None:
    assert kill_switch(tmp_path) is False


@pytest.mark.parametrize("kind", ["empty file", "folder", "link to nothing"])
def test_whatever_has_its_name_trips_it(tmp_path: Path, kind: str) -> None:
    place = tmp_path / KILL_SWITCH
    match kind:
        case "empty file":
            place.touch()
        case "folder":
            place.mkdir()
        case _:
            place.symlink_to(tmp_path / "nowhere")
    assert kill_switch(tmp_path) is True


@pytest.mark.parametrize("kind", ["gone", "a file", "a link to itself"])
def test_a_folder_that_cannot_be_looked_into_leaves_it_unknown(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "home"
    if kind == "a file":
        folder.touch()
    elif kind == "a link to itself":
        folder.symlink_to(folder)
    assert kill_switch(folder) is None
