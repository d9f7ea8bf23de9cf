"""Databases as former releases left them."""

from __future__ import annotations

import gzip
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
FORMER = {
    1: DATA / "plangate-0.1-schema-1.db.gz",
    2: DATA / "plangate-0.2-schema-2.db.gz",
}


def former(version: int, path: Path) -> Path:
    """A copy of the database that a release of this schema left, at `path`."""
    path.write_bytes(gzip.decompress(FORMER[version].read_bytes()))
    return path
