"""What may happen to the state folder: two processes, damage, a folder in the way, another --to."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.lease import lease
from domain.errors import StateError
from tests.e2e.command import plangate

WINDOW = ("--from", "2019-04-01", "--to", "2019-04-11", "--every", "6", "--session", "s", "--json")


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


def test_a_second_process_on_a_session_ends_at_once_and_changes_nothing(tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    for home in (alone, shared):
        home.mkdir()
    expected = plangate(alone, "run", *WINDOW)
    with lease(shared, "s"):
        second = plangate(shared, "run", *WINDOW)
    assert second.code == 6, second.err
    assert "another process" in second.err
    assert second.out == ""
    assert plangate(shared, "run", *WINDOW).out == expected.out


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


def test_an_earlier_end_does_not_rewrite_what_was_recorded(tmp_path: Path) -> None:
    whole = plangate(tmp_path, "run", *WINDOW)
    earlier = [word if word != "2019-04-11" else "2019-04-05" for word in WINDOW]
    ran = plangate(tmp_path, "run", *earlier)
    assert ran.code == 6, ran.err
    assert "2019-04-05" in ran.err
    assert plangate(tmp_path, "run", *WINDOW).out == whole.out


def test_a_later_end_goes_on(tmp_path: Path) -> None:
    later = [word if word != "2019-04-11" else "2019-04-12" for word in WINDOW]
    parts, whole = tmp_path / "parts", tmp_path / "whole"
    for home in (parts, whole):
        home.mkdir()
    plangate(parts, "run", *WINDOW)
    assert (
        plangate(parts, "run", *later).document["decisions"]
        == (plangate(whole, "run", *later).document["decisions"])
    )
