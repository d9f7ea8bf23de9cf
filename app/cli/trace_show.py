"""`plangate traces show`: one decision whole, one node of it, one prompt, or its bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.parameters import AsJson

RunId = Annotated[str, typer.Argument(help="Run id or its beginning, as `traces list` shows it.")]
WhichSession = Annotated[
    str | None, typer.Option("--session", help="Which session, when several have this run.")
]
Nodes = Annotated[
    list[str] | None,
    typer.Option(
        "--node", metavar="NAME", help="Only plan, or of several plan#2; may be given again."
    ),
]
Number = Annotated[
    int | None,
    typer.Option(
        "--prompt",
        metavar="N",
        help="The N-th prompt exactly as the model was sent it, with roles and tool schemas; -1 is "
        "the last.",
    ),
]


def show(
    run_id: RunId,
    session: WhichSession = None,
    node: Nodes = None,
    prompt: Number = None,
    full: Annotated[bool, typer.Option("--full", help="Whole texts, nothing cut.")] = False,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="Events as they are stored, then their texts, as JSON Lines."),
    ] = False,
    chart: Annotated[
        Path | None, typer.Option(help="Write the chart that its models saw to this PNG file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one decision: its nodes in short, then prompts, tool calls, verdicts, fills of each.

    Such as: plangate traces show 20190408 --node review, or --prompt 1, or
    --raw | grep model_answered. What cannot be seen in a text is made visible.
    """
    from app.cli.output import json_text, print_json
    from app.trace_reader import read_trace
    from domain.errors import ConfigError

    if prompt is not None and (raw or node):
        raise ConfigError("--prompt shows a prompt whole: take it without --raw and --node")
    with read_trace(run_id, session) as trace:
        if chart is not None:
            trace.write_chart(chart)
        if raw:
            for line in trace.raw(node or ()):
                typer.echo(json_text(line))
        elif prompt is not None:
            sent, read_blob = trace.prompt(prompt), trace.store.blobs.get
            if as_json:
                print_json(sent.document(read_blob))
            else:
                typer.echo(sent.render(read_blob))
        elif as_json:
            print_json(trace.document(node or ()))
        else:
            typer.echo(trace.render(full=full, nodes=node or ()))
