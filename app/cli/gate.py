"""`plangate gate`: the deterministic gate by itself, without a model."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.parameters import AsJson

if TYPE_CHECKING:
    from rich.table import Table

    from domain.verdict import Verdict
    from policies.case import Case
    from policies.selftest import Row

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
    policy: Annotated[
        Path | None,
        typer.Option(help="TOML file or preset, for what the case's own policy does not say."),
    ] = None,
    nearest: Annotated[
        Path | None,
        typer.Option(help="Write the case with the nearest acceptable plan here, if there is one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the gate approves the plan in CASE, and every finding.

    A denial says what would pass. Exits with 0 when approved and with 5 when denied.
    """
    from app.cli.output import print_json
    from domain.verdict import Denied
    from policies.case import Case
    from policies.document import read_case, verdict_document
    from policies.gate import review
    from policies.nearest import advised
    from policies.policy_file import load_policy

    parsed = read_case(_read(case), load_policy(policy))
    verdict = parsed if isinstance(parsed, Denied) else advised(parsed, review(parsed))
    if as_json:
        print_json({"schema": "plangate.verdict/1", **verdict_document(verdict)})
    else:
        _show(verdict)
    if nearest is not None and isinstance(parsed, Case):
        _write_nearest(nearest, parsed, verdict)
    if not verdict.approved:
        raise typer.Exit(EXIT_DENIED)


@app.command()
def selftest(
    policy: Annotated[
        Path | None, typer.Option(help="TOML file or preset; the defaults without one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show each rule pass just inside its edge and fire just outside, under a policy.

    A made-up specimen is moved across each limit and the edge found by halving. Exits with 1 when a
    rule does not hold, which is a bug.
    """
    from app.cli.output import out, print_json
    from policies.policy_file import load_policy
    from policies.selftest import selftest as rows_of

    rows = list(rows_of(load_policy(policy)))
    if as_json:
        print_json({"schema": "plangate.selftest/1", "rows": [row._asdict() for row in rows]})
    else:
        out().print(_selftest_table(rows))
        counts = Counter(row.result for row in rows)
        off = f", {counts['off']} switched off by this policy" if counts["off"] else ""
        typer.echo(f"{counts['holds']} of {len(rows)} controls hold{off}")
    if any(row.result == "broken" for row in rows):
        raise typer.Exit(1)


def _selftest_table(rows: list[Row]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("", "code", "moved", "passes at", "fires at", "limit"):
        table.add_column(column, overflow="fold", no_wrap=column == "code")
    for row in rows:
        mark = {"holds": "[green]✓[/]", "off": "[yellow]-[/]", "broken": "[red]✗[/]"}[row.result]
        words = (row.code, row.moved, row.inside, row.outside, row.limit)
        table.add_row(mark, *map(escape, words))
    return table


@app.command()
def schema() -> None:
    """Print the JSON Schema of a case."""
    from app.cli.output import print_json
    from policies.document import case_schema

    print_json(case_schema())


@app.command(name="case")
def case_(
    run: Annotated[str, typer.Argument(help="Run id, or its beginning; see plangate traces list.")],
    session: Annotated[str | None, typer.Option(help="The session, where runs repeat.")] = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="Which plan of the run; the last without it.")
    ] = None,
) -> None:
    """Print the case of a recorded decision: what the gate saw, complete and exact.

    Feed it back, as it is or changed: plangate gate case RUN | plangate gate check -
    """
    from app.trace_reader import read_case_text

    typer.echo(read_case_text(run, session, version))


def _write_nearest(path: Path, case: Case, verdict: Verdict) -> None:
    from dataclasses import replace

    from app.cli.output import err
    from domain.errors import ConfigError
    from domain.strict_json import exact
    from policies.case_document import case_document

    found = verdict.nearest
    if found is None or found.draft is None:
        err().print(f"{path} is not written: no change of the plan would pass", markup=False)
        return
    size = case.quantity if found.quantity is None else found.quantity
    changed = replace(case, draft=found.draft, quantity=size)
    try:
        path.write_text(exact(case_document(changed)) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {str(path)!r}: {error.strerror}") from error


def _read(case: Path) -> str:
    from domain.errors import ConfigError
    from policies.document import MAX_CASE_BYTES

    try:
        if str(case) == "-":
            raw = sys.stdin.buffer.read(MAX_CASE_BYTES + 1)
        else:
            with case.open("rb") as file:
                raw = file.read(MAX_CASE_BYTES + 1)
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
    from rich.markup import escape
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
        table.add_row(mark, *map(escape, (finding.code, measured, finding.limit, finding.unit)))
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
