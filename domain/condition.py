"""A small language in which a plan says when it is wrong, so that code can watch it.

::

    4h close below 41200            a closed candle of a timeframe, or one of its indicators
    1h rsi_14 above 70
    1h close below ema_50           against another indicator of the same unit and candle
    price above 43 000.5            the newest price
    funding above 0.05 %            a fraction of notional per interval, also in bps
    spread above 30 bps
    open interest below 12000

What a condition says is either so or not at any moment, from data that a snapshot holds; nothing in
it can act. Parsed strictly: what is not a sentence of the language is refused with the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from domain.candles import Timeframe
from domain.numbers import BPS, plain

Way = Literal["above", "below"]
Unit = Literal["quote", "difference", "points", "base", "fraction", "ratio"]
"""`quote` is a price, `difference` one of two prices, `points` run from 0 to 100."""

CANDLE_SUBJECTS: Mapping[str, Unit] = {
    "close": "quote",
    "ema_20": "quote",
    "ema_50": "quote",
    "rsi_7": "points",
    "rsi_14": "points",
    "macd": "difference",
    "macd_signal": "difference",
    "macd_histogram": "difference",
    "atr_14": "difference",
    "adx_14": "points",
    "bollinger_upper": "quote",
    "bollinger_middle": "quote",
    "bollinger_lower": "quote",
    "stochastic_k": "points",
    "stochastic_d": "points",
    "obv_change_20": "base",
    "vwap_24": "quote",
    "realised_volatility": "fraction",
    "volume_trend": "ratio",
}
"""What can be asked of a closed candle, as `Features` names it."""
MOMENT_SUBJECTS: Mapping[str, Unit] = {
    "price": "quote",
    "funding": "fraction",
    "spread": "fraction",
    "open interest": "base",
}
"""What can be asked of the moment."""
LONGEST = 80
"""Characters of a sentence."""

FORM = (
    "'[1m|5m|15m|30m|1h|4h|1d] close|INDICATOR above|below NUMBER|INDICATOR', or "
    "'price|funding|spread|open interest above|below NUMBER [%|bps]', such as '4h close below "
    "41200' or 'funding above 0.05 %'"
)

_SCALES = {"%": Decimal(100), "bps": BPS}
_SENTENCE = re.compile(
    r"(?:(?P<timeframe>[0-9]{1,2}[mhd]) )?"
    r"(?P<subject>[a-z][a-z0-9_]*(?: interest)?) "
    r"(?P<way>above|below) "
    r"(?:(?P<number>-?(?:[0-9]{1,3}(?: [0-9]{3})+|[0-9]{1,15})(?:\.[0-9]{1,12})?)"
    r"(?: ?(?P<scale>%|bps))?|(?P<other>[a-z][a-z0-9_]*))"
)


def _pattern() -> str:
    number, way = r"-?[0-9]{1,9}(\.[0-9]{1,8})?", "(above|below)"
    alike: dict[Unit, list[str]] = {}
    for name, unit in CANDLE_SUBJECTS.items():
        alike.setdefault(unit, []).append(name)
    candle = "|".join(
        f"({'|'.join(names)}) {way} ({number}|{'|'.join(names)})" for names in alike.values()
    )
    sentences = (
        f"({'|'.join(Timeframe)}) ({candle})",
        f"(price|open interest) {way} {number}",
        f"funding {way} {number} %",
        f"spread {way} {number} bps",
    )
    return f"^({'|'.join(sentences)})$"


PATTERN = _pattern()
"""Sentences of the language as a regular expression without look-around, for servers that constrain
what a model writes. Not all of them: it has no numbers with spaces or of many digits."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One sentence of the language, read."""

    subject: str
    """A key of `CANDLE_SUBJECTS` or `MOMENT_SUBJECTS`."""
    timeframe: Timeframe | None
    """Of the closed candle; None where the subject is of the moment."""
    way: Way
    level: Decimal | str
    """A number in the subject's unit, or another indicator of the same candle."""

    def __str__(self) -> str:
        """The sentence in its one canonical form."""
        candle = f"{self.timeframe} " if self.timeframe else ""
        return f"{candle}{self.subject} {self.way} {self._level}"

    @property
    def _level(self) -> str:
        if isinstance(self.level, str):
            return self.level
        if self.subject == "funding":
            return f"{plain(self.level * _SCALES['%'])} %"
        return f"{plain(self.level * BPS)} bps" if self.subject == "spread" else plain(self.level)

    def holds(self, measured: Decimal, level: Decimal) -> bool:
        """Whether it is so; on the level itself it is not."""
        return measured > level if self.way == "above" else measured < level


def read_condition(text: str) -> Condition:
    """Read one sentence.

    Raises:
        ValueError: it is none, with what was expected.
    """
    found = _SENTENCE.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise ValueError(f"{text[:LONGEST]!r} is no condition; expected {FORM}")
    subject, candle = found["subject"], found["timeframe"]
    subjects = CANDLE_SUBJECTS if candle else MOMENT_SUBJECTS
    if subject not in subjects:
        hint = "" if candle or subject not in CANDLE_SUBJECTS else "; name its candle, as 1h"
        known = ", ".join(subjects)
        raise ValueError(f"{text!r} asks about {subject!r}{hint}; expected one of {known}")
    timeframe = _timeframe(candle, text)
    level = _level(found, subjects[subject], text)
    return Condition(subject, timeframe, "above" if found["way"] == "above" else "below", level)


def _timeframe(word: str | None, text: str) -> Timeframe | None:
    if word is None:
        return None
    try:
        return Timeframe(word)
    except ValueError:
        known = ", ".join(Timeframe)
        raise ValueError(f"{text!r} names the candle {word!r}; expected one of {known}") from None


def _level(found: re.Match[str], unit: Unit, text: str) -> Decimal | str:
    if other := found["other"]:
        if found["timeframe"] is None or CANDLE_SUBJECTS.get(other) != unit:
            raise ValueError(
                f"{text!r} compares {found['subject']!r} with {other!r}; expected a number, or an "
                "indicator of the same unit and candle"
            )
        return other
    number, scale = Decimal(found["number"].replace(" ", "")), found["scale"]
    if scale is not None and found["subject"] not in {"funding", "spread"}:
        raise ValueError(f"{text!r}: {found['subject']!r} has no {scale}; expected a bare number")
    if scale is None and found["subject"] == "spread":
        raise ValueError(f"{text!r}: expected a spread in bps, such as 'spread above 30 bps'")
    return number if scale is None else number / _SCALES[scale]
