from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import places

# The same examples in every run, so that a change is judged by what it changed; others on request.
settings.register_profile("repeated", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile("random" if "RANDOM_EXAMPLES" in os.environ else "repeated")


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
