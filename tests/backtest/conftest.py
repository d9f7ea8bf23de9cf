from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import places
from tests.backtest.room import lived


@pytest.fixture(scope="package")
def session() -> Iterator[Path]:
    """A state folder with one session in it, which nobody changes."""
    home = places.scratch()
    lived(home)
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def home(session: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, as the state folder of this test."""
    monkeypatch.setenv("PLANGATE_HOME", str(session))
    return session
