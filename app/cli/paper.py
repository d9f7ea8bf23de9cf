"""`plangate paper`: the paper venue by itself, on a script that says what happens."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.parameters import AsJson

if TYPE_CHECKING:
    from broker.simulate.script import Script

app = typer.Typer(help="Try the paper venue's rules on a script.", no_args_is_help=True)

EXIT_BROKEN = 1


@app.callback()
def _group() -> None:
    pass


@app.command()
def simulate(
    script: Annotated[
        Path,
        typer.Argument(help="Script as JSON (see docs/paper-venue.md); - reads standard input."),
    ],
    as_json: AsJson = False,
) -> None:
    """Play SCRIPT through the real paper venue and ledger, and say what came of it.

    Every invariant is worked out anew from the result. Exits with 1 when one does not hold, which
    is a bug.
    """
    import asyncio
    from tempfile import TemporaryDirectory

    from app.cli.output import print_json
    from app.cli.paper_view import show_result
    from broker.simulate.player import play
    from broker.simulate.result import holds, result_document

    parsed = _read(script)
    with TemporaryDirectory(prefix="plangate-") as folder:
        played = asyncio.run(play(parsed, Path(folder)))
    document = result_document(played)
    if as_json:
        print_json(document)
    else:
        show_result(document)
    if not holds(document):
        raise typer.Exit(EXIT_BROKEN)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a script."""
    from app.cli.output import print_json
    from broker.simulate.reading import script_schema

    print_json(script_schema())


def _read(path: Path) -> Script:
    from broker.simulate.reading import MAX_SCRIPT_BYTES, read_script
    from domain.errors import ConfigError

    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(MAX_SCRIPT_BYTES + 1)
        elif path.exists() and not path.is_file():
            raise ConfigError(
                f"script {str(path)!r} is no regular file; name one, or - for standard input"
            )
        else:
            with path.open("rb") as file:
                raw = file.read(MAX_SCRIPT_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read script {str(path)!r}: {error.strerror}") from error
    try:
        text = raw.decode("utf-8-sig")  # some editors put a byte order mark first
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"script {str(path)!r} is not UTF-8 JSON text; save it as UTF-8 and try again"
        ) from error
    return read_script(text, str(path))
