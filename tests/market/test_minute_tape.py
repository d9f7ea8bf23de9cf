"""Minutes out of trades: only what was seen whole, and nothing across an interruption."""

from __future__ import annotations

from market.sources.exchange_minutes import KEPT_COUNT, MinuteTape

MINUTE = 60_000
START = 28_000_000 * MINUTE


def tape(*seconds: float) -> MinuteTape:
    """Trades at these seconds after `START`, each dearer by 1 than the one before, of 2 each."""
    made = MinuteTape()
    for count, second in enumerate(seconds):
        made.add(START + int(second * 1000), 100.0 + count, 2.0)
    return made


def opens(made: MinuteTape, first: int, last: int) -> list[int] | None:
    """Which of the minutes between two are told, counted from `START`."""
    found = made.between(START + first * MINUTE, START + last * MINUTE)
    return None if found is None else [(o - START) // MINUTE for o in found.open_ms.tolist()]


def test_a_minute_counts_once_a_trade_before_and_one_after_it_were_seen() -> None:
    made = tape(-1, 0, 20, 40)
    assert opens(made, 0, 1) == []
    made.add(START + MINUTE, 90.0, 1.0)
    (found,) = [made.between(START, START + MINUTE)]
    assert found is not None
    columns = (found.open, found.high, found.low, found.close, found.volume)
    assert [column.tolist() for column in columns] == [[101.0], [103.0], [101.0], [103.0], [6.0]]
    assert opens(made, 0, 2) == [0]


def test_the_minute_in_which_it_begins_was_not_seen_whole() -> None:
    assert opens(tape(0, 30, 61, 121), 0, 2) is None
    assert opens(tape(0, 30, 61, 121), 1, 2) == [1]
    assert opens(MinuteTape(), 0, 1) is None


def test_an_interruption_spoils_its_minute_and_the_one_in_which_it_ends() -> None:
    made = tape(-1, 10, 70)
    made.interrupt()
    made.interrupt()
    assert opens(made, 0, 1) == [0]
    made.add(START + 130_000, 1.0, 1.0)
    made.add(START + 190_000, 1.0, 1.0)
    made.add(START + 250_000, 1.0, 1.0)
    assert opens(made, 0, 2) is None
    assert opens(made, 2, 3) is None
    assert opens(made, 3, 4) == [3]


def test_a_minute_without_a_trade_is_not_made_up() -> None:
    assert opens(tape(-1, 10, 130), 0, 1) == [0]
    assert opens(tape(-1, 10, 130), 0, 2) is None


def test_a_late_trade_is_counted_where_it_was_made() -> None:
    made = tape(-1, 10, 61)
    made.add(START + 59_999, 500.0, 1.0)
    found = made.between(START, START + MINUTE)
    assert found is not None
    assert (found.high.tolist(), found.volume.tolist()) == ([500.0], [3.0])


def test_a_range_that_begins_within_a_minute_asks_for_the_next_one() -> None:
    made = tape(-1, 10, 70, 130)
    found = made.between(START + 1, START + 2 * MINUTE)
    assert found is not None
    assert found.open_ms.tolist() == [START + MINUTE]
    assert opens(made, 1, 1) == []


def test_a_day_is_kept() -> None:
    made = tape(-1, *range(0, (KEPT_COUNT + 2) * 60, 60))
    assert opens(made, 0, 1) is None
    assert opens(made, 10, 12) == [10, 11]
