"""`plangate traces otlp`: recorded decisions as spans of OpenTelemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import choosing
from app.cli.parameters import AsJson

if TYPE_CHECKING:
    from rich.progress import TaskID

    from app.cli.bars import Bars


def otlp(
    runs: Annotated[
        list[str] | None,
        typer.Argument(help="Run ids or their beginnings; none: those that the options choose."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Collector, such as http://127.0.0.1:4318 [default: OTEL_EXPORTER_OTLP_ENDPOINT]",
        ),
    ] = None,
    session: choosing.Session = None,
    symbol: choosing.Symbol = None,
    outcome: choosing.Outcome = None,
    code: choosing.Code = None,
    model: choosing.ModelName = None,
    since: choosing.Since = None,
    until: choosing.Until = None,
    as_json: AsJson = False,
) -> None:
    """Hand decisions to a collector of OpenTelemetry as spans with OpenInference attributes.

    Phoenix, Jaeger, Langfuse, Grafana and others take OTLP/HTTP. Without runs and filters it is the
    session that decided last. Spans are made of the redacted trace alone; the same decision is the
    same ids each time. OTEL_EXPORTER_OTLP_HEADERS is obeyed (and never written anywhere); where
    OTEL_EXPORTER_OTLP_ENDPOINT is set, plangate run exports each decision as it is made.

    Such as: plangate traces otlp --to http://127.0.0.1:6006 --since 7d
    """
    asked = locals()
    from app.cli.bars import Bars
    from app.cli.output import print_json
    from app.home import database_place
    from app.trace_choice import nothing_words
    from app.trace_spans import hand_over

    chosen = choosing.chosen_by(asked)
    with Bars(quiet=as_json) as bars:
        document = hand_over(runs or [], chosen, to, _Bar(bars))
    if as_json:
        print_json(document)
    elif document["runs_count"]:
        typer.echo(
            f"{document['spans_count']} spans of {document['runs_count']} decisions were taken by "
            f"{document['collector']}"
        )
    else:
        typer.echo(nothing_words(database_place()), err=True)


class _Bar:
    """Shown from the first decision on."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._bar: TaskID | None = None

    def __call__(self, done: int, whole: int) -> None:
        """Move it there."""
        self._bar = self._bars.add("decisions", whole) if done == 1 else self._bar
        self._bars.move(self._bar, done, "")
