"""What the index of words takes in SQL; each kind of database has its own.

Here and not with the rest of what one database alone knows, since a search must start at once.
"""

from __future__ import annotations

from typing import NamedTuple


class WordSql(NamedTuple):
    """Statements about the table `trace_words`."""

    make: tuple[str, ...]
    """The table, empty."""
    add: str
    """An entry `:id` of `:words`, separated by spaces."""
    holds: str
    """The condition that an entry fits a question, `?`."""
    entry: str
    """An entry's number."""
    both: str
    without: str
    """Between the parts of a question: this and that, this and not that."""
    word: str
    beginning: str
    """A part of a question: a word, how a word begins; `{}` stands for its letters."""


ON_FILE = WordSql(
    make=(
        "CREATE VIRTUAL TABLE trace_words USING fts5"
        "(words, content='', columnsize=0, detail='none', tokenize='ascii')",
    ),
    add="INSERT INTO trace_words (rowid, words) VALUES (:id, :words)",
    holds="trace_words MATCH ?",
    entry="trace_words.rowid",
    both=" AND ",
    without=" NOT ",
    word='"{}"',
    beginning='"{}"*',
)
"""Only which entry has which word, which is a tenth of what texts and places would take. Letters
are told from the rest by `traces.prose`: the tokenizer named here parts at blanks alone."""

ON_SERVER = WordSql(
    make=(
        "CREATE TABLE trace_words (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
        "CREATE INDEX ix_trace_words ON trace_words USING gin (words)",
    ),
    add="INSERT INTO trace_words (id, words) "
    "VALUES (:id, array_to_tsvector(array_remove(string_to_array(:words, ' '), '')))",
    holds="trace_words.words @@ CAST(? AS tsquery)",
    entry="trace_words.id",
    both=" & ",
    without=" & !",
    word="'{}'",
    beginning="'{}':*",
)
"""No dictionary of the server's: words are what `traces.prose` says."""
