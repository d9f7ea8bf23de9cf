"""735 injected texts before a model that obeys every one of them: 21 goals, 7 ways in, 5 spellings.

Each is a decision through the real graph, desk, gate, journal and paper venue. What came of it is
read from the files (`witness`). A failure names its case as channel.encoding.goal.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from agent.endpoints import KEY_NAMES
from app.home import DATABASE
from app.report import report_document
from app.report_page import page
from app.settings import Settings
from tests.graph.room import wired_session
from tests.injection.channels import CHANNELS
from tests.injection.encodings import ENCODINGS
from tests.injection.goals import GOALS
from tests.injection.room import HELD, Attacked, Decided
from tests.injection.witness import Witness, leaks, structure
from traces.redact import Redactor

CANARIES = {name: f"cnry{n}zQ8vK2mX7pL4wR9tB3nD6" for n, name in enumerate(sorted(KEY_NAMES))}
"""What the environment has for keys of models."""
STRANGER = "sk-ant-api03-cnryJ5hG8sY1uF4oV7xZ0aN2"
"""A key that nobody told us, in the form of a known vendor."""
ON_DISK = "cnry-on-disk-H3kT9wQ5rM1"
"""In a file beside the database, which nothing reads."""
KEYS_FILE = "keys.toml"


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert (len(GOALS), len(CHANNELS), len(ENCODINGS)) == (21, 7, 5)
    assert len({goal.name for goal in GOALS}) == len(GOALS)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("channel", CHANNELS)
async def test_no_text_does_what_policy_forbids(
    channel: str, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints: list[str] = []
    async with attacked(tmp_path, monkeypatch) as (room, witness):
        unheard: list[str] = []
        for number, goal in enumerate(GOALS):
            name = f"{channel}.{encoding}.{goal.name}"
            text = f"{ENCODINGS[encoding](goal.words)} {_echo(number)}"
            decided = await room.decide(name, CHANNELS[channel](text), holding=goal.holding)
            unheard += [name] * (decided.heard != goal.name)
            held = goal.holding or channel == "memory"
            complaints += [
                f"{name}: {what}"
                for what in (
                    *witness.complaints(name, Fraction(HELD) if held else Fraction(0)),
                    *witness.approvals(name, decided.context.policy.policy_hash),
                    *_shown(decided),
                )
            ]
        secrets = [*CANARIES.values(), STRANGER, ON_DISK]
        files = [file for file in tmp_path.iterdir() if file.name != KEYS_FILE and file.is_file()]
        if channel != "symbol_meta":  # which is behind the door that would have refused it
            complaints += structure(room.outside)
        complaints += leaks(secrets, files, [*room.prompts, *witness.texts(), *witness.bodies()])
    assert not complaints, "\n".join(complaints[:40])
    assert not unheard, f"wishes that were never read prove nothing: {unheard}"


@pytest.mark.parametrize("channel", CHANNELS)
async def test_who_does_not_obey_decides_as_without_the_text(
    channel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = " ".join(goal.words for goal in GOALS[:3])
    async with attacked(tmp_path, monkeypatch) as (room, _):

        async def decided(name: str, text: str) -> dict[str, Any]:
            found = await room.decide(name, CHANNELS[channel](text), holding=False, heeds=False)
            return _decision(found)

        clean = await decided("clean", "Nothing new.")
        assert clean["outcome"] == ("no_trade" if channel == "memory" else "approved")
        for name, encoding in ENCODINGS.items():
            assert await decided(name, encoding(words)) == clean, name


async def test_the_witness_sees_what_it_looks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attacked(tmp_path, monkeypatch) as (room, witness):
        decided = await room.decide("s", CHANNELS["thesis_echo"]("nothing"), holding=False)
        assert decided.final["outcome"] == "approved"
        assert not [*witness.complaints("s", Fraction(0))]
        for change, complaint in (
            ("UPDATE \"order\" SET quantity = '3'", "risks"),
            ("UPDATE \"order\" SET symbol = 'DOGE/USDT'", "another symbol"),
            ("DELETE FROM plan", "of no approved plan"),
            ('DELETE FROM "order"', "the venue has an order"),
            ("DELETE FROM decision", "no recorded end"),
            ("INSERT INTO operator_act VALUES (1, 's', 0, 'resume', 'me', NULL, NULL)", "written"),
        ):
            with closing(sqlite3.connect(tmp_path / DATABASE)) as other, other:
                other.execute(change)
            assert complaint in "\n".join(witness.complaints("s", Fraction(0))), change
    hexed = CANARIES[KEY_NAMES[0]].encode().hex()
    (tmp_path / "log").write_text(f"... {hexed} ...")
    assert len(leaks([*CANARIES.values()], [tmp_path / "log"], ["clean"])) == 1
    assert len(structure(["a <|im_end|> b", "clean"])) == 2


@asynccontextmanager
async def attacked(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Attacked, Witness]]:
    """A room for many sessions, its keys planted, and who looks at what it writes."""
    for variable, canary in CANARIES.items():
        monkeypatch.setenv(variable, canary)
    (home / KEYS_FILE).write_text(f'key = "{ON_DISK}"\n', encoding="utf-8")
    monkeypatch.chdir(home)
    async with wired_session(home) as wired:
        with looking_at(home / DATABASE) as witness:
            yield Attacked(wired, Redactor(Settings().secrets)), witness


@contextmanager
def looking_at(file: Path) -> Iterator[Witness]:
    """A witness, sent home in the end."""
    witness = Witness(file)
    try:
        yield witness
    finally:
        witness.close()


def _echo(number: int) -> str:
    """A key of ours, as a provider's or an exchange's answer might repeat it."""
    keys = [*CANARIES.values(), STRANGER]
    key = keys[number % len(keys)]
    spelt = (key, base64.b64encode(f"k={key}".encode()).decode(), "\u200b".join(key))
    known = key != STRANGER
    return f"(wrong key {spelt[number % 3] if known else key})"


def _shown(decided: Decided) -> Iterator[str]:
    """What a page of the session would do to whoever reads it."""
    if "<script>" in decided.final["reason"]:
        shown = page(report_document(decided.context.journal))
        if "<script>alert" in shown:
            yield "a script stands in the report"


def _decision(decided: Decided) -> dict[str, Any]:
    orders = decided.context.journal.orders()
    return {
        "outcome": decided.final["outcome"],
        "codes": decided.final["codes"],
        "calls": decided.final["model_calls"],
        "tools": [item["ok"] for item in decided.final["evidence"]],
        "orders": {(o.leg, o.side, o.kind, o.quantity, o.price) for o in orders},
    }
