"""Reading traces at 100,000 calls: the newest, one run, a word; against a table without indexes.

The peer holds what a plain trace table would: a row a call with its prompt (8 KB), time, symbol and
run. Ours holds as many decisions, events and entries of the index of words. What is timed is the
query on an open file, warm, and beside it the whole of our function, which opens the file anew each
time as a command does. Medians. Aims: the newest 50 and one run >= 2,000x (limit 500x), a word
>= 5,000x against LIKE (limit 100x). Run: python benchmarks/bench_traces_reading.py
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench_traces import recorder_in, text_of

from domain.strict_json import canonical
from traces import events as ev
from traces.bulk import add_rows
from traces.index import find_runs, list_runs
from traces.question import read_question
from traces.search import search
from traces.tables import METADATA

CALLS = 100_000
PROMPT_BYTES = 8_074
RARE_EVERY = 5_000
ROUNDS = 5
WORDS = ("close", "stands", "above", "rising", "average", "momentum", "holds", "range", "breaks")
START_MS = 1_700_000_000_000


def run_id(number: int) -> str:
    return f"20240101T{number:08}-btcusd-1f2e3d4c"


def prose(source: random.Random, number: int) -> str:
    rare = "capitulation" if number % RARE_EVERY == 0 else "nothing"
    return " ".join([*source.choices(WORDS, k=40), rare])


def theirs(path: Path, source: random.Random) -> None:
    pool = text_of(source, 1_000_000)
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE call (id INTEGER PRIMARY KEY, at INT, symbol, run, prompt)")
        for first in range(0, CALLS, 5_000):
            rows = []
            for number in range(first, first + 5_000):
                begin = source.randrange(len(pool) - PROMPT_BYTES)
                said = prose(source, number)
                prompt = pool[begin : begin + PROMPT_BYTES - len(said)] + said
                rows.append((number, START_MS + number, f"S{number % 20}", run_id(number), prompt))
            file.executemany("INSERT INTO call VALUES (?, ?, ?, ?, ?)", rows)
            file.commit()


def ours(folder: Path, source: random.Random) -> Path:
    """As many decisions, each with its row, an event and an entry of the index."""
    to = recorder_in(folder)
    database = to.store._database
    runs, events, entries, words = [], [], [], []
    for number in range(CALLS):
        said = prose(source, number)
        name, at = run_id(number), START_MS + number
        body = {"answer": "no_trade", "body": {"reason": said}, "complaint": None}
        runs.append(
            ("bench", name, f"S{number % 20}", at, "m", "no_trade", "", 1, 0, 9, 9, None, 9.0, at)
        )
        event = ev.AnswerParsed(**body).model_dump(mode="json")
        events.append(("bench", name, at, "plan", "answer_parsed", canonical(event), "0" * 32))
        entries.append((number + 1, "bench", name))
        words.append((number + 1, " ".join(sorted(set(said.split())))))
    columns = ("session", "run_id", "at_ms", "node", "kind", "body", "hash")
    with database.begin(durable=False) as connection:
        add_rows(connection, METADATA.tables["trace_run"], runs)
        add_rows(connection, METADATA.tables["trace_event"], events, columns)
        add_rows(connection, METADATA.tables["trace_prose"], entries)
        insert = "INSERT INTO trace_words (rowid, words) VALUES (?, ?)"
        connection.exec_driver_sql(insert, words)
    database.close()
    return folder / "plangate.sqlite"


def ms(ask: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        start = perf_counter()
        ask()
        taken.append(perf_counter() - start)
    return 1000 * median(taken)


class Case(NamedTuple):
    """One question, to the peer's table, to ours, and to the whole of our function."""

    name: str
    plain: str
    plain_value: str | int
    query: str
    value: str | int
    whole: Callable[[Path], object]


LATEST = "SELECT id, at, symbol, run FROM call ORDER BY at DESC LIMIT ?"
OF_RUN = "SELECT id, at, symbol, run FROM call WHERE run = ?"
LIKE = "SELECT id FROM call WHERE prompt LIKE ? ORDER BY id DESC LIMIT 20"
MATCH = "SELECT rowid FROM trace_words WHERE trace_words MATCH ? ORDER BY rowid DESC LIMIT 20"
NEWEST = "SELECT * FROM trace_run ORDER BY as_of_ms DESC, recorded_ms DESC LIMIT ?"
ROW = "SELECT * FROM trace_run WHERE run_id = ?"
ONE = run_id(CALLS // 2)
CASES = (
    Case("newest 50", LATEST, 50, NEWEST, 50, lambda place: list_runs(place, limit=50)),
    Case("one run", OF_RUN, ONE, ROW, ONE, lambda place: find_runs(place, ONE)),
    Case(
        "a rare word", LIKE, "%capitulation%", MATCH, "capitulation",
        lambda place: search(place, read_question("capitulation")),
    ),
    Case(
        "a word that is not there", LIKE, "%zebra%", MATCH, "zebra",
        lambda place: search(place, read_question("zebra")),
    ),
)  # fmt: skip


def fetched(file: sqlite3.Connection, query: str, value: str | int) -> object:
    return file.execute(query, (value,)).fetchall()


def tell(case: Case, peer: sqlite3.Connection, file: sqlite3.Connection, place: Path) -> None:
    taken: list[tuple[float, float, float]] = [
        (
            ms(partial(fetched, peer, case.plain, case.plain_value), 1),
            ms(partial(fetched, file, case.query, case.value), 50),
            ms(partial(case.whole, place), 10),
        )
        for _ in range(ROUNDS)
    ]
    slow, quick, whole = map(median, zip(*taken, strict=True))
    print(f"{case.name:<26} {slow:>9.1f} {quick:>9.4f} {slow / quick:>8.0f}x {whole:>10.2f}")


def main() -> None:
    source = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.sqlite"
        theirs(plain, source)
        place = ours(Path(folder), source)
        with closing(sqlite3.connect(plain)) as peer, closing(sqlite3.connect(place)) as file:
            print(f"{'':<26} {'plain ms':>9} {'query ms':>9} {'ratio':>9} {'command ms':>10}")
            for case in CASES:
                tell(case, peer, file, place)
            size = "SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'trace_words%'"
            print(
                f"index of words: {file.execute(size).fetchone()[0] / CALLS:.0f} bytes a decision"
            )


if __name__ == "__main__":
    main()
