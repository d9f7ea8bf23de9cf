"""`plangate traces export`, `import`: decisions handed on as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.parameters import AsJson

EXIT_CHANGED = 9
"""As of `traces verify`: something recorded is not as it was."""
SUFFIX = ".plangate"


def is_bundle(argument: str | None) -> bool:
    """Whether a command was given a bundle in place of a run."""
    return argument is not None and argument.endswith(SUFFIX)


def export(
    runs: Annotated[
        list[str] | None,
        typer.Argument(help="Run ids or their beginnings; none: the whole session."),
    ] = None,
    to: Annotated[Path, typer.Option("--output", "-o", help="New file, such as X.plangate.")] = ...,  # type: ignore[assignment]  # Typer's word for required
    session: Annotated[
        str | None, typer.Option(help="Which session; default: the one that decided last.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write decisions to one file that is complete: events, texts, chain, configuration.

    It holds what the trace holds, so no key and no secret. Refused where a decision was changed
    since it was recorded. Such as: plangate traces export 20190512T14 -o may.plangate
    """
    from app.bundles import exported

    if not is_bundle(to.name):
        raise typer.BadParameter(f"--output {str(to)!r} was expected to end in {SUFFIX}")
    done = exported(runs or [], session, to)
    _show(done, as_json=as_json, more=f", {done['size_bytes'] / 1e3:.0f} kB: {done['path']}")


def import_(
    path: Annotated[Path, typer.Argument(help="A bundle, such as X.plangate.")],
    as_json: AsJson = False,
) -> None:
    """Put the decisions of a bundle among those recorded here; what is there already stays.

    They can be listed, shown, verified and replayed. The journal is not touched.
    """
    from app.bundles import imported

    done = imported(path)
    _show(done, as_json=as_json, more=f", {done['added_count']} of them new here")


def verify(path: str, *, as_json: bool) -> None:
    """Of a bundle: exits with 9 where it is not as it was written."""
    from app.bundles import verified_bundle
    from domain.errors import ConfigError

    try:
        done = verified_bundle(Path(path))
    except ConfigError as error:
        if not Path(path).is_file():
            raise
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_CHANGED) from None
    _show(done, as_json=as_json, more=": nothing changed since they were recorded")


def _show(done: dict[str, Any], *, as_json: bool, more: str) -> None:
    if as_json:
        from app.cli.output import print_json

        print_json(done)
        return
    typer.echo(
        f"{done['runs_count']} runs of {', '.join(done['sessions'])}, {done['events_count']} "
        f"events, {done['texts_count']} texts{more}"
    )
