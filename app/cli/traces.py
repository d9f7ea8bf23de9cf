"""`plangate traces`: look at what was decided and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import (
    bundles,
    choosing,
    trace_diff,
    trace_otlp,
    trace_search,
    trace_show,
    trace_stats,
    trace_tail,
    trace_wanted,
)
from app.cli.parameters import AsJson

if TYPE_CHECKING:
    from traces.index import RunRow

app = typer.Typer(help="Look at recorded decisions.", no_args_is_help=True)
app.command(name="show")(trace_show.show)
app.command(name="diff")(trace_diff.diff)
app.command(name="stats")(trace_stats.stats)
app.command(name="tail")(trace_tail.tail)
app.command(name="wanted")(trace_wanted.wanted)
app.command(name="search")(trace_search.search)
app.command(name="otlp")(trace_otlp.otlp)
app.command(name="export")(bundles.export)
app.command(name="import")(bundles.import_)


@app.callback()
def _group() -> None:
    pass


@app.command(name="list")
def list_(
    session: choosing.Session = None,
    symbol: choosing.Symbol = None,
    outcome: choosing.Outcome = None,
    code: choosing.Code = None,
    model: choosing.ModelName = None,
    since: choosing.Since = None,
    until: choosing.Until = None,
    min_cost: choosing.MinCost = None,
    max_cost: choosing.MaxCost = None,
    text: choosing.Text = None,
    limit: int = typer.Option(30, min=1, max=100_000, help="At most so many, newest first."),
    as_json: AsJson = False,
) -> None:
    """List decisions, newest first; what several options say must all be so.

    Such as: plangate traces list --code RR_BELOW_MIN --since 30d --min-cost 0.01
    """
    asked = locals()
    from app.home import database_place
    from app.trace_choice import nothing_words
    from traces.index import count_unknown_cost, list_runs

    chosen = choosing.chosen_by(asked)
    place = database_place()
    rows = list_runs(place, chosen, limit=limit)
    unknown = count_unknown_cost(place, chosen) if chosen.is_by_cost else 0
    if as_json:
        from app.cli.output import print_json

        runs = [row._asdict() | ({"damage": row.damage} if row.damage else {}) for row in rows]
        print_json({"schema": "plangate.traces/1", "runs": runs, "unknown_cost_count": unknown})
        return
    for line in _lines(rows) if rows else ():
        typer.echo(line)
    if not rows:
        typer.echo(nothing_words(place), err=True)
    if unknown:
        typer.echo(f"{unknown} more are left out: nobody knows what they cost", err=True)


def _lines(rows: list[RunRow]) -> list[str]:
    head = f"{'run':<36} {'session':<16} {'outcome':<9} {'calls':>5} {'tokens':>7} {'USD':>8} codes"
    lines = [head]
    for row in rows:
        if row.damage:
            lines.append(f"{row.run_id:<36} {row.session[:16]:<16} {_changed(row)}")
            continue
        tokens = row.input_tokens + row.output_tokens
        usd = "?" if row.cost_usd is None else f"{float(row.cost_usd):.4f}"
        lines.append(
            f"{row.run_id:<36} {row.session[:16]:<16} {row.outcome:<9} {row.model_calls:>5} "
            f"{tokens:>7} {usd:>8} {row.codes}"
        )
    return lines


def _changed(row: RunRow) -> str:
    from traces.view_words import visible

    return visible(f"changed: {row.damage}; see: plangate traces verify {row.run_id}")


@app.command()
def verify(
    run_id: Annotated[
        str | None, typer.Argument(help="Run id or its beginning, or a bundle; default: a session.")
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

    if run_id is not None and bundles.is_bundle(run_id):
        bundles.verify(run_id, as_json=as_json)
        return
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
        raise typer.Exit(bundles.EXIT_CHANGED)


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
