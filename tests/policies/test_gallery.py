"""What the gate says of a gallery of cases is what was looked at and found right."""

from __future__ import annotations

import json

import pytest

from tests.policies.gallery import ALONE, CASES, WALL, shown
from tests.policies.rules_alone import pictures


@pytest.mark.parametrize("name", CASES)
def test_the_gate_says_what_was_reviewed(name):
    expected = json.loads((WALL / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(shown(name)) == expected


def test_the_wall_shows_nothing_else():
    assert {path.stem for path in WALL.iterdir()} == set(CASES)


def test_each_rule_asked_alone_says_what_was_reviewed():
    expected = json.loads(ALONE.read_text(encoding="utf-8"))
    found = pictures()
    assert list(found) == list(expected)
    for name, said in found.items():
        assert said == expected[name], name
