"""What the gate says of a gallery of cases is what was looked at and found right."""

from __future__ import annotations

import json

import pytest

from tests.policies.gallery import CASES, WALL, shown


@pytest.mark.parametrize("name", CASES)
def test_the_gate_says_what_was_reviewed(name):
    expected = json.loads((WALL / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(shown(name)) == expected


def test_the_wall_shows_nothing_else():
    assert {path.stem for path in WALL.iterdir()} == set(CASES)
