"""Which decisions the options of `traces list`, `stats` and their like choose; light."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from app.moments import read_span
from domain.clock import from_ms, iso, to_ms
from domain.errors import ConfigError
from traces.chosen import Chosen
from traces.index import extent
from traces.place import Place

_MOST_DIGITS = 30
"""Of dollars before and after the point; it is written out."""


def read_choice(
    *,
    session: str | None,
    symbol: str | None,
    outcome: str | None,
    code: str | None,
    model: str | None,
    since: str | None,
    until: str | None,
    min_cost: str | None = None,
    max_cost: str | None = None,
    text: str | None = None,
) -> Chosen:
    """The options' words as filters.

    Raises:
        ConfigError: naming the option, its value and what was expected.
    """
    first, end = read_span(since, until)
    return Chosen(
        session=session,
        symbol=symbol,
        outcome=outcome,
        code=code,
        model=model,
        since_ms=_ms(first),
        until_ms=_ms(end),
        min_cost_usd=_usd("--min-cost", min_cost),
        max_cost_usd=_usd("--max-cost", max_cost),
        said=None if text is None else _said(text),
    )


def nothing_words(place: Place) -> str:
    """What a person is told where no decision fits: what there is to choose from."""
    there = extent(place)
    if there is None:
        return "no decisions recorded yet; start with: plangate run"
    first, last = (iso(from_ms(ms)) for ms in (there.first_ms, there.last_ms))
    listed = (f"{name}s {_some(values)}" for name, values in there.names.items())
    return f"no decision fits; there are {there.runs_count}, as of {first} to {last}: " + "; ".join(
        listed
    )


def _some(values: list[str], most: int = 8) -> str:
    return ", ".join(values[:most]) + (", ..." if len(values) > most else "")


def _said(text: str) -> tuple[str, str]:
    from app.trace_search import indexed_place
    from traces.question import read_question, said_in_run
    from traces.word_sql import ON_FILE, ON_SERVER

    words = ON_FILE if isinstance(indexed_place(), Path) else ON_SERVER
    return said_in_run(read_question(text), words)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _usd(name: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        usd = Decimal(text)
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite() or usd < 0 or abs(usd.adjusted()) > _MOST_DIGITS or "_" in text:
        raise ConfigError(f"{name} {text!r} was expected to be US dollars, such as 0.02")
    return f"{usd:f}"
