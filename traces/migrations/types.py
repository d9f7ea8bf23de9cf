"""Column types for the scripts, as the database sees them: no type of ours, which may change."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer

BIG = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits everywhere; SQLite's own integer, which a key needs to count by itself."""
