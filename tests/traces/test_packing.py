from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from domain.strict_json import content_hash
from tests.traces.handmade import opened, recorder
from tests.traces.stored import former
from tests.traces.test_recorder import revised
from tests.traces.test_verify import looked_at
from traces.database import Database
from traces.packing import DICTIONARIES, LEVEL, NEWEST, Packer, dictionary, unpack
from traces.stored_text import read_blob
from traces.tables import METADATA

TOOL_ANSWER = json.dumps(
    {
        "id": "indicators#2",
        "source": "box",
        "origin": "recorded",
        "known_at": "2019-05-12T14:00:00Z",
        "symbol": "BTC/USD",
        "timeframe": "1h",
        "ema20": 7012.31,
        "rsi14": 58.2,
        "atr14": 81.05,
    }
)
RELEASED = {1: "dd022a26db04"}
"""The beginning of each dictionary's BLAKE2b: databases out there count on its every byte."""


@given(st.text(max_size=600))
def test_every_text_comes_back(written: str) -> None:
    raw = written.encode("utf-8", "surrogatepass")
    encoding, data = Packer().pack(raw)
    assert unpack(encoding, len(raw), data) == raw
    assert len(data) <= len(raw)


def test_the_dictionary_makes_what_we_write_smaller() -> None:
    raw = TOOL_ANSWER.encode()
    alone = zstandard.ZstdCompressor(LEVEL).compress(raw)
    assert len(Packer().pack(raw)[1]) < 0.8 * len(alone)


def test_a_released_dictionary_never_changes() -> None:
    files = {int(path.stem): path.read_bytes() for path in DICTIONARIES.glob("*.zdict")}
    assert set(files) == set(RELEASED) == set(range(1, NEWEST + 1))
    for number, begins in RELEASED.items():
        assert content_hash(files[number].hex()).startswith(begins)


@pytest.mark.parametrize(
    ("encoding", "size", "told"),
    [
        (f"zstd:{NEWEST}", 999, "does not unpack to the 999 bytes"),
        ("zstd:77", None, "needs dictionary 77 of a newer plangate"),
        ("zstd:../../x", None, "is not known"),
        ("brotli", None, "'brotli' is not known"),
        ("zstd", None, "Dictionary"),
    ],
)
def test_what_cannot_be_unpacked_says_why(encoding: str, size: int | None, told: str) -> None:
    raw = TOOL_ANSWER.encode()
    _, data = Packer().pack(raw)
    with pytest.raises(zstandard.ZstdError, match=told):
        unpack(encoding, size or len(raw), data)


def test_a_few_bytes_that_claim_to_be_gigabytes_are_refused_unread() -> None:
    bomb = zstandard.ZstdCompressor(LEVEL, dict_data=dictionary(NEWEST)).compress(bytes(10**8))
    with pytest.raises(zstandard.ZstdError, match="does not unpack to the 40 bytes"):
        unpack(f"zstd:{NEWEST}", 40, bomb)


def test_texts_packed_without_a_dictionary_are_still_read(tmp_path: Path) -> None:
    database = Database.open(former(1, tmp_path / "old.db"), METADATA)
    with database.read() as connection:
        found = connection.execute(text("SELECT hash, encoding FROM trace_blob")).all()
        assert {row.encoding for row in found} == {"utf8", "zstd"}
        for row in found:
            assert content_hash(read_blob(connection, row.hash)) == row.hash


def test_a_text_whose_recorded_size_was_changed_is_told_of(tmp_path: Path) -> None:
    database = opened(tmp_path)
    to = recorder(database)
    name = to.blob(TOOL_ANSWER)
    to.record("run", "plan", revised(name))
    to.flush()
    with database.begin() as connection:
        connection.execute(text("UPDATE trace_blob SET size_bytes = size_bytes + 1"))
    assert any("cannot be unpacked" in each.sentence for each in looked_at(database).broken)
