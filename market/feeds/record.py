"""What feeds have told, one line each: written as it is first seen, read back in a replay.

A line says when the thing was known, which is all that makes a replay honest. Text is cleaned
before it is written and again when it is read: a folder of lines may come from anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from domain.clock import require_utc
from domain.errors import DataError, StateError
from market.feeds.item import news_item
from market.feeds.plain_text import Mark
from market.feeds.protocol import MacroAsset, NewsItem, Observation, Reading, Sighted

MAX_FILE_BYTES = 50_000_000
MAX_LINE_CHARACTERS = 65_536


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    known_at: AwareDatetime


class NewsLine(_Line):
    """An article."""

    kind: Literal["news"] = "news"
    feed: Annotated[str, Field(max_length=64)]
    outlet: str = ""
    title: str
    text: str = ""
    labels: tuple[str, ...] = ()
    published_at: AwareDatetime
    marks: tuple[Mark, ...] = ()


class ReadingLine(_Line):
    """A value of a sentiment index."""

    kind: Literal["sentiment"] = "sentiment"
    value: Annotated[int, Field(ge=0, le=100)]
    at: AwareDatetime


class ObservationLine(_Line):
    """A value of another market."""

    kind: Literal["macro"] = "macro"
    asset: MacroAsset
    value: Annotated[float, Field(gt=0, lt=1e12, allow_inf_nan=False)]
    at: AwareDatetime


_LINES: TypeAdapter[NewsLine | ReadingLine | ObservationLine] = TypeAdapter(
    Annotated[NewsLine | ReadingLine | ObservationLine, Field(discriminator="kind")]
)


def read_record(folder: Path) -> list[Sighted]:
    """Everything in the `.jsonl` files of a folder, in the order of their names.

    Raises:
        DataError: naming file, line and fault.
    """
    if not folder.is_dir():
        raise DataError(f"{str(folder)!r} is no folder, was expected to hold .jsonl files")
    files = sorted(folder.glob("*.jsonl"))
    return [seen for file in files for seen in _read_file(file)]


def append_record(file: Path, seen: Iterable[Sighted]) -> None:
    """Add lines at the end of a file, made with its folder where there is none.

    Raises:
        StateError: it cannot be written.
    """
    text = "".join(_line(one).model_dump_json() + "\n" for one in seen)
    if not text:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise StateError(f"cannot write {str(file)!r}: {error.strerror}") from error


def _read_file(file: Path) -> Iterator[Sighted]:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise DataError(f"{str(file)!r} is larger than {MAX_FILE_BYTES} bytes; split it")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot read {str(file)!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{str(file)!r} is no UTF-8 text ({error.reason})") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield from _read_line(line, f"{file}, line {number}")


def _read_line(line: str, where: str) -> Iterator[Sighted]:
    if len(line) > MAX_LINE_CHARACTERS:
        raise DataError(f"{where} has {len(line)} characters, at most {MAX_LINE_CHARACTERS}")
    try:
        read = _LINES.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataError(
            f"{where}: {place or 'line'}: {first['msg']}; mend or drop the line"
        ) from None
    known_at = require_utc(read.known_at)
    if isinstance(read, NewsLine):
        item = news_item(
            feed=read.feed,
            outlet=read.outlet,
            title=read.title,
            text=read.text,
            labels=read.labels,
            published_at=require_utc(read.published_at),
            known_at=known_at,
            marks=read.marks,
        )
        if item is not None:
            yield item
    elif isinstance(read, ReadingLine):
        yield Reading(read.value, require_utc(read.at), known_at)
    else:
        yield Observation(read.asset, read.value, require_utc(read.at), known_at)


def _line(seen: Sighted) -> NewsLine | ReadingLine | ObservationLine:
    if isinstance(seen, NewsItem):
        return NewsLine(
            known_at=seen.known_at,
            feed=seen.feed,
            outlet=seen.outlet,
            title=seen.title,
            text=seen.text,
            labels=seen.labels,
            published_at=seen.published_at,
            marks=seen.marks,
        )
    if isinstance(seen, Reading):
        return ReadingLine(known_at=seen.known_at, value=seen.value, at=seen.at)
    return ObservationLine(known_at=seen.known_at, asset=seen.asset, value=seen.value, at=seen.at)
