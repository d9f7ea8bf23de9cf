"""`plangate lookahead`: the proof that no decision of a session saw what came after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.bars import Bars
from app.cli.parameters import AsJson, FeedsFile, ToolsFile

if TYPE_CHECKING:
    from rich.progress import TaskID

    from market.sources.tampered import Tampering

EXIT_DIFFERS = 8
MEANING = {
    "ended": "a world that ends at each moment asked about",
    "corrupted": "a world whose future is garbage",
}


def lookahead(
    session: Annotated[
        str | None, typer.Argument(help="Default: the newest session.", show_default=False)
    ] = None,
    tools: ToolsFile = None,
    feeds: FeedsFile = None,
    as_json: AsJson = False,
) -> None:
    """Live a session again without its future, and compare; exits with 8 when something differs.

    Every decision is made anew twice: on data that ends at each moment that is asked about, and on
    data that is garbage after it. No model is called: recorded answers are given again. Snapshot,
    prompts, tool answers and what the gate saw must come out the same; the first that does not is
    named. Works on recorded and synthetic markets. Such as: plangate lookahead
    """
    from app.cli.output import out, print_json
    from app.lookahead import look

    with _WorldBars(quiet=as_json) as bars:
        document = look(session, bars.told, tools=tools, feeds=feeds)
    if as_json:
        print_json(document)
    else:
        for line in words(document):
            out().print(line, markup=False, soft_wrap=True)
    if document["verdict"] != "clean":
        raise typer.Exit(EXIT_DIFFERS)


def words(document: dict[str, Any]) -> list[str]:
    """The document as lines."""
    count, held = document["decisions_count"], document["certificates"]
    lines = [f"{document['session']}: {count} decisions over {document['market']}"]
    lines.append(
        f"certificates  {held['count']} of {count} decisions, "
        f"{held['broken_count']} with a datum from after their moment"
    )
    lines += [
        f"              {source}: newest datum {lag:g} s or more before the moment asked about"
        for source, lag in held["least_lag_s"].items()
    ]
    for world in document["worlds"]:
        lines.append(
            f"{world['world']:<13} {world['equal_count']} of {count} decisions equal "
            f"in {MEANING[world['world']]}"
        )
        if found := world["difference"]:
            lines.append(f"  DIFFERS     {found['run_id']}: {found['what']}")
            lines += [f"              {datum}" for datum in found["data"]]
    lines.append(_verdict(document))
    return lines


def _verdict(document: dict[str, Any]) -> str:
    if document["verdict"] == "clean":
        return (
            f"clean: no decision saw what came after it ({document['texts_count']} texts compared)"
        )
    if document["verdict"] == "undecided":
        return (
            f"undecided: {document['by_hand_count']} words of an operator or edits by hand are "
            "part of this session and are not said again, so it may differ for that alone"
        )
    return "look-ahead: a decision saw something that was not known yet"


class _WorldBars(Bars):
    """A bar a world."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self._worlds: dict[Tampering, TaskID | None] = {}

    def told(self, world: Tampering, made: int, total: int) -> None:
        """Move a bar on."""
        if world not in self._worlds:
            self._worlds[world] = self.add(world, total)
        self.move(self._worlds[world], made, "decisions made anew")
