from __future__ import annotations

from pathlib import Path

import pytest

from app.home import DATABASE
from tests.e2e.command import plangate
from tests.traces.handmade import recorder
from tests.traces.stored import former
from tests.traces.test_search import REASONS, record_decision
from traces.database import Database
from traces.tables import METADATA


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with three decisions."""
    folder = tmp_path_factory.mktemp("home")
    database = Database.open(folder / DATABASE, METADATA)
    for run_id, reason in REASONS.items():
        record_decision(recorder(database, session="one"), run_id, f"{reason} \x1b[31mred")
    database.close()
    return folder


def test_decisions_are_found_by_words_and_nothing_moves_the_terminal(home: Path) -> None:
    ran = plangate(home, "traces", "search", "gone", "momentum -rising")
    assert (ran.code, ran.err) == (0, "")
    head, sentence = ran.out.splitlines()
    assert head.split() == ["fall", "one", "BTC/USD", "no_trade"]
    assert sentence == "    plan: Momentum is gone, and RR_BELOW_MIN would follow."
    assert "\x1b" not in plangate(home, "traces", "search", "red").out


def test_a_program_gets_the_places_of_the_words(home: Path) -> None:
    ran = plangate(home, "traces", "search", "nothing", "--json").document
    assert ran["schema"] == "plangate.traces.search/1"
    assert [(row["run_id"], row["as_of"], row["marks"]) for row in ran["found"]] == [
        ("wait", "2019-05-12T14:00:00Z", [[0, 7]])
    ]


def test_where_nothing_fits_it_says_what_there_is(home: Path) -> None:
    ran = plangate(home, "traces", "search", "zebra")
    assert (ran.code, ran.out) == (0, "")
    assert "no decision fits; there are 3" in ran.err
    assert plangate(home / "none", "traces", "search", "zebra", cwd=home).err.startswith("no dec")


@pytest.mark.parametrize("words", [[], ["7012.5"], ["--", "-average"], ["stop", "--rebuild"]])
def test_wrong_usage_says_what_was_expected(home: Path, words: list[str]) -> None:
    ran = plangate(home, "traces", "search", *words)
    assert (ran.code, ran.out) == (2, "")
    assert "cannot look for" in ran.err or "leave 'stop' out" in ran.err


@pytest.mark.parametrize("words", [("search", "holding"), ("list", "--text", "holding")])
def test_what_an_older_release_recorded_is_found_at_the_first_question(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    former(1, tmp_path / DATABASE)
    ran = plangate(tmp_path, "traces", *words, "--limit", "1")
    assert (ran.code, ran.err) == (0, "")
    assert "no_trade" in ran.out


def test_the_index_is_made_anew_by_command(home: Path) -> None:
    ran = plangate(home, "traces", "search", "--rebuild")
    assert (ran.code, ran.out) == (0, "the index of words was made anew from 3 decisions\n")
    assert plangate(home, "traces", "search", "zebra").code == 0
    assert plangate(home, "traces", "search", "--rebuild", "--json").document["runs_count"] == 3
