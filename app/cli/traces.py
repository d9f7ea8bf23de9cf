"""`plangate traces`: look at what was decided and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.parameters import AsJson

if TYPE_CHECKING:
    from traces.index import RunRow

EXIT_CHANGED = 9
"""Something recorded is not as it was."""

app = typer.Typer(help="Look at recorded decisions.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command(name="list")
def list_(
    session: str | None = typer.Option(None, help="Only this session."),
    symbol: str | None = typer.Option(None, help="Only this symbol."),
    outcome: str | None = typer.Option(
        None, help="Such as approved, denied, no_trade, quiet, failed."
    ),
    code: str | None = typer.Option(None, help="Only decisions with this code."),
    limit: int = typer.Option(30, min=1, max=100_000, help="At most so many, newest first."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document."),
) -> None:
    """List decisions, newest first."""
    from app.home import database_place
    from traces.index import list_runs

    rows = list_runs(
        database_place(),
        session=session,
        symbol=symbol,
        outcome=outcome,
        code=code,
        limit=limit,
    )
    if as_json:
        from app.cli.output import print_json

        print_json({"schema": "plangate.traces/1", "runs": [row._asdict() for row in rows]})
        return
    if not rows:
        typer.echo("no decisions recorded yet; start with: plangate run", err=True)
        return
    for line in _lines(rows):
        typer.echo(line)


def _lines(rows: list[RunRow]) -> list[str]:
    head = f"{'run':<36} {'session':<20} {'outcome':<9} {'calls':>5} {'tokens':>7} codes"
    lines = [head]
    for row in rows:
        tokens = row.input_tokens + row.output_tokens
        lines.append(
            f"{row.run_id:<36} {row.session[:20]:<20} {row.outcome:<9} {row.model_calls:>5} "
            f"{tokens:>7} {row.codes}"
        )
    return lines


@app.command()
def show(
    run_id: Annotated[
        str, typer.Argument(help="Run id or its beginning, as `traces list` shows it.")
    ],
    session: Annotated[
        str | None, typer.Option(help="Which session, when several have this run.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Whole texts, nothing cut.")] = False,
    chart: Annotated[
        Path | None, typer.Option(help="Write the chart that its models saw to this PNG file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one decision: prompts, tool calls, verdicts, fills, tokens and cost."""
    from app.cli.output import print_json
    from app.trace_reader import read_trace

    with read_trace(run_id, session) as trace:
        if chart is not None:
            trace.write_chart(chart)
        if as_json:
            print_json(trace.document())
        else:
            typer.echo(trace.render(full=full))


@app.command()
def verify(
    run_id: Annotated[
        str | None, typer.Argument(help="Run id or its beginning; default: a whole session.")
    ] = None,
    session: Annotated[
        str | None, typer.Option(help="Which session; default: the one that decided last.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every session.")] = False,
    as_json: AsJson = False,
) -> None:
    """Verify that nothing recorded was changed: events, their order, texts; else exit code 9."""
    from app.cli.output import print_json
    from app.trace_check import verified

    found = verified(run_id, session, every=every)
    if as_json:
        print_json(found)
    else:
        for each in found["broken"]:
            typer.echo(each["words"])
        late = found["late_count"]
        after = f", {late} of them chained by an upgrade, after they were recorded" if late else ""
        typer.echo(
            f"{found['runs_count']} runs, {found['events_count']} events{after}, "
            f"{found['texts_count']} texts{_lacking(found)}: "
            f"{len(found['broken']) or 'nothing'} changed since they were recorded",
            err=bool(found["broken"]),
        )
    if found["broken"]:
        raise typer.Exit(EXIT_CHANGED)


def _lacking(found: dict[str, Any]) -> str:
    if not found["pruned_runs_count"]:
        return ""
    return f"; pruned {found['pruned_events_count']} events of {found['pruned_runs_count']} runs"


@app.command()
def prune(
    older_than: Annotated[str, typer.Option(help="Age, such as 90d, 12w or 36h.")],
    keep_plans: Annotated[
        bool, typer.Option("--keep-plans", help="Leave decisions that committed a plan or an exit.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take old decisions out of the traces; the journal (orders, plans, money) stays whole."""
    from app.cli.output import print_json
    from app.trace_pruning import pruned

    gone = pruned(older_than, keep_plans=keep_plans, really=yes)
    if as_json:
        print_json(gone)
        return
    typer.echo(
        f"{'pruned' if yes else 'would prune'}: {gone['runs_count']} decisions before "
        f"{gone['before']}, {gone['events_count']} events, {gone['texts_count']} texts "
        f"({gone['text_bytes'] / 1e6:.1f} MB); "
        + ("the room comes back with: plangate traces vacuum" if yes else "--yes does it")
    )


@app.command()
def vacuum(as_json: AsJson = False) -> None:
    """Give back the room that pruned traces took; takes as much again while it works."""
    from app.cli.output import print_json
    from app.trace_pruning import vacuumed

    done = vacuumed()
    if as_json:
        print_json(done)
    elif done["bytes_before"] is None:
        typer.echo("the server has taken back the room")
    else:
        before, after = (done[f"bytes_{when}"] / 1e6 for when in ("before", "after"))
        typer.echo(f"{before:.1f} MB before, {after:.1f} MB now")
