"""`plangate gate`: the deterministic gate by itself, without a model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from domain.verdict import Verdict

app = typer.Typer(help="Hold a plan before the gate, without a model.", no_args_is_help=True)

EXIT_DENIED = 5


@app.callback()
def _group() -> None:
    pass


@app.command()
def check(
    case: Annotated[
        Path, typer.Argument(help="Case as JSON (see docs/gate-cases.md); - reads standard input.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="The verdict as one JSON document.")
    ] = False,
) -> None:
    """Say whether the gate approves the plan in CASE, and every finding.

    Exits with 0 when approved and with 5 when denied.
    """
    from app.cli.output import print_json
    from domain.verdict import Denied
    from policies.document import read_case, verdict_document
    from policies.gate import review
    from policies.nearest import advised

    parsed = read_case(_read(case))
    verdict = parsed if isinstance(parsed, Denied) else advised(parsed, review(parsed))
    if as_json:
        print_json({"schema": "plangate.verdict/1", **verdict_document(verdict)})
    else:
        _show(verdict)
    if not verdict.approved:
        raise typer.Exit(EXIT_DENIED)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a case."""
    from app.cli.output import print_json
    from policies.document import case_schema

    print_json(case_schema())


def _read(case: Path) -> str:
    from domain.errors import ConfigError

    try:
        raw = sys.stdin.buffer.read() if str(case) == "-" else case.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read case {str(case)!r}: {error.strerror}") from error
    try:
        text = raw.decode("utf-8-sig")  # some editors put a byte order mark first
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 without its mark reads as UTF-8 full of these
        raise ConfigError(
            f"case {str(case)!r} is not UTF-8 JSON text; save it as UTF-8 and try again"
        )
    return text


def _show(verdict: Verdict) -> None:
    from rich.table import Table

    from app.cli.output import out
    from domain.numbers import plain

    console = out()
    head = "APPROVED" if verdict.approved else "DENIED " + ", ".join(verdict.codes)
    console.print(head, style="bold green" if verdict.approved else "bold red")
    table = Table(box=None, pad_edge=False)
    for column in ("", "code", "measured", "limit", "unit"):
        table.add_column(column, overflow="fold")
    for finding in verdict.findings:
        mark = "[green]✓[/]" if finding.passed else "[red]✗[/]"
        measured = finding.measured + (" (modelled)" if finding.modelled else "")
        table.add_row(mark, finding.code, measured, finding.limit, finding.unit)
    console.print(table)
    for finding in verdict.findings:
        if not finding.passed:
            console.print(f"✗ {finding.sentence}", markup=False)
    if verdict.nearest is not None:
        console.print(verdict.nearest.sentence, markup=False)
    bracket = verdict.bracket
    if bracket is not None and verdict.approved:
        targets = ", ".join(f"{plain(t.quantity)} at {plain(t.price)}" for t in bracket.targets)
        console.print(
            f"{bracket.side} {plain(bracket.quantity)} at {plain(bracket.entry_price)}, "
            f"stop {plain(bracket.stop_price)}, targets {targets}, "
            f"risk {plain(bracket.risk_amount, 2)}, net reward/risk {plain(bracket.reward_risk, 2)}"
        )
