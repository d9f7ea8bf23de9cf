"""The words for faults on a command line or in a file: `lost-reply=0.1,late=0.2,seed=7`, `rough`.

One table says what may be named and within which range; help, messages and reading come from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from broker.fault_rates import Faults
from domain.errors import ConfigError

SHOWN_LATE_ANSWERS_COUNT = 1000
"""A hidden order is hidden for its seconds, however often it is asked for."""
MAX_SPEC_CHARACTERS = 1000


class Word(NamedTuple):
    """One thing that can be named."""

    name: str
    field: str
    """Of `Faults`; empty for what is none of its."""
    says: str
    least: int = 0
    most: int = 1
    whole: bool = False
    default: float = 0

    @property
    def range(self) -> str:
        """What it may be."""
        return f"{self.least} to {self.most}" + (", whole" if self.whole else "")


WORDS: tuple[Word, ...] = (
    Word("lost-request", "lost_request_fraction", "share of calls that never reach the venue"),
    Word("lost-reply", "lost_reply_fraction", "share of calls that it does and does not answer"),
    Word("outage", "outage_fraction", "share of calls from which on it is out of reach"),
    Word("outage-calls", "outage_calls_count", "calls that an outage lasts", 1, 1000, True, 5),
    Word("late", "late_news_fraction", "share of news told only when a later moment is asked for"),
    Word("duplicate", "repeated_news_fraction", "share of news told twice"),
    Word("out-of-order", "disordered_news_fraction", "share of news told after what came later"),
    Word("reject", "rejected_entry_fraction", "share of entries refused"),
    Word("reject-exit", "rejected_exit_fraction", "share of stops, targets and closes refused"),
    Word("refuse-amend", "refused_amend_fraction", "share of amendments refused"),
    Word("race-cancel", "raced_cancel_fraction", "share of cancels that come too late"),
    Word("partial-cancel", "cut_short_fraction", "share of partial fills whose rest is taken back"),
    Word("hidden", "hidden_fraction", "share of new orders that find and lists show late"),
    Word("hidden-seconds", "settles_within", "how late", 1, 3600, True, 30),
    Word("seed", "", "other faults at the same shares", 0, 2**32 - 1, True, 7),
)
PRESETS: dict[str, str] = {
    "rough": "lost-request=0.04,lost-reply=0.06,outage=0.01,late=0.1,duplicate=0.15,"
    "out-of-order=0.1,reject=0.05,reject-exit=0.03,refuse-amend=0.1,race-cancel=0.2,"
    "partial-cancel=0.3,hidden=0.2",
    "deaf": "lost-request=0.1,lost-reply=0.15,outage=0.02,outage-calls=20,hidden=0.3",
    "jumbled": "late=0.3,duplicate=0.3,out-of-order=0.3",
}
_BY_NAME = {word.name: word for word in WORDS}


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """What a session is made to bear."""

    text: str
    """The same for the same faults, however they were named."""
    faults: Faults
    seed: int


def read_faults(text: str, where: str = "--faults") -> FaultSpec:
    """Names, presets and numbers, separated by commas; what comes later counts.

    Raises:
        ConfigError: naming what is wrong, and every allowed name with its range.
    """
    if len(text) > MAX_SPEC_CHARACTERS:
        raise _refused(where, f"it has {len(text)} characters, {MAX_SPEC_CHARACTERS} at most")
    items: list[tuple[str, str]] = []
    for part in (part.strip() for part in text.split(",")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        items.append((name, value) if equals else ("preset", name))
    return _spec(items, where)


def faults_of(table: dict[str, Any], where: str) -> FaultSpec:
    """The same from a file's table: `preset` and the names.

    Raises:
        ConfigError: as above.
    """
    rows = [("preset", table["preset"])] if "preset" in table else []
    rows += [(name, value) for name, value in table.items() if name != "preset"]
    for name, value in rows:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise _refused(where, f"{name} is {value!r}, a number was expected")
    return _spec([(name, str(value)) for name, value in rows], where)


def _spec(items: Iterable[tuple[str, str]], where: str) -> FaultSpec:
    values: dict[str, float] = {}
    for name, value in items:
        if name == "preset":
            pairs = (part.partition("=") for part in _preset(value, where).split(","))
            values |= {word: float(number) for word, _, number in pairs}
        else:
            values[name] = _value(name, value, where)
    told = {word.name: values.get(word.name, word.default) for word in WORDS}
    if not any(told[word.name] for word in WORDS if word.field.endswith("_fraction")):
        raise _refused(where, "it names no fault that ever happens")
    text = ",".join(
        f"{word.name}={int(told[word.name]) if word.whole else told[word.name]}"
        for word in WORDS
        if word.name == "seed" or told[word.name] != word.default
    )
    return FaultSpec(text, _faults(told), int(told["seed"]))


def _faults(told: dict[str, float]) -> Faults:
    fields: dict[str, Any] = {w.field: told[w.name] for w in WORDS if w.field}
    fields["outage_calls_count"] = int(told["outage-calls"])
    hides = told["hidden"] > 0
    fields["settles_within"] = timedelta(seconds=told["hidden-seconds"] if hides else 0)
    fields["hidden_answers_count"] = SHOWN_LATE_ANSWERS_COUNT if hides else 0
    return Faults(**fields)


def _preset(name: str, where: str) -> str:
    if name not in PRESETS:
        said = f"{name!r} is no preset" if name not in _BY_NAME else f"{name!r} needs a number"
        raise _refused(where, said)
    return PRESETS[name]


def _value(name: str, text: str, where: str) -> float:
    word = _BY_NAME.get(name)
    if word is None:
        raise _refused(where, f"{name!r} is no fault")
    try:
        value = float(text) if text.isascii() else float("nan")
    except ValueError:
        value = float("nan")
    if not word.least <= value <= word.most or (word.whole and value != int(value)):
        raise _refused(where, f"{name} is {text!r}, was expected within {word.range}")
    return value


def _refused(where: str, why: str) -> ConfigError:
    names = ", ".join(f"{word.name} ({word.range})" for word in WORDS)
    return ConfigError(
        f"{where}: {why}. Presets: {', '.join(PRESETS)}. Names, as in late=0.2: {names}"
    )
