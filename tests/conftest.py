from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import market.store.tables  # noqa: F401  # a new database is made at once from all definitions
from tests import places

# The same examples in every run, so that a change is judged by what it changed; others on request.
# No test is timed: other work on the machine must not fail one.
settings.register_profile("repeated", derandomize=True, deadline=None)
settings.register_profile("random", derandomize=False, deadline=None)
settings.load_profile("random" if "RANDOM_EXAMPLES" in os.environ else "repeated")

# A shell's background jobs ignore it, and so would every command that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """What collecting makes lives to the end: the garbage collector need not go through it.

    It would, again and again, while half a million objects are made and in every test after.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture
def counted(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says what was executed, below the test results, whichever process ran the test."""
    return lambda words: record_property("counted", words)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, words in report.user_properties:
                    if name == "counted":
                        terminalreporter.write_line(f"counted: {words}")


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder in which a database is written at the speed of memory."""
    folder = places.scratch()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=places.KINDS)
def each_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs the test on a SQLite file and on a PostgreSQL server; says which."""
    places.use(request.param)
    yield request.param
    places.use("sqlite")
