"""`plangate regate` and `plangate report --shadow`, as a user runs them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import places
from tests.backtest.room import STRICT, lived
from tests.e2e.command import plangate


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    folder = places.scratch()
    lived(folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_another_policy_is_told_on_the_terminal_and_as_a_document(home: Path) -> None:
    policy = home / "strict.toml"
    policy.write_text(STRICT, encoding="utf-8")
    told = plangate(home, "regate", "--policy", str(policy))
    assert told.code == 0, told.err
    for words in ("approved to denied", "RR_BELOW_MIN", "traded through on paper", "[95 %]"):
        assert words in told.out
    found = plangate(home, "regate", "--policy", str(policy), "--no-walk", "--json")
    assert found.document["schema"] == "plangate.regate/1"
    assert found.err == ""


def test_a_grid_and_the_shadow_report(home: Path) -> None:
    grid = plangate(home, "regate", "--grid", "min_reward_risk=1.5,2.5", "--no-walk")
    assert grid.code == 0, grid.err
    assert "min_reward_risk_ratio" in grid.out
    shadow = plangate(home, "report", "--shadow")
    assert shadow.code == 0, shadow.err
    assert "RR_BELOW_MIN" in shadow.out
    assert "too few to say" in shadow.out


def test_wrong_use_says_what_to_do(home: Path, tmp_path: Path) -> None:
    missing = plangate(home, "regate")
    assert (missing.code, missing.out) == (2, "")
    assert "--policy FILE" in missing.err
    empty = plangate(tmp_path, "regate", "--policy", "conservative")
    assert empty.code == 6
    assert "plangate run" in empty.err
