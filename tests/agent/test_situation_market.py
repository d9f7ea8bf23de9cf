from __future__ import annotations

from datetime import timedelta

from agent.situation_market import (
    INDICATORS,
    candles_section,
    rank_words,
    recent_section,
    universe_section,
)
from domain.candles import Timeframe
from domain.snapshot import Features, SymbolState, Universe
from tests.agent.samples import AS_OF, snapshot


def test_of_many_symbols_those_that_moved_most_stand_after_the_first() -> None:
    changes = [0.001, *(n / 100 for n in range(-10, 10))]
    states = tuple(
        SymbolState(symbol=f"S{n}", change_24_fraction=change) for n, change in enumerate(changes)
    )
    section = universe_section(
        Universe(symbols=states, dispersion_fraction=0.06, mean_correlation=None, correlations=())
    )
    assert [row.split("|")[0] for row in section.rows[:3]] == ["S0", "S1", "S2"]
    assert len(section.rows) == 21
    assert section.foot == "Dispersion 0.06, mean correlation of all pairs -"


def test_what_there_is_none_of_is_said_in_a_word() -> None:
    assert universe_section(None).empty == "one symbol only"
    assert recent_section(()).rows == ()
    assert rank_words(None) == ""


def test_a_candle_is_led_by_day_and_time_and_a_day_by_its_date() -> None:
    bars = snapshot().bars
    hourly = candles_section(bars, Timeframe.H1)
    assert [row.split("|")[0] for row in hourly.rows] == ["05 09:00", "05 10:00", "05 11:00"]
    daily = [bar.model_copy(update={"open_time": AS_OF - timedelta(days=1)}) for bar in bars[:1]]
    assert candles_section(daily, Timeframe.D1).rows[0].startswith("03-04|64000.5|64100.25|")


def test_every_indicator_is_shown_once_and_what_is_shown_elsewhere_is_not() -> None:
    known = set(Features.model_fields) - {"timeframe", "known_at", "bars", "close"}
    assert set(INDICATORS) == known
    assert len(INDICATORS) == len(known)
