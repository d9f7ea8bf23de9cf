from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import places


@pytest.fixture(params=places.KINDS)
def each_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs the test on a SQLite file and on a PostgreSQL server; says which."""
    places.use(request.param)
    yield request.param
    places.use("sqlite")
