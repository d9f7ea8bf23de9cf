"""Moments and ages as options say them, read in one place; light, because lists start with it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from app.clock import SystemClock
from domain.clock import parse_moment
from domain.errors import ConfigError

_AGE = re.compile(r"([1-9]\d{0,4})([mhdw])")
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10_080}


def read_age(name: str, text: str) -> timedelta:
    """An age such as `90d` that option `name` was given.

    Raises:
        ConfigError: it is none.
    """
    age = _age(text)
    if age is None:
        raise ConfigError(f"{name} {text!r}: expected a whole number and m, h, d or w, as 90d")
    return age


def read_moment(name: str, text: str | None) -> datetime | None:
    """A date or moment that option `name` was given.

    Raises:
        ConfigError: it is none.
    """
    if text is None:
        return None
    try:
        return parse_moment(text)
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"{name} {text!r} is no date; write it as 2023-02-01 or 2023-02-01T12:00:00Z (UTC)"
        ) from error


def read_moment_or_age(
    name: str, text: str | None, back_from: datetime | None = None
) -> datetime | None:
    """The same, or an age such as `36h`, counted back from a moment; from now without one.

    Raises:
        ConfigError: it is neither.
    """
    age = None if text is None else _age(text)
    if age is not None:
        return (back_from or SystemClock().now()) - age
    try:
        return read_moment(name, text)
    except ConfigError as error:
        raise ConfigError(f"{error}, or as an age such as 36h or 30d") from error


def read_span(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """What `--since` and `--until` were given, dates or ages.

    Raises:
        ConfigError: one is neither, or nothing lies between them.
    """
    first, end = read_moment_or_age("--since", since), read_moment_or_age("--until", until)
    if first and end and first >= end:
        raise ConfigError(f"--since {since} was expected to be before --until {until}")
    return first, end


def _age(text: str) -> timedelta | None:
    found = _AGE.fullmatch(text)
    return timedelta(minutes=int(found[1]) * _MINUTES[found[2]]) if found else None
