"""`plangate traces search`: which decisions say a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import choosing
from app.cli.parameters import AsJson

if TYPE_CHECKING:
    from rich.progress import TaskID

    from app.cli.bars import Bars


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS]...",
            help="All of which must stand in it. In quotes for the shell: 'stop -target' without "
            "a word, 'break*' how a word begins, '\"below the average\"' a phrase.",
        ),
    ] = None,
    session: choosing.Session = None,
    symbol: choosing.Symbol = None,
    outcome: choosing.Outcome = None,
    code: choosing.Code = None,
    model: choosing.ModelName = None,
    since: choosing.Since = None,
    until: choosing.Until = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help="At most so many, last recorded first.")
    ] = 20,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make the index of words anew; changes nothing else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find decisions by what was said in them.

    That is: the model's reasons, why a plan was denied or a tool refused, what was wrong with
    data or an answer, news that were shown. Numbers are not looked for; prompts neither.

    Such as: plangate traces search reward risk --outcome denied
    """
    asked = locals()
    from app.cli.output import print_json

    if rebuild:
        _rebuild(words, as_json=as_json)
        return
    from app.home import database_place
    from app.trace_choice import nothing_words
    from app.trace_search import searched

    chosen = choosing.chosen_by(asked)
    found = searched(" ".join(words or []), chosen, limit)
    if as_json:
        print_json(found)
        return
    for row in found["found"]:
        typer.echo(_lines(row))
    if not found["found"]:
        typer.echo(nothing_words(database_place()), err=True)


def _lines(row: dict[str, Any]) -> str:
    head = f"{row['run_id']:<36} {row['session'][:16]:<16} {row['symbol']:<10} {row['outcome']}"
    return f"{head}\n    {row['node']}: {_marked(row['sentence'], row['marks'])}"


def _marked(sentence: str, marks: list[tuple[int, int]]) -> str:
    """The words that were looked for stand out on a terminal."""
    from traces.view_words import visible

    parts, end = [], 0
    for begin, until in marks:
        parts.append(visible(sentence[end:begin]))
        parts.append(typer.style(visible(sentence[begin:until]), bold=True, underline=True))
        end = until
    parts.append(visible(sentence[end:]))
    return "".join(parts).replace("\n", " ")


class _Shown:
    """Moves one bar; it is there once somebody knows how many decisions there are."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._bar: TaskID | None = None

    def __call__(self, done: int, count: int) -> None:
        if self._bar is None:
            self._bar = self._bars.add("decisions", count)
        self._bars.move(self._bar, done, "")


def _rebuild(words: list[str] | None, *, as_json: bool) -> None:
    from app.cli.bars import Bars
    from app.cli.output import print_json
    from app.trace_search import rebuilt
    from domain.errors import ConfigError

    if words:
        raise ConfigError(f"--rebuild looks for nothing: leave {' '.join(words)!r} out")
    with Bars(quiet=as_json) as bars:
        made = rebuilt(_Shown(bars))
    if as_json:
        print_json(made)
    else:
        typer.echo(f"the index of words was made anew from {made['runs_count']} decisions")
