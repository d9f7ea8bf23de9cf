from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from domain.clock import to_ms
from domain.errors import ConfigError
from tests.places import place_in
from tests.traces.handmade import (
    AS_OF,
    RUN,
    ended,
    finding,
    message,
    opened,
    record_run,
    recorder,
    started,
)
from tests.traces.stored import former
from traces import events as ev
from traces.chosen import Chosen
from traces.database import Database
from traces.order_events import OrderChanged
from traces.prose import prose_of, words_of
from traces.prune import prune
from traces.question import read_question
from traces.recorder import Recorder
from traces.search import SHOWN_CHARACTERS, Found, search
from traces.tables import METADATA
from traces.words import rebuild

ROOT = Path(__file__).parents[2]
REASONS = {
    "rise": "Close stands above the rising average; momentum holds at 61.2.",
    "fall": "The average is falling. Momentum is gone, and RR_BELOW_MIN would follow.",
    "wait": "Nothing to do: the range has not broken.",
}


def record_decision(to: Recorder, run_id: str, reason: str, **end: Any) -> None:
    to.record(run_id, "observe", started(end.pop("symbol", "BTC/USD")))
    body = {"action": "no_trade", "reason": reason, "side": "long"}
    to.record(run_id, "plan", ev.AnswerParsed(answer="no_trade", body=body, complaint=None))
    to.record(run_id, "record", ended(end.pop("outcome", "no_trade"), **end))


@pytest.fixture
def three(tmp_path: Path, each_database: str) -> Path:
    """Three decisions of one session, recorded in this order."""
    assert each_database
    database = opened(tmp_path)
    for run_id, reason in REASONS.items():
        record_decision(recorder(database, session="one"), run_id, reason)
    database.close()
    return tmp_path


def found(folder: Path, words: str, chosen: Chosen | None = None, limit: int = 20) -> list[Found]:
    return search(place_in(folder), read_question(words), chosen or Chosen(), limit=limit)


def runs(folder: Path, words: str) -> list[str]:
    return [row.run_id for row in found(folder, words)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("average", ["fall", "rise"]),
        ("AVERAGE momentum", ["fall", "rise"]),
        ("average rising", ["rise"]),
        ("average -rising", ["fall"]),
        ("ris*", ["rise"]),
        ("mom* -ri*", ["fall"]),
        ('"the rising average"', ["rise"]),
        ('"average rising"', []),
        ('"average is fall*"', ["fall"]),
        ('average -"is falling"', ["rise"]),
        ('momentum "the average"', ["fall"]),
        ("rr_below_min", ["fall"]),
        ("average AND rising", []),
        ("range 7012", ["wait"]),
        ("rang", []),
        ("long", []),
    ],
)
def test_decisions_are_found_by_their_words(three: Path, words: str, expected: list[str]) -> None:
    assert runs(three, words) == expected


@pytest.mark.parametrize(
    "words",
    ['"average', "average *", "a:average ^( - -", "{average}", "'; average:*; -- \0", "(-average)"],
)
def test_nothing_that_is_typed_is_a_wrong_syntax(three: Path, words: str) -> None:
    assert runs(three, words) == ["fall", "rise"]


@pytest.mark.parametrize("words", ["", "-average", "7012.5 !", "a", "word " * 33, '"" *'])
def test_a_question_without_a_word_says_what_was_expected(words: str) -> None:
    with pytest.raises(ConfigError, match="cannot look for"):
        read_question(words)


def test_the_sentence_is_shown_with_the_words_in_it_marked(three: Path) -> None:
    (fall,) = found(three, "momentum gone")
    assert fall.sentence == "Momentum is gone, and RR_BELOW_MIN would follow."
    assert [fall.sentence[a:b] for a, b in fall.marks] == ["Momentum", "gone"]
    assert (fall.node, fall.session, fall.outcome) == ("plan", "one", "no_trade")
    (rise,) = found(three, '"average momentum"')
    assert rise.sentence == REASONS["rise"]


def test_a_long_sentence_is_cut_around_the_word(tmp_path: Path) -> None:
    reason = f"{'before ' * 99}needle{' after' * 99}"
    record_decision(recorder(opened(tmp_path)), "long", reason)
    (row,) = found(tmp_path, "needle")
    assert [row.sentence[a:b] for a, b in row.marks] == ["needle"]
    assert len(row.sentence) == SHOWN_CHARACTERS + 2
    assert row.sentence[0] == row.sentence[-1] == "…"


def test_filters_and_the_limit_hold(tmp_path: Path, each_database: str) -> None:
    assert each_database
    database = opened(tmp_path)
    for number in range(5):
        to = recorder(database, session=f"s{number % 2}")
        symbol = "ETH/USD" if number == 3 else "BTC/USD"
        record_decision(to, f"r{number}", "It broke out of the range.", symbol=symbol)
    assert [r.run_id for r in found(tmp_path, "range", limit=2)] == ["r4", "r3"]
    assert [r.run_id for r in found(tmp_path, "range", Chosen(session="s1"))] == ["r3", "r1"]
    assert [r.run_id for r in found(tmp_path, "range", Chosen(symbol="ETH/USD"))] == ["r3"]
    ended_by = Chosen(until_ms=to_ms(AS_OF - timedelta(1)))
    assert found(tmp_path, "range", ended_by) == []


def test_a_phrase_is_looked_for_until_enough_fit(tmp_path: Path) -> None:
    database = opened(tmp_path)
    to = recorder(database)
    record_decision(to, "old", "A stop was below the low.")
    for number in range(70):
        record_decision(to, f"r{number}", "The low was below a stop.")
    assert runs(tmp_path, '"stop was below"') == ["old"]


def test_what_everybody_said_in_a_decision_is_prose(tmp_path: Path, each_database: str) -> None:
    assert each_database
    to = recorder(opened(tmp_path))
    to.record("r", "observe", started())
    news = (
        '{"items":[{"title":"Miners capitulate again","outlet":"x","sentences":["Hash falls."]}]}'
    )
    common: dict[str, Any] = {
        "arguments": {}, "latency_ms": 1.0, "cached": False, "source": "x", "origin": "live",
        "known_at": AS_OF,
    }  # fmt: skip
    for name, content, refusal in (("news", news, None), ("ohlcv", news, "too many bars asked")):
        to.record(
            "r",
            "call_tools",
            ev.ToolAnswered(
                result_id=f"{name}#1", name=name, content=to.blob(content + " " * len(name)),
                refusal=refusal, **common,
            ),
        )  # fmt: skip
    to.record("r", "plan", ev.ModelFailed(error="Unreachable", message="timed out", latency_ms=1))
    said = to.blob(message("ai", "I would rather hesitate."))
    to.record("r", "revise", ev.Revised(revision=1, message=said, codes=[]))
    findings = [finding("SPREAD", "1", "2", "bps"), finding("STOP", "1", "2", "bps", passed=False)]
    to.record(
        "r",
        "review",
        ev.Reviewed(
            plan_id="p", version=1, approved=False, codes=["STOP"], findings=findings, bracket=None,
            stage="review",
        ),
    )  # fmt: skip
    to.record("r", "record", ended("denied", reason="given up"))
    for words in ("miners capitulate", "hash falls", "bars asked", "timed", "hesitate", "given"):
        assert runs(tmp_path, words) == ["r"], words
    (denied,) = found(tmp_path, "bps beyond")
    assert (denied.node, denied.sentence) == ("review", "STOP: STOP: 1 bps is beyond 2.")
    assert runs(tmp_path, "spread") == []


def test_what_is_said_after_the_end_is_found_with_what_was_said_before(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    record_decision(to, "r", REASONS["rise"])
    changed = OrderChanged(client_order_id="x", leg="stop", status="rejected", reason="too close")
    to.record("r", "broker", changed)
    assert runs(tmp_path, "close") == ["r"]
    to.flush()
    assert runs(tmp_path, "momentum too close") == ["r"]


def test_pruned_decisions_are_not_found_and_others_keep_their_place(
    three: Path, each_database: str
) -> None:
    database = opened(three)
    record_decision(recorder(database), "new", REASONS["rise"])
    later = to_ms(AS_OF) + 1
    assert prune(database, later, keep_plans=False).events_count == 12
    assert runs(three, "average") == []
    record_decision(recorder(database), "again", REASONS["wait"])
    assert runs(three, "average") == []
    assert runs(three, "range") == ["again"]
    assert each_database


def test_the_index_made_anew_finds_the_same(three: Path) -> None:
    database = opened(three)
    record_run(recorder(database))
    before = found(three, "denied rise"), found(three, "average")
    assert before[0][0].run_id == RUN
    told: list[tuple[int, int]] = []
    for _ in range(2):
        with database.begin() as connection:
            assert rebuild(connection, lambda *so_far: told.append(so_far)) == 4
        assert {r.run_id for r in found(three, "average")} == {r.run_id for r in before[1]}
        assert found(three, "denied rise") == before[0]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)] * 2


def test_an_upgrade_takes_in_what_0_1_recorded(tmp_path: Path) -> None:
    Database.open(former(1, place_of(tmp_path)), METADATA).close()
    assert [row.node for row in found(tmp_path, '"holding the open long"')] == ["plan", "plan"]


def test_an_event_that_was_spoilt_has_no_words(tmp_path: Path) -> None:
    database = opened(tmp_path)
    record_decision(recorder(database), "r", REASONS["rise"])
    with database.begin() as connection:
        spoil = "UPDATE trace_event SET body = '[1' WHERE kind = 'answer_parsed'"
        connection.execute(text(spoil))
    (row,) = found(tmp_path, "average")
    assert (row.run_id, row.sentence) == ("r", "")
    assert prose_of("reviewed", '{"findings": 3}', {}.get) == []


def test_no_secret_is_in_the_index(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path), known={"KEY": "correcthorsebattery"})
    record_decision(to, "r", "The key is correcthorsebattery, keep it.")
    assert runs(tmp_path, "key keep") == ["r"]
    assert runs(tmp_path, "correct*") == []


def test_words_are_letters_whatever_their_alphabet() -> None:
    assert words_of("Größe ДОМ EMA20 RR_BELOW 7012.5 a1b2c3 x") == (
        ["grösse", "дом", "ema", "rr", "below"]
    )
    assert words_of("A" * 41) == []


def test_without_a_database_nothing_is_found(tmp_path: Path) -> None:
    assert search(tmp_path / "none.db", read_question("average")) == []


def test_a_search_imports_nothing_heavy(tmp_path: Path) -> None:
    record_decision(recorder(opened(tmp_path)), "r", REASONS["rise"])
    code = (
        "import sys; from pathlib import Path; from traces.search import search\n"
        "from traces.question import read_question\n"
        "assert search(Path(sys.argv[1]), read_question('average'))\n"
        "print([m for m in ('sqlalchemy', 'pydantic', 'sqlmodel') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(place_of(tmp_path))],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def place_of(folder: Path) -> Path:
    return folder / "plangate.sqlite"
