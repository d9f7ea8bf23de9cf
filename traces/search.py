"""Finds decisions by words in their prose; light, since a search must start at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from traces.bodies import body_text
from traces.chosen import EVERY, Chosen
from traces.index import query_place
from traces.place import Place
from traces.prose import WORD, Read, prose_of, words_of
from traces.question import Question, Term
from traces.word_sql import ON_FILE, ON_SERVER

SHOWN_CHARACTERS = 240
"""Of a sentence."""
_AT_ONCE = 64
"""So many decisions are read together where the index alone does not tell which fit."""
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n+")


class Found(NamedTuple):
    """A decision that fits, and the sentence of it that fits best."""

    run_id: str
    session: str
    symbol: str
    as_of_ms: int
    outcome: str
    node: str
    """Where it was said."""
    sentence: str
    marks: list[tuple[int, int]]
    """Begin and end of each word that was looked for, in characters of the sentence."""


class _Hit(NamedTuple):
    entry: int
    run_id: str
    session: str
    symbol: str
    as_of_ms: int
    outcome: str


class _Said(NamedTuple):
    node: str
    text: str
    words: list[str]


def search(
    place: Place,
    question: Question,
    chosen: Chosen = EVERY,
    *,
    limit: int = 20,
) -> list[Found]:
    """The newest decisions that fit, last recorded first; none when there is no database yet.

    Raises:
        StateError: the file is not a database of ours, or of an older plangate.
    """
    found: list[Found] = []
    below = 2**62
    at_once = limit if question.exact else max(limit, _AT_ONCE)
    while len(found) < limit:
        hits = _hits(place, question, chosen, below, at_once)
        said = _said(place, hits)
        for hit in hits:
            told = said.get((hit.session, hit.run_id), [])
            if question.exact or _fits(question, told):
                found.append(_shown(hit, question, told))
        if len(hits) < at_once:
            break
        below = hits[-1].entry
    return found[:limit]


def _hits(place: Place, question: Question, chosen: Chosen, below: int, limit: int) -> list[_Hit]:
    sql = ON_FILE if isinstance(place, Path) else ON_SERVER
    where, values = chosen.where()
    # Names are constants; every value is bound.
    query = (
        "SELECT entry, run_id, session, symbol, as_of_ms, outcome FROM trace_words "  # noqa: S608  # see above
        "JOIN (SELECT id AS entry, session AS of_session, run_id AS of_run FROM trace_prose) "
        f"AS prose ON entry = {sql.entry} "
        "JOIN trace_run ON session = of_session AND run_id = of_run "
        f"WHERE {sql.holds} AND {sql.entry} < ? AND {where} ORDER BY {sql.entry} DESC LIMIT ?"
    )
    return [
        _Hit(*row) for row in query_place(place, query, [question.sql(sql), below, *values, limit])
    ]


def _said(place: Place, hits: Sequence[_Hit]) -> dict[tuple[str, str], list[_Said]]:
    """The prose of each decision, in the order of recording."""
    if not hits:
        return {}
    runs = ", ".join(["(?, ?)"] * len(hits))
    found = query_place(
        place,
        f"WITH hit (of_session, of_run) AS (VALUES {runs}) "  # noqa: S608  # marks alone
        "SELECT session, run_id, node, kind, body FROM hit "
        "JOIN trace_event ON session = of_session AND run_id = of_run ORDER BY id",
        [value for hit in hits for value in (hit.session, hit.run_id)],
    )
    rows = [(*row[:4], body_text(row[4])) for row in found]
    read = _texts(place, rows)
    said: dict[tuple[str, str], list[_Said]] = {}
    for session, run_id, node, kind, body in rows:
        for text in prose_of(kind, body, read):
            said.setdefault((session, run_id), []).append(_Said(node, text, words_of(text)))
    return said


def _texts(place: Place, events: Sequence[tuple[str, ...]]) -> Read:
    """Every text that the prose of these events is read from, with one question."""
    named: dict[str, None] = {}
    for *_, kind, body in events:
        prose_of(kind, body, lambda name: named.setdefault(name))
    texts: dict[str, str] = {}
    if not named:
        return texts.get
    from zstandard import ZstdError

    from traces.packing import unpack

    marks = ", ".join("?" * len(named))
    rows = query_place(
        place,
        f"SELECT hash, encoding, size_bytes, data FROM trace_blob WHERE hash IN ({marks})",  # noqa: S608  # marks alone
        [*named],
    )
    for name, encoding, size, data in rows:
        with suppress(ZstdError):  # `verify` tells of it
            texts[name] = unpack(encoding, size, bytes(data)).decode("utf-8", "replace")
    return texts.get


def _fits(question: Question, told: Sequence[_Said]) -> bool:
    def stands(term: Term) -> bool:
        return any(term.stands_in(said.words) for said in told)

    return all(map(stands, question.wanted)) and not any(map(stands, question.unwanted))


def _shown(hit: _Hit, question: Question, told: Sequence[_Said]) -> Found:
    """The sentence with the most of what was looked for; the first of several."""
    best, node, marks = "", "", list[tuple[int, int]]()
    most = 0
    for said in told:
        if not any(term.stands_in(said.words) for term in question.wanted):
            continue
        marked = [(part, *_marked(part, question)) for part in _SENTENCE_END.split(said.text)]
        if not any(count for _, count, _ in marked):  # it goes on from one sentence to the next
            marked = [(said.text, *_marked(said.text, question))]
        for part, count, places in marked:
            if count > most:
                best, node, marks, most = part, said.node, places, count
    sentence, marks = _cut(best, marks)
    return Found(
        hit.run_id, hit.session, hit.symbol, hit.as_of_ms, hit.outcome, node, sentence, marks
    )


def _marked(sentence: str, question: Question) -> tuple[int, list[tuple[int, int]]]:
    """How many terms stand in it, and where."""
    placed = [
        (match.span(), word[0]) for match in WORD.finditer(sentence) if (word := words_of(match[0]))
    ]
    words = [word for _, word in placed]
    marks: set[tuple[int, int]] = set()
    count = 0
    for term in question.wanted:
        places = [at for at in range(len(words)) if term.fits(words, at)]
        count += bool(places)
        marks |= {placed[at + n][0] for at in places for n in range(len(term.words))}
    return count, sorted(marks)


def _cut(sentence: str, marks: list[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """A long sentence around the first word that was looked for."""
    first = marks[0][0] if marks else 0
    begin = max(0, min(first - SHOWN_CHARACTERS // 3, len(sentence) - SHOWN_CHARACTERS))
    end = begin + SHOWN_CHARACTERS
    head, tail = "…" if begin else "", "…" if end < len(sentence) else ""
    inside = [(a, b) for a, b in marks if begin <= a and b <= end]
    moved = [(a - begin + len(head), b - begin + len(head)) for a, b in inside]
    return f"{head}{sentence[begin:end]}{tail}", moved
