from __future__ import annotations

from agent.situation_market import rank_words, recent_table, universe_table
from domain.snapshot import SymbolState, Universe


def test_of_many_symbols_those_that_moved_most_are_shown_after_the_first() -> None:
    changes = [0.001, *(n / 100 for n in range(-10, 10))]
    states = tuple(
        SymbolState(symbol=f"S{n}", change_24_fraction=change) for n, change in enumerate(changes)
    )
    text = universe_table(
        Universe(symbols=states, dispersion_fraction=0.06, mean_correlation=None, correlations=())
    )
    lines = text.splitlines()
    assert [line.split(" | ")[0] for line in lines[1:4]] == ["S0", "S1", "S2"]
    assert lines[-2:] == [
        "9 more that moved less",
        "Dispersion 0.06, mean correlation of all pairs -",
    ]


def test_what_there_is_none_of_is_said_in_a_word() -> None:
    assert universe_table(None) == "one symbol only"
    assert recent_table(()) == "-"
    assert rank_words(None) == ""
