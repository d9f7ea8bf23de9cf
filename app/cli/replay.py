"""`plangate replay`: recorded decisions made again from their traces, and where they part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import parameters as p
from app.cli.bars import Bars
from app.cli.bundles import is_bundle

EXIT_DIFFERS = 10
"""A decision came out otherwise than it was recorded."""
EXIT_STATE = 6
"""A trace lacks what a replay takes; as for other things that the state folder lacks."""
SHOWN_COUNT = 5
"""So many differences are told."""


def replay(
    run_id: Annotated[
        str | None, typer.Argument(help="Run id or its beginning, or a bundle such as X.plangate.")
    ] = None,
    session: Annotated[
        str | None, typer.Option(help="Which session; default: the one that decided last.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every decision of the session.")] = False,
    live_from: Annotated[
        str | None,
        typer.Option(
            metavar="NODE", help="Go on anew from this node, such as plan or plan#2: a fork."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who is asked in a fork; default: the run's own model."),
    ] = None,
    base_url: p.BaseUrl = None,
    models: p.ModelsFile = None,
    usd_per_decision: p.UsdPerDecision = None,
    usd_per_day: p.UsdPerDay = None,
    usd_per_session: p.UsdPerSession = None,
    as_json: p.AsJson = False,
) -> None:
    """Make a recorded decision again from its trace alone; exits with 10 where it differs.

    The same graph runs on recorded answers: of the model, the tools, the market, the journal and
    the clock. Nobody is asked, nothing is written and no order can follow. Each node's events and
    its change of the state must come out as they were recorded; the first difference is named
    with its node, so that a changed trace, prompt, policy or program shows where it matters. Such
    as: plangate replay --all

    --live-from NODE replays up to that node and asks a model anew from there on; market, account
    and tools answer what they answered then. What comes of it is recorded as a run of its own,
    RUN~1, beside the session; nothing is committed and no order can follow.
    """
    stand_in = {
        "model": model,
        "base_url": base_url,
        "models": models,
        "usd_per_decision": usd_per_decision,
        "usd_per_day": usd_per_day,
        "usd_per_session": usd_per_session,
    }
    is_one_run = run_id is not None and not every and not is_bundle(run_id)
    if live_from is not None and run_id is not None and is_one_run:
        _fork(run_id, session, live_from, stand_in, as_json=as_json)
        return
    if live_from is not None or any(stand_in.values()) or (run_id is None) != every:
        raise typer.BadParameter(
            "give a run's id or a bundle, or --all for a session; a fork takes a run's id and "
            "--live-from; --model is for forks, as are --models, --base-url and the caps on money"
        )
    _replay(run_id, session, as_json=as_json)


def _replay(run_id: str | None, session: str | None, *, as_json: bool) -> None:
    import asyncio

    from app.bundles import replayed_bundle
    from app.replaying import replay_document

    with _Bar(quiet=as_json or run_id is not None) as bar:
        if run_id is not None and is_bundle(run_id):
            document = asyncio.run(replayed_bundle(Path(run_id), bar.told))
        else:
            document = replay_document(run_id, session, bar.told)
    _tell(document, as_json=as_json)


def _tell(document: dict[str, Any], *, as_json: bool) -> None:
    from app.cli.output import out, print_json

    if as_json:
        print_json(document)
    else:
        for line in words(document):
            out().print(line, markup=False, soft_wrap=True)
    if document["differences"]:
        raise typer.Exit(EXIT_DIFFERS)
    if document["not_replayable"]:
        raise typer.Exit(EXIT_STATE)


def _fork(
    run_id: str, session: str | None, node: str, stand_in: dict[str, Any], *, as_json: bool
) -> None:
    from app.cli.output import out, print_json
    from app.forking import fork_document

    done = fork_document(run_id, session, node, **stand_in)
    if as_json:
        print_json(done)
        return
    before, decision = done["before"], done["decision"]
    for line in (
        f"{done['run_id']}: a fork of {done['fork_of']['run_id']} from {node}, by {done['model']}",
        f"  was  {before['outcome']} {' '.join(before['codes'])}",
        f"  is   {decision['outcome']} {' '.join(decision['codes'])}",
        f"plangate traces diff {done['fork_of']['run_id']} {done['run_id']}",
    ):
        out().print(line.rstrip(), markup=False, soft_wrap=True)


def words(document: dict[str, Any]) -> list[str]:
    """The document as lines."""
    lines: list[str] = []
    if document["runs_count"] == 1 and document["exact_count"] == 1:
        only = document["runs"][0]
        lines.append(f"{only['run_id']}: {only['outcome']}, by {' > '.join(only['nodes'])}")
    for found in document["differences"][:SHOWN_COUNT]:
        lines.append(f"{found['run_id']} differs at {found['node']}: {found['where']}")
        lines += [f"  expected  {found['expected']}", f"  found     {found['found']}"]
    for missing in document["not_replayable"][:SHOWN_COUNT]:
        lines.append(missing["sentence"])
    lines.append(_verdict(document))
    return lines


def _verdict(document: dict[str, Any]) -> str:
    count, exact = document["runs_count"], document["exact_count"]
    parts = [f"exact: {exact} of {count} {'decision' if count == 1 else 'decisions'}"]
    for name, what in (("differences", "differ"), ("not_replayable", "cannot be replayed")):
        if told := len(document[name]):
            more = f" ({SHOWN_COUNT} shown)" if told > SHOWN_COUNT else ""
            parts.append(f"{told} {what}{more}")
    return ", ".join(parts)


class _Bar(Bars):
    """One bar."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self._bar: Any = None

    def told(self, made: int, total: int) -> None:
        """Move it on."""
        if made == 0:
            self._bar = self.add("replay", total)
        self.move(self._bar, made, "decisions replayed")
