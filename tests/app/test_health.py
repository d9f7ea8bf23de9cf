from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command import plangate


def test_a_state_folder_that_can_be_made_is_healthy(tmp_path: Path) -> None:
    ran = plangate(tmp_path / "new" / "folder", "doctor", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_a_state_folder_that_cannot_be_made_is_broken(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("no folder")
    ran = plangate(tmp_path / name, "doctor", cwd=tmp_path)
    assert ran.code == 6, ran.out + ran.err
    assert "PLANGATE_HOME" in " ".join(ran.out.split())


@pytest.mark.skipif(
    not Path("/proc/self").exists(),
    reason="this system has no /proc, whose folders nobody can make",
)
def test_a_state_folder_on_a_kernel_file_system_is_broken(tmp_path: Path) -> None:
    assert plangate(Path("/proc/nope"), "doctor", cwd=tmp_path).code == 6
