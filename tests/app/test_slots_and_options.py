from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.options import SessionOptions, read_options, stored_options
from app.slots import next_live_slot, replay_slots, replay_window
from domain.candles import Timeframe
from domain.errors import ConfigError
from graph.attention import Attention
from market.protocol import SourceInfo

START = datetime(2024, 1, 1, tzinfo=UTC)
END = datetime(2024, 3, 1, tzinfo=UTC)
INFO = SourceInfo("files:x", "recorded", "", frozenset(), Timeframe.M5, START, END)
LIVE = SourceInfo("ccxt:x", "live", "", frozenset(), Timeframe.M1, None, None)


def test_a_replay_begins_warm_and_ends_where_the_last_candle_opens() -> None:
    first, end = replay_window(INFO, Timeframe.H1, None, None)
    assert first == START + timedelta(hours=301)
    assert end == END


def test_a_window_outside_the_data_is_refused_with_the_data_s_own() -> None:
    with pytest.raises(ConfigError, match="2024-01-01 00:00 to 2024-03-01 00:05"):
        replay_window(INFO, Timeframe.H1, START - timedelta(days=1), None)
    with pytest.raises(ConfigError, match="2024-03-02"):
        replay_window(INFO, Timeframe.H1, None, END + timedelta(days=1))
    with pytest.raises(ConfigError, match="before --to"):
        replay_window(INFO, Timeframe.H1, END, START)
    with pytest.raises(ConfigError, match="both --from and --to"):
        replay_window(LIVE, Timeframe.H1, START, None)
    assert replay_window(LIVE, Timeframe.H1, START, END) == (START, END)


def test_slots_are_candle_closes_in_steps_of_every() -> None:
    first = START + timedelta(minutes=20)
    slots = list(replay_slots(Timeframe.H1, 4, first, START + timedelta(hours=12)))
    assert [slot.hour for slot in slots] == [1, 5, 9]
    assert list(replay_slots(Timeframe.H1, 1, START, START)) == []


def test_live_slots_do_not_depend_on_when_the_session_began() -> None:
    early = next_live_slot(Timeframe.M15, 4, START + timedelta(minutes=7))
    late = next_live_slot(Timeframe.M15, 4, START + timedelta(minutes=52))
    assert early == late == START + timedelta(hours=1)
    assert next_live_slot(Timeframe.H1, 1, early) == early + timedelta(hours=1)


def options(**changes: Any) -> SessionOptions:
    words: dict[str, Any] = {
        "symbols": None, "market": "box", "model": "rules", "base_url": None, "timeframe": "1h",
        "every": 1, "start": None, "end": None, "capital": ["10000"], "policy": None,
        "session": None, "decisions": None, "market_url": None, "seed": 7,
    }  # fmt: skip
    return read_options(**{**words, **changes})


def test_options_are_read_into_values() -> None:
    read = options(start="2024-01-01", capital=["2500.50"], timeframe="4h")
    assert (read.start, read.capital, read.timeframe) == (
        START,
        {"": Decimal("2500.50")},
        Timeframe.H4,
    )
    assert read.config("hash", ("A/B",), {"B": Decimal(1)})["from"] == "2024-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "changes",
    [
        {"timeframe": "2h"},
        {"capital": ["0"]},
        {"capital": ["1e13"]},
        {"capital": ["Infinity"]},
        {"start": "2024-13-01"},
        {"session": ""},
        {"session": "a/b"},
        {"session": "x" * 65},
    ],
)
def test_what_cannot_be_read_names_the_value(changes: dict[str, Any]) -> None:
    with pytest.raises(
        ConfigError, match=f"--{'from' if 'start' in changes else next(iter(changes))}"
    ):
        options(**changes)


def test_the_options_of_a_stored_session_say_the_same_again() -> None:
    options = SessionOptions(
        symbols=("BTC/USDT",),
        market="synthetic",
        every=3,
        start=datetime(2024, 2, 1, tzinfo=UTC),
        end=datetime(2024, 2, 2, tzinfo=UTC),
        seed=11,
        attention=Attention(heartbeat_count=5, move_atr_ratio=2.5),
        tools_hash="a",
        feeds_hash="b",
    )
    purses = {"USDT": Decimal(500)}
    config = options.config("hash", options.symbols, purses)
    again = stored_options("s", config, None, None)
    assert again.config("hash", again.symbols, again.capital) == config
    assert again.session == "s"


def test_second_opinions_leave_the_decision_the_calls_it_had() -> None:
    asked = options(consensus="conservative,contrarian", stability=3)
    assert asked.caps.max_model_calls_count == options().caps.max_model_calls_count + 5
    config = asked.config("hash", asked.symbols, {"USDT": Decimal(500)})
    assert stored_options("s", config, None, None).caps == asked.caps
