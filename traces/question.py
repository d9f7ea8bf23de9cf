"""What is asked of the index of words, as somebody types it; there is no wrong syntax.

Every word must occur. A phrase stands in quotes, `-word` must not occur, `begin*` is how a word
begins. Numbers and signs are left out, as they are in the index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.errors import ConfigError
from traces.prose import words_of
from traces.word_sql import WordSql

MOST_WORDS = 32
_PART = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand, or must not, one after the other."""

    words: tuple[str, ...]
    unfinished: bool
    """The last is only how a word begins."""

    def fits(self, words: list[str], at: int) -> bool:
        """Whether it stands at this place."""
        found = words[at : at + len(self.words)]
        if len(found) < len(self.words) or tuple(found[:-1]) != self.words[:-1]:
            return False
        last = self.words[-1]
        return found[-1].startswith(last) if self.unfinished else found[-1] == last

    def stands_in(self, words: list[str]) -> bool:
        """Whether it stands anywhere among the words of a text, which are in order."""
        return any(self.fits(words, at) for at in range(len(words)))


@dataclass(frozen=True, slots=True)
class Question:
    """What must be said in a decision, and what must not."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...]

    @property
    def exact(self) -> bool:
        """The index alone can answer: it does not know which word follows on which."""
        return all(len(term.words) == 1 for term in (*self.wanted, *self.unwanted))

    def sql(self, words: WordSql) -> str:
        """As the index takes it; more may fit than do when it is not exact."""
        asked = words.both.join(
            words.beginning.format(word)
            if term.unfinished and word is term.words[-1]
            else words.word.format(word)
            for term in self.wanted
            for word in term.words
        )
        for term in self.unwanted:
            if len(term.words) == 1:
                part = words.beginning if term.unfinished else words.word
                asked += words.without + part.format(term.words[0])
        return asked


def said_in_run(question: Question, words: WordSql) -> tuple[str, str]:
    """The condition on a row of `trace_run` that all of it was said there, and its value.

    Raises:
        ConfigError: there is a phrase in it, which the index does not know.
    """
    if not question.exact:
        raise ConfigError(
            "--text takes words, each for itself; a phrase is found by: plangate traces search"
        )
    # Names are constants; the value is bound.
    held = (
        f"SELECT prose.session, prose.run_id FROM trace_words JOIN trace_prose AS prose "  # noqa: S608  # see above
        f"ON prose.id = {words.entry} WHERE {words.holds}"
    )
    return f"(session, run_id) IN ({held})", question.sql(words)


def read_question(text: str) -> Question:
    """A question from what was typed.

    Raises:
        ConfigError: nothing in it can be looked for.
    """
    wanted, unwanted = [], []
    for minus, phrase, plain in _PART.findall(text):
        typed = phrase or plain
        words = words_of(typed)
        unfinished = typed.endswith("*")
        if not words:
            continue
        if minus:
            unwanted.append(Term(tuple(words), unfinished))
        elif phrase:
            wanted.append(Term(tuple(words), unfinished))
        else:
            last = len(words) - 1
            wanted += [Term((w,), unfinished and n == last) for n, w in enumerate(words)]
    if not wanted or sum(len(term.words) for term in (*wanted, *unwanted)) > MOST_WORDS:
        raise ConfigError(
            f"cannot look for {text!r}: expected a word of two letters or more that occurs, and at "
            f"most {MOST_WORDS} words; numbers are not in the index"
        )
    return Question(tuple(wanted), tuple(unwanted))
