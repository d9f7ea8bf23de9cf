"""What may happen to the state folder: two processes, damage, a folder in the way, another --to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.lease import lease
from domain.errors import StateError
from tests.e2e.command import Ran, plangate

WINDOW = ("--from", "2019-04-01", "--to", "2019-04-11", "--every", "6", "--session", "s", "--json")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The session with nothing in its way: its folder, to be copied, and what was said."""
    home = tmp_path_factory.mktemp("whole")
    ran = plangate(home, "run", *WINDOW)
    assert ran.code == 0, ran.err
    return home, ran


def test_a_lease_is_held_by_one_and_let_go_at_its_end(tmp_path: Path) -> None:
    with (
        lease(tmp_path, "s"),
        lease(tmp_path, "other"),
        pytest.raises(StateError, match="another process"),
        lease(tmp_path, "s"),
    ):
        pass
    with lease(tmp_path, "s"):
        pass


def test_a_second_process_on_a_session_ends_at_once_and_changes_nothing(
    whole: tuple[Path, Ran], tmp_path: Path
) -> None:
    with lease(tmp_path, "s"):
        second = plangate(tmp_path, "run", *WINDOW)
    assert second.code == 6, second.err
    assert "another process" in second.err
    assert second.out == ""
    assert plangate(tmp_path, "run", *WINDOW).out == whole[1].out


def test_a_damaged_checkpoint_file_is_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "checkpoints.db").write_bytes(b"not a database" * 100)
    ran = plangate(tmp_path, "run", *WINDOW, "--decisions", "2")
    assert ran.code == 0, ran.err
    assert (tmp_path / "checkpoints.broken").exists()


@pytest.mark.parametrize("name", ["checkpoints.db", "telemetry.jsonl", "plangate.db"])
def test_a_folder_in_the_way_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    ran = plangate(tmp_path, "run", *WINDOW, "--decisions", "2")
    assert ran.code == 6, ran.err
    assert name in ran.err
    assert "Traceback" not in ran.err


def test_an_earlier_end_does_not_rewrite_what_was_recorded(
    whole: tuple[Path, Ran], tmp_path: Path
) -> None:
    home = shutil.copytree(whole[0], tmp_path / "home")
    earlier = [word if word != "2019-04-11" else "2019-04-05" for word in WINDOW]
    ran = plangate(home, "run", *earlier)
    assert ran.code == 6, ran.err
    assert "2019-04-05" in ran.err
    assert plangate(home, "run", *WINDOW).out == whole[1].out


def test_a_later_end_goes_on(whole: tuple[Path, Ran], tmp_path: Path) -> None:
    later = [word if word != "2019-04-11" else "2019-04-12" for word in WINDOW]
    parts = shutil.copytree(whole[0], tmp_path / "parts")
    at_once = plangate(tmp_path, "run", *later)
    assert plangate(parts, "run", *later).document["decisions"] == at_once.document["decisions"]
