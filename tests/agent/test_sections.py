"""Sections give way row by row: the oldest or the least, of the least important section first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.prompt_budget import PromptBudget, SectionName, read_budget
from agent.sections import Section, fit, texts


def words(text: str) -> int:
    return len(text.split())


def budget(**tokens: int) -> PromptBudget:
    return read_budget({"sections": {name: {"tokens": n} for name, n in tokens.items()}}, "test")


def rows(count: int, word: str = "row") -> tuple[str, ...]:
    return tuple(f"{word} {n} of it" for n in range(count))


def told(*sections: Section, most: int = 10_000, within: PromptBudget | None = None) -> list[str]:
    return [one.text for one in fit(sections, within or budget(), most, words)]


def test_what_fits_stands_whole() -> None:
    section = Section("candles", rows(2), head="head", foot="foot")
    assert told(section) == ["head\nrow 0 of it\nrow 1 of it\nfoot"]


def test_the_oldest_rows_go_and_it_is_said() -> None:
    section = Section("candles", rows(20), head="head", oldest_first=True)
    assert told(section, within=budget(candles=40)) == [
        "head\n(15 of 20 rows left out, the oldest)\n"
        "row 15 of it\nrow 16 of it\nrow 17 of it\nrow 18 of it\nrow 19 of it"
    ]


def test_else_the_last_rows_go() -> None:
    section = Section("features", rows(20), head="head", foot="foot")
    assert told(section, within=budget(features=32)) == [
        "head\nrow 0 of it\nrow 1 of it\nrow 2 of it\n(17 of 20 rows left out, the last)\nfoot"
    ]


def test_without_a_row_its_head_goes_too() -> None:
    section = Section("features", rows(3), head="head", foot="foot")
    assert told(section, within=budget(features=0)) == ["(3 rows left out)"]


def test_what_was_never_there_is_not_left_out() -> None:
    section = Section("quality", (), empty="none")
    assert told(section, most=-5) == ["none"]


def test_the_least_important_gives_way_first() -> None:
    account, recent = Section("account", rows(4)), Section("recent", rows(4))
    first, last = told(account, recent, most=32)
    assert "left out" not in first
    assert last == "(4 rows left out)"


def test_the_texts_are_known_by_name() -> None:
    fitted = fit([Section("book", ("bid 1",))], budget(), 100, words)
    assert texts(fitted) == {"book": "bid 1"}


NAMES: list[SectionName] = ["account", "book", "candles", "recent"]


@given(st.lists(st.integers(0, 12), min_size=4, max_size=4), st.integers(-10, 300))
def test_all_together_are_within_the_limit_or_bare(counts: list[int], most: int) -> None:
    sections = [Section(n, rows(c), head="h") for n, c in zip(NAMES, counts, strict=True)]
    fitted = fit(sections, budget(), most, words)
    bare = all(one.left_out == len(one.section.rows) for one in fitted)
    assert sum(one.tokens for one in fitted) <= most or bare
    for one in fitted:
        shown = one.text.splitlines()
        assert sum(row in shown for row in one.section.rows) == len(one.section.rows) - one.left_out
    assert fitted == fit(sections, budget(), most, words)
