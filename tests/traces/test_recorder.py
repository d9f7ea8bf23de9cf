from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.errors import StateError
from domain.strict_json import content_hash
from tests.places import place_in, run_until_killed
from tests.traces.handmade import AS_OF, RUN, ended, opened, record_run, recorder, started
from tests.traces.test_redact import VENDOR_KEYS, canaries, spellings
from traces import blobs
from traces import events as ev
from traces.database import Database
from traces.index import list_runs
from traces.packing import NEWEST
from traces.place import Server
from traces.step_events import StateEdited
from traces.tables import METADATA

pytestmark = pytest.mark.usefixtures("each_database")


def rows(database: Database, table: str) -> int:
    with database.read() as connection:
        query = f"SELECT count(*) FROM {table}"  # noqa: S608  # a name from this file
        return int(connection.execute(text(query)).scalar_one())


def disk(folder: Path) -> bytes:
    """Everything kept: files, and the rows of a server."""
    found = [path.read_bytes() for path in sorted(folder.iterdir())]
    if isinstance(place_in(folder), Server):
        with opened(folder).read() as connection:
            for table in METADATA.sorted_tables:
                if table.name.startswith("trace_"):
                    found += [
                        str(tuple(row)).encode() for row in connection.execute(table.select())
                    ]
        assert found
    return b"".join(found)


def revised(message: str) -> ev.Revised:
    return ev.Revised(revision=1, message=message, codes=[])


def test_no_secret_in_any_spelling_reaches_the_disk(tmp_path: Path) -> None:
    secrets = canaries(40)
    known = {f"KEY_{n}": secret for n, secret in enumerate(secrets)}
    database = opened(tmp_path)
    to = recorder(database, known=known)
    for secret in secrets:
        for form in spellings(secret).values():
            to.record(RUN, "plan", revised(to.blob(f"the key is {form}, keep it")))
            to.record(RUN, "plan", ev.ModelFailed(error=form, message=form, latency_ms=1))
            to.record(RUN, "plan", StateEdited(field=form, before=form, after="x"))
            body = {form: {"list": [form]}}
            to.record(RUN, "plan", ev.AnswerParsed(answer="plan", body=body, complaint=form))
    to.record(RUN, "record", ended("failed", reason=secrets[0], codes=[secrets[1]]))
    everything = to.store.events(RUN)
    texts = [to.read_blob(r.event.message) for r in everything if isinstance(r.event, ev.Revised)]
    raw = disk(tmp_path) + "\n".join(texts).encode()
    database.close()
    raw += disk(tmp_path)
    assert len(everything) == 40 * len(spellings("x")) * 4 + 1
    for secret in secrets:
        for name, form in spellings(secret).items():
            assert form.encode() not in raw, name


def test_unknown_secrets_are_caught_by_name_or_shape(tmp_path: Path) -> None:
    database = opened(tmp_path)
    to = recorder(database)
    arguments = {"api_key": "pa55-w0rd!", "note": list(VENDOR_KEYS.values())}
    to.record(RUN, "plan", ev.AnswerParsed(answer="plan", body=arguments, complaint=None))
    to.record(RUN, "plan", revised(to.blob(json.dumps(arguments))))
    to.flush()
    database.close()
    raw = disk(tmp_path)
    assert b"pa55" not in raw
    for secret in VENDOR_KEYS.values():
        assert secret[8:].encode() not in raw


def test_what_holds_no_secret_comes_back_as_it_was(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path), known={"KEY": "sk-proj-abcdefgh12345678"})
    record_run(to)
    plain = recorder(opened(tmp_path / "other"))
    record_run(plain)
    assert to.store.events(RUN) == plain.store.events(RUN)
    assert "redacted" not in str(to.store.events(RUN))


def test_a_text_is_named_by_the_hash_of_what_is_stored(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path), known={"KEY": "hunter2-hunter2"})
    name = to.blob("my key is hunter2-hunter2.")
    assert name == content_hash(to.read_blob(name))
    to.flush()
    assert "hunter2" not in to.read_blob(name)


def test_a_picture_is_kept_whatever_chance_spells_in_it(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path), known={"KEY": "hunter2hunter2"})
    spelt = f"iVBOR{'A' * 40}hunter2hunter2sk-{'B' * 40}AIza{'C' * 35}"
    kept = to.picture(spelt)
    to.flush()
    assert to.read_blob(kept) == spelt
    assert to.picture(spelt) == kept


def test_texts_can_be_read_before_and_after_they_are_written(tmp_path: Path) -> None:
    database = opened(tmp_path)
    to = recorder(database)
    texts = ["", "short", "long " * 1000, "ünïcödé 💹", "half a pair \ud800", "nul \x00 in it"]
    names = [to.blob(item) for item in texts]
    assert [to.read_blob(name) for name in names] == texts
    assert rows(database, "trace_blob") == 0
    to.flush()
    assert rows(database, "trace_blob") == len(texts)
    assert [to.read_blob(name) for name in names] == texts
    assert [recorder(database).read_blob(name) for name in names] == texts


def test_an_empty_text_waits_as_long_as_any_other(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    name = to.blob("")
    for n in range(blobs.REMEMBERED_TEXTS + 1):
        to.blob(f"text {n}")
    assert to.read_blob(name) == ""


def test_a_text_that_was_never_kept_is_a_state_error(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="no text is stored"):
        recorder(opened(tmp_path)).read_blob("0" * 32)


def test_a_repeated_text_is_stored_once_for_all_runs_and_sessions(tmp_path: Path) -> None:
    database = opened(tmp_path)
    for session in ("one", "two"):
        to = recorder(database, session=session)
        for run in range(3):
            to.record(f"run-{run}", "plan", revised(to.blob("the system prompt " * 200)))
            to.flush()
    assert rows(database, "trace_blob") == 1
    assert rows(database, "trace_event") == 6


def test_long_texts_take_less_room_than_they_are_long(tmp_path: Path) -> None:
    database = opened(tmp_path)
    to = recorder(database)
    to.blob('{"open": 7012.5, "close": 7013.5}, ' * 300)
    to.blob("short")
    to.flush()
    with database.read() as connection:
        found = connection.execute(
            text("SELECT encoding, size_bytes, length(data) FROM trace_blob ORDER BY size_bytes")
        ).all()
    assert tuple(found[0]) == ("utf8", 5, 5)
    assert found[1].encoding == f"zstd:{NEWEST}"
    assert found[1][2] < found[1].size_bytes / 5


def test_memory_for_hashes_is_bounded_and_forgetting_one_loses_nothing(tmp_path: Path) -> None:
    database = opened(tmp_path)
    to = recorder(database)
    count = blobs.REMEMBERED_HASHES + 10
    names = [to.blob(f"text {n}") for n in range(count)]
    to.flush()
    assert to.blob("text 0") == names[0]
    assert to.store.blobs.waiting
    to.flush()
    assert rows(database, "trace_blob") == count
    assert to.read_blob(names[0]) == "text 0"
    to.blob(f"text {count - 1}")
    assert not to.store.blobs.waiting


def test_events_come_back_in_order_with_time_and_node(tmp_path: Path) -> None:
    database = opened(tmp_path)
    to = recorder(database)
    record_run(to)
    record_run(to, "other-run")
    found = recorder(database).store.events(RUN)
    assert [item.event.kind for item in found][:6] == [
        "run_started",
        "snapshot_taken",
        "prompt_written",
        "chart_drawn",
        "attended",
        "prompt_sent",
    ]
    assert found[0] == (AS_OF, "observe", started())
    assert found[-1].node == "record"
    assert len(found) == len(to.store.events("other-run"))


def test_sessions_with_the_same_run_do_not_mix(tmp_path: Path) -> None:
    database = opened(tmp_path)
    for session, symbol in (("one", "BTC/USD"), ("two", "ETH/USD")):
        to = recorder(database, session=session)
        to.record(RUN, "observe", started(symbol))
        to.record(RUN, "record", ended())
        assert [getattr(r.event, "symbol", None) for r in to.store.events(RUN)] == [symbol, None]
    assert rows(database, "trace_run") == 2


def test_the_end_of_a_run_is_written_at_once_and_lists_it(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    to.record(RUN, "observe", started())
    assert to.store.events(RUN) == []
    to.record(RUN, "record", ended("denied", codes=["A_CODE", "B_CODE"], cost_usd="0.01"))
    assert len(to.store.events(RUN)) == 2
    (row,) = list_runs(place_in(tmp_path))
    assert (row.run_id, row.symbol, row.outcome) == (RUN, "BTC/USD", "denied")
    assert (row.codes, row.cost_usd) == ("A_CODE B_CODE", "0.01")


def test_a_run_that_ends_again_after_a_crash_is_listed_once(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    to.record(RUN, "observe", started())
    to.record(RUN, "record", ended("failed"))
    to.record(RUN, "observe", started())
    to.record(RUN, "record", ended("denied"))
    assert [row.outcome for row in list_runs(place_in(tmp_path))] == ["denied"]


def test_half_a_surrogate_pair_from_a_model_does_not_stop_the_recording(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    to.record(RUN, "plan", ev.ModelFailed(error="X", message="a\ud800b 💹", latency_ms=1))
    to.flush()
    (item,) = to.store.events(RUN)
    assert isinstance(item.event, ev.ModelFailed)
    assert item.event.message == "a\ufffdb 💹"


def test_a_flush_that_fails_loses_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    database = opened(tmp_path, busy_timeout_ms=20)
    to = recorder(database)
    to.record(RUN, "plan", revised(to.blob("first")))
    other = opened(tmp_path)
    with other.begin(), pytest.raises(StateError, match="locked"):
        to.flush()
    assert (rows(database, "trace_event"), rows(database, "trace_blob")) == (0, 0)
    to.record(RUN, "plan", revised(to.blob("second")))
    to.flush()
    assert (rows(database, "trace_event"), rows(database, "trace_blob")) == (2, 2)


def test_flushing_nothing_takes_no_transaction(tmp_path: Path) -> None:
    database = opened(tmp_path)
    with database.begin():
        recorder(database).flush()


def test_readers_run_beside_the_recorder_and_see_whole_flushes(tmp_path: Path) -> None:
    database = opened(tmp_path)
    to = recorder(database)

    def seen() -> int:
        found = recorder(database).store.events(RUN)
        names = [r.event.message for r in found if isinstance(r.event, ev.Revised)]
        assert all(recorder(database).read_blob(name) for name in names)
        return len(found)

    with ThreadPoolExecutor(4) as pool:
        counts = []
        for n in range(40):
            counts.append(pool.submit(seen))
            to.record(RUN, "plan", revised(to.blob(f"a{n}")))
            to.record(RUN, "plan", revised(to.blob(f"b{n}")))
            to.flush()
    assert all(count.result() % 2 == 0 for count in counts)
    assert seen() == 80


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.traces.handmade import RUN, opened, recorder, started
from tests.traces.test_recorder import revised
to = recorder(opened(Path(sys.argv[1])))
to.record(RUN, "observe", started())
to.flush()
to.record(RUN, "plan", revised(to.blob("never written")))
with to.store._database.begin(durable=False) as connection:
    to.store.blobs.write(connection)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_in_the_middle_of_a_flush_leaves_the_flushes_before_it(tmp_path: Path) -> None:
    run_until_killed(KILLED, tmp_path)
    database = opened(tmp_path)
    assert [item.event.kind for item in recorder(database).store.events(RUN)] == ["run_started"]
    assert rows(database, "trace_blob") == 0
