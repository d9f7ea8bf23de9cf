"""The `plangate` command: light to start, exits with a documented code, never with a traceback.

Exit codes:
    0    done
    1    a bug of ours
    2    wrong usage: an option, setting, policy key or API key; a cap on money that is reached
    3    market data missing or malformed, unknown symbol
    4    the outside world did not answer, or refused us
    5    `gate check` denied the plan
    6    the state folder or database cannot be used
    7    `reconcile`: the venue and the journal disagree
    8    `lookahead`: a decision saw, or may have seen, what came after it
    9    `traces verify`: something recorded was changed
    10   `replay`: a decision came out otherwise than it was recorded; `regate --prove`: the graph
         says otherwise
    130  interrupted; a session can be continued
"""

from __future__ import annotations

import os
import select
import sys
from typing import Annotated

import typer

from app.cli import (
    cost,
    data,
    deposit,
    doctor,
    export,
    feeds,
    gate,
    lists,
    lookahead,
    mcp,
    model,
    operate,
    paper,
    policy,
    regate,
    replay,
    report,
    run,
    step,
    tools,
    traces,
)
from domain.errors import (
    AccessRefused,
    ConfigError,
    DataError,
    OverBudget,
    PlangateError,
    StateError,
    Unreachable,
)

EXIT_BUG = 1
EXIT_INTERRUPTED = 130
EXIT_CODES: dict[type[PlangateError], int] = {
    ConfigError: 2,
    OverBudget: 2,
    DataError: 3,
    Unreachable: 4,
    AccessRefused: 4,
    StateError: 6,
}

app = typer.Typer(
    name="plangate",
    help=(
        "The model proposes, policy disposes, the broker acts, the journal remembers.\n\n"
        "Plans trades with an LLM (or with deterministic rules, the default), holds every plan "
        "before a deterministic gate, and trades what passes on paper.\n\n"
        "Start with: plangate run"
    ),
    epilog=(
        "Exit codes: 0 done, 1 bug, 2 usage or settings, 3 market data, 4 network or access, "
        "5 plan denied, 6 state folder, 7 venue and journal disagree, 8 look-ahead, "
        "9 traces changed, 10 replay or graph differs, 130 interrupted.  "
        "Paper trading only; no advice, no promise of profit."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(name="run")(run.run)
app.command(name="step")(step.step)
app.add_typer(traces.app, name="traces")
app.add_typer(gate.app, name="gate")
app.add_typer(policy.app, name="policy")
app.add_typer(feeds.app, name="feeds")
app.add_typer(paper.app, name="paper")
app.command(name="report")(report.report)
app.command(name="cost")(cost.cost)
app.command(name="regate")(regate.regate)
app.command(name="lookahead")(lookahead.lookahead)
app.command(name="replay")(replay.replay)
app.add_typer(lists.orders_app, name="orders")
app.command(name="positions")(lists.positions)
app.add_typer(lists.trades_app, name="trades")
app.add_typer(lists.plans_app, name="plans")
app.command(name="kill")(operate.kill)
app.command(name="flatten")(operate.flatten)
app.command(name="deposit")(deposit.deposit)
app.command(name="withdraw")(deposit.withdraw)
app.command(name="resume")(operate.resume)
app.command(name="reconcile")(operate.reconcile)
app.add_typer(model.app, name="model")
app.add_typer(tools.app, name="tools")
app.command(name="mcp")(mcp.mcp)
app.add_typer(data.app, name="data")
app.command(name="export")(export.export)
app.command(name="doctor")(doctor.doctor)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"plangate {version('plangate')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Typer needs a callback to carry `--version`, which acts by itself."""


def exit_code(error: PlangateError) -> int:
    """The documented exit code of an error."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), EXIT_BUG)


def main() -> None:
    """Run the command line; every error becomes one clear line and a documented exit code."""
    try:
        _run()
    except PlangateError as error:
        typer.echo(f"error: {_without_secrets(str(error))}", err=True)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except OSError as error:
        _stdout_failed(error)
    except Exception as error:  # noqa: BLE001  # outermost: a bug must not print a traceback
        _report_bug(error)
        sys.exit(EXIT_BUG)


def _run() -> None:
    """The command, and all of its output out of the door before the exit code is decided."""
    try:
        app()
    except SystemExit as ending:
        if isinstance(ending.__context__, BrokenPipeError):  # Click makes exit code 1 of it
            raise ending.__context__ from None
        sys.stdout.flush()
        raise


def _stdout_failed(error: OSError) -> None:
    """A reader that went away is no fault; a full disk is one, but not a bug of ours."""
    gone = isinstance(error, BrokenPipeError) and _reader_is_gone()
    # What is still to be flushed at the exit goes into nothing, without a word.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if gone:
        sys.exit(0)
    where = f": {str(error.filename)!r}" if error.filename else ""
    typer.echo(f"error: {error.strerror or error}{where}", err=True)
    sys.exit(EXIT_CODES[StateError])


def _reader_is_gone() -> bool:
    """Whether it was our own output that broke, not a connection to somewhere."""
    asked = select.poll()
    asked.register(sys.stdout.fileno(), 0)
    return any(told & (select.POLLERR | select.POLLHUP) for _, told in asked.poll(0))


def _without_secrets(words: str) -> str:
    """A provider's error may echo the key it was given."""
    from app.settings import load_settings
    from traces.redact import Redactor

    try:
        known = load_settings().secrets
    except ConfigError:
        known = {}
    return Redactor(known).text(words)


def _report_bug(error: Exception) -> None:
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    typer.echo(
        f"internal error: {type(error).__name__}: {_without_secrets(str(error))} "
        f"({frame.filename}:{frame.lineno}). "
        "This is a bug of plangate; what was committed is safe.",
        err=True,
    )
