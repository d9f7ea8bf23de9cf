"""What a bundle says, held against itself before anything of it is believed.

Whoever made a file can make every hash in it anew, so each value is also required to be one that a
recorder could have written: what is put among the decisions of a state folder is listed there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from domain.clock import from_ms, iso
from domain.numbers import AMOUNT
from domain.strict_json import content_hash
from traces.chain import link
from traces.events import EVENT, RunEnded
from traces.listed import listed_otherwise

Row = dict[str, Any]
MOST_NAME_CHARS = 300


class Unsound(ValueError):
    """A bundle says what no recorder wrote."""


@dataclass(frozen=True, slots=True)
class BundledRun:
    """One run with everything it recorded."""

    session: str
    run_id: str
    head: str
    """Hash of its last event; it covers all of them."""
    listing: Row
    """Its place in the list of decisions."""
    events: tuple[Row, ...]


def _plain(name: str) -> str:
    if not name.isprintable():
        raise ValueError(f"{name[:80]!a} moves a terminal or is no text")
    return name


def _no_path(name: str) -> str:
    if set(name) & set("/\\") or name.startswith("."):
        raise ValueError(f"{name[:80]!a} names a place of files")
    return name


def _stored(text: str) -> str:
    if "\0" in text:
        raise ValueError("it holds a NUL")
    text.encode()  # half a surrogate pair is a ValueError
    return text


_Word = Annotated[str, Field(max_length=MOST_NAME_CHARS), AfterValidator(_plain)]
_Name = Annotated[_Word, Field(min_length=1), AfterValidator(_no_path)]
_Count = Annotated[int, Field(ge=0, lt=2**31)]
_Moment = Annotated[int, Field(ge=0, lt=253_402_300_800_000)]
"""Up to the year 9999."""
_Money = Annotated[str, Field(pattern=rf"\A{AMOUNT}\z")]
_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class _Event(BaseModel):
    """A row of `trace_event`, but for its number and hash; in the order of a bundle's line."""

    model_config = _STRICT

    session: _Name
    run_id: _Name
    at_ms: _Moment
    node: _Word
    kind: _Word
    body: Annotated[str, AfterValidator(_stored)]


class _Listing(BaseModel):
    """A row of `trace_run`."""

    model_config = _STRICT

    session: _Name
    run_id: _Name
    symbol: _Word
    as_of_ms: _Moment
    model: _Word
    outcome: _Word
    codes: Annotated[str, Field(max_length=10_000), AfterValidator(_plain)]
    model_calls: _Count
    tool_calls: _Count
    input_tokens: _Count
    output_tokens: _Count
    cost_usd: _Money | None
    duration_ms: Annotated[float, Field(ge=0)]
    recorded_ms: _Moment


COLUMNS = tuple(_Event.model_fields)


def bundled_runs(told: Iterable[Row], lines: Iterator[list[Any]]) -> tuple[BundledRun, ...]:
    """The runs of a manifest, each with as many of the lines as it says.

    Raises:
        Unsound: a value that no recorder wrote, a run twice, or lines too few or too many.
    """
    runs: dict[tuple[str, str], BundledRun] = {}
    for one in told:
        listing = _checked(_Listing, one["listing"])
        name = listing["session"], listing["run_id"]
        if name in runs:
            raise Unsound(f"run {name[1]!r} is in it twice")
        rows = islice(lines, max(0, int(one["events_count"])))
        events = tuple(_checked(_Event, dict(zip(COLUMNS, row, strict=True))) for row in rows)
        if len(events) != one["events_count"]:
            raise Unsound(f"run {name[1]!r} has {len(events)} events, not {one['events_count']!r}")
        runs[name] = BundledRun(*name, one["head"], listing, events)
    if next(lines, None) is not None:
        raise Unsound("it holds events of no run")
    return tuple(runs.values())


def require_sound(run: BundledRun, texts: Mapping[str, str]) -> None:
    """Every event on the one before it, no text missing, and listed as it ended.

    Raises:
        Unsound: it is not so.
    """
    _require_chained(run)
    end = None
    for number, row in enumerate(run.events, 1):
        try:
            event = EVENT.validate_json(row["body"])
        except ValidationError as error:
            raise Unsound(
                f"an event of run {run.run_id!r} cannot be read: {_first(error)}"
            ) from None
        if event.kind != row["kind"]:
            raise Unsound(f"event {number} of run {run.run_id!r} is no {row['kind']!r}")
        for _, name in event.texts():
            if name not in texts:
                raise Unsound(f"text {name!r} of run {run.run_id!r} is not in it")
        end = event if isinstance(event, RunEnded) else end
    if end is None:
        raise Unsound(f"run {run.run_id!r} has no end")
    for sentence in listed_otherwise(run.listing, end):
        raise Unsound(f"run {run.run_id!r}: {sentence}")


def require_past(run: BundledRun, now_ms: int) -> None:
    """Recorded before now: what is recorded last is what commands take that are told no session.

    Raises:
        Unsound: it says it was recorded later.
    """
    newest_ms = max(run.listing["recorded_ms"], *(row["at_ms"] for row in run.events))
    if newest_ms > now_ms:
        raise Unsound(
            f"run {run.run_id!r} was recorded at {iso(from_ms(newest_ms))}, expected a moment "
            f"before now, {iso(from_ms(now_ms))}; is the clock of this machine right?"
        )


def require_text(name: str, text: str) -> None:
    """A text is what its hash says.

    Raises:
        Unsound: it is not.
    """
    if content_hash(text) != name:
        raise Unsound(f"text {name!r} was changed")
    text.encode()  # half a surrogate pair, which nothing stores, is a ValueError


def _require_chained(run: BundledRun) -> None:
    head = ""
    for number, row in enumerate(run.events, 1):
        if (row["session"], row["run_id"]) != (run.session, run.run_id):
            raise Unsound(f"event {number} of run {run.run_id!r} is another run's")
        head = link(head, row)
    if head != run.head:
        raise Unsound(f"run {run.run_id!r} ends with hash {head!r}, expected {run.head!r}")


def _checked(model: type[BaseModel], values: Row) -> Row:
    try:
        return model.model_validate(values).model_dump()
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Unsound(f"{where}: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    return str(error.errors(include_url=False)[0]["msg"])
