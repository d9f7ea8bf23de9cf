"""Budgets are data; a file changes some of them, and a wrong word refuses to start."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from agent.prompt_budget import SectionName, default_budget, load_budget, read_budget
from agent.situation import Situation, situation_sections
from domain.errors import ConfigError
from tests.agent.samples import snapshot
from tests.agent.test_prompt import ACCOUNT


def test_every_section_has_a_budget_and_a_place_of_its_own() -> None:
    told = [one.name for one in situation_sections(Situation(snapshot(), ACCOUNT))]
    kept = default_budget().sections
    assert set(told) == set(kept) == set(get_args(SectionName))
    assert len({one.priority for one in kept.values()}) == len(kept)


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "prompt.toml"
    path.write_text("total_tokens = 6000\n[sections]\ncandles = { tokens = 900 }\n")
    budget, shipped = load_budget(path), default_budget()
    assert budget.total_tokens == 6000
    assert budget.sections["candles"].tokens == 900
    assert budget.sections["candles"].priority == shipped.sections["candles"].priority
    assert budget.sections["recent"] == shipped.sections["recent"]


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ({"total": 5}, "total"),
        ({"total_tokens": -1}, "total_tokens"),
        ({"total_tokens": "6000"}, "total_tokens"),
        ({"sections": {"candle": {"tokens": 5}}}, "sections.candle"),
        ({"sections": {"candles": 5}}, "sections.candles"),
        ({"sections": {"candles": {"token": 5}}}, "sections.candles.token"),
        ({"sections": {"candles": {"priority": 0}}}, "sections.candles.priority"),
    ],
)
def test_a_wrong_word_is_named(raw: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        read_budget(raw, "prompt file 'x'")
