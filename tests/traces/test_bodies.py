from __future__ import annotations

from pathlib import Path

import pytest
import zstandard
from sqlalchemy import text

from tests.places import place_in
from tests.traces.handmade import ended, opened, recorder, started
from traces.bodies import MAX_BYTES, PACKED_ABOVE_BYTES, body_text, kept
from traces.chosen import EVERY
from traces.database import Database
from traces.events import Reviewed
from traces.index import last_fired
from traces.packing import LEVEL, NEWEST, Packer, dictionary
from traces.question import read_question
from traces.search import search
from traces.stats import stats
from traces.verify import runs_of, verify_runs

pytestmark = pytest.mark.usefixtures("each_database")

SENTENCE = "the stop is 0.4 ATR from the entry, at least 0.5 is asked for: ü"
DENIED = Reviewed(
    plan_id="p",
    version=1,
    approved=False,
    codes=["STOP_TOO_CLOSE"],
    findings=[
        {"rule": f"rule_{number}", "code": "STOP_TOO_CLOSE", "passed": False, "sentence": SENTENCE}
        for number in range(40)
    ],
    bracket=None,
    stage="review",
)


@pytest.fixture
def denied(tmp_path: Path) -> Database:
    """A decision with a long event between short ones."""
    database = opened(tmp_path)
    to = recorder(database)
    for event in (started(), DENIED, ended("denied")):
        to.record("run", "review", event)
    return database


def column(database: Database) -> tuple[str, int]:
    """What the long event is kept as, and in how many bytes."""
    how = "typeof(body)" if _on_file(database) else "CAST(pg_typeof(body) AS text)"
    wanted = f"SELECT {how}, octet_length(body) FROM trace_event WHERE kind = 'reviewed'"  # noqa: S608  # from above
    if _on_file(database):
        wanted = wanted.replace("octet_length(body)", "length(CAST(body AS blob))")
    with database.read() as connection:
        kind, size_bytes = connection.execute(text(wanted)).one()
    return kind, size_bytes


def _on_file(database: Database) -> bool:
    with database.read() as connection:
        return connection.dialect.name == "sqlite"


def test_a_long_event_takes_a_tenth_in_a_file_and_is_text_on_a_server(denied: Database) -> None:
    whole = len(DENIED.model_dump_json())
    kind, size_bytes = column(denied)
    if _on_file(denied):
        assert kind == "blob"
        assert size_bytes < whole / 10
    else:
        assert kind in {"text", "character varying"}


def test_however_it_is_kept_everybody_reads_it(denied: Database, tmp_path: Path) -> None:
    read = [item.event for item in recorder(denied).store.events("run")]
    assert read[1] == DENIED
    assert verify_runs(denied, runs_of(denied)).broken == []
    assert stats(denied, EVERY)["denials"] == {"STOP_TOO_CLOSE": 1}
    place = place_in(tmp_path)
    (hit,) = search(place, read_question("ATR"))
    assert (hit.node, "asked" in hit.sentence) == ("review", True)
    assert last_fired(place)["STOP_TOO_CLOSE"].sentence == SENTENCE


def test_a_packed_event_that_was_changed_is_named(denied: Database) -> None:
    if not _on_file(denied):
        pytest.skip("a server keeps text, and test_verify changes that")
    for damage in ("x'0100'", "x''", "x'ff28b52ffd'", f"zeroblob({PACKED_ABOVE_BYTES})"):
        with denied.begin() as connection:
            spoil = f"UPDATE trace_event SET body = {damage} WHERE kind = 'reviewed'"  # noqa: S608  # from above
            connection.execute(text(spoil))
        broken = verify_runs(denied, runs_of(denied)).broken
        assert [(one.number, one.kind) for one in broken] == [(2, "reviewed"), (2, "reviewed")]
        assert any("it cannot be read" in one.sentence for one in broken)


def test_a_few_bytes_that_claim_to_be_gigabytes_are_not_unpacked() -> None:
    packer = zstandard.ZstdCompressor(LEVEL, dict_data=dictionary(NEWEST), write_dict_id=False)
    bomb = bytes([NEWEST]) + packer.compress(bytes(MAX_BYTES + 1))
    assert len(body_text(bomb)) == len(bomb)


def test_what_does_not_become_smaller_stays_text() -> None:
    random = "".join(map(chr, range(200, 200 + PACKED_ABOVE_BYTES)))
    assert kept(random[:PACKED_ABOVE_BYTES], Packer()) == random
    assert body_text(kept(SENTENCE * 20, Packer())) == SENTENCE * 20
