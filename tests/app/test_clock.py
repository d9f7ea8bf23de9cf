from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.clock import SystemClock

T0 = datetime(2024, 3, 5, tzinfo=UTC)


class Machine:
    """A machine whose two clocks are moved by hand."""

    def __init__(self) -> None:
        self.wall = T0
        self.monotonic_s = 500.0
        self.clock = SystemClock(lambda: self.wall, lambda: self.monotonic_s)

    def run(self, seconds: float, *, wall: float | None = None) -> None:
        self.monotonic_s += seconds
        self.wall += timedelta(seconds=seconds if wall is None else wall)


def test_time_that_passes_alike_is_no_step() -> None:
    machine = Machine()
    for seconds in (0, 0.001, 5, 86_400):
        machine.run(seconds)
        assert machine.clock.now() == machine.wall
        assert machine.clock.jump_s() == 0


@pytest.mark.parametrize("step", [3.0, -3.0])
def test_a_clock_that_is_set_is_told_for_a_minute(step: float) -> None:
    machine = Machine()
    machine.run(10, wall=10 + step)
    assert machine.clock.jump_s() == pytest.approx(3)
    machine.run(59.9)
    assert machine.clock.jump_s() == pytest.approx(3)
    machine.run(0.2)
    assert machine.clock.jump_s() == 0


def test_a_step_is_noticed_by_whoever_asks_for_the_time() -> None:
    machine = Machine()
    machine.run(1, wall=6)
    machine.clock.now()
    machine.run(30)
    assert machine.clock.jump_s() == pytest.approx(5)


def test_of_several_steps_the_largest_of_the_last_minute_is_told() -> None:
    machine = Machine()
    for step in (4, -9, 2):
        machine.run(20, wall=20 + step)
        machine.clock.now()
    assert machine.clock.jump_s() == pytest.approx(9)
    machine.run(41)
    assert machine.clock.jump_s() == pytest.approx(2)


def test_a_tenth_of_a_second_is_no_step() -> None:
    machine = Machine()
    machine.run(1, wall=1.09)
    assert machine.clock.jump_s() == 0
    machine.run(1, wall=1.11)
    assert machine.clock.jump_s() == pytest.approx(0.11)


def test_a_machine_that_slept_has_jumped() -> None:
    machine = Machine()
    machine.run(0.5, wall=3_600)
    assert machine.clock.jump_s() == pytest.approx(3_599.5)


def test_the_machine_s_own_time_is_utc_and_runs() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert first <= second
    assert abs(datetime.now(UTC) - second) < timedelta(seconds=30)
    assert clock.jump_s() >= 0
