"""`plangate traces diff`: two decisions held against each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from app.cli.parameters import AsJson

SHOWN_ROWS = 12
"""So many differences of a part are shown."""
CUT_CHARACTERS = 60
"""A value is shown this long."""

_TITLES = {
    "begun": "decision",
    "market": "market",
    "prompt": "prompt",
    "answers": "what the model said",
    "tools": "tools",
    "plan": "plan",
    "opinions": "second opinions",
    "verdict": "verdict",
    "fills": "fills",
    "outcome": "outcome",
    "spent": "tokens and money",
}


def diff(
    a: Annotated[str, typer.Argument(help="Run id or its beginning.", metavar="A")],
    b: Annotated[str, typer.Argument(help="The other one.", metavar="B")],
    session: Annotated[
        list[str] | None,
        typer.Option("--session", help="Of both; given twice: of A, then of B."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Every difference, nothing cut.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare two decisions: market, prompt, tools, plan, verdict, fills, tokens and money.

    Where they part comes first. Wall times and ids are no difference; texts that differ in
    numbers alone are told by their numbers. Two sessions over the same market have the same run
    ids. Such as: plangate traces diff RUN RUN --session monday --session tuesday
    """
    from app.cli.output import print_json
    from app.trace_reader import compare
    from traces.view_words import visible

    document = compare(a, b, session or [])
    if as_json:
        print_json(document)
        return
    for line in _lines(document, full=full):
        typer.echo(visible(line))


def _lines(document: dict[str, Any], *, full: bool) -> Iterator[str]:
    for name in ("a", "b"):
        yield f"{name}  {document[name]['run_id']}  session {document[name]['session']}"
    if document["equal"]:
        yield "equal: the same was seen, asked, answered, judged, done and spent"
        return
    yield f"first difference: {_first(document['first'])}"
    same = [_TITLES[part] for part, rows in document["parts"].items() if not rows]
    yield f"the same: {', '.join(same) or 'nothing'}"
    for part, rows in document["parts"].items():
        if rows:
            yield ""
            yield _TITLES[part]
            shown = rows if full else rows[:SHOWN_ROWS]
            for row in shown:
                yield from (f"  {line}" for line in _row(row, full=full))
            if len(shown) < len(rows):
                yield f"  … {len(rows) - len(shown)} more (--full shows them)"


def _first(first: dict[str, Any]) -> str:
    """Where they part: node and kind of event, and what of it."""
    a, b = (
        "nothing more" if kind is None else f"{node} ({kind})"
        for node, kind in zip(first["nodes"], first["kinds"], strict=True)
    )
    where = f"event {first['event']}, {a}" + ("" if a == b else f" against {b}")
    if not first["rows"]:
        return where
    row = first["rows"][0]
    return f"{where}: {row['where']} {_value(row['a'])} → {_value(row['b'])}"


def _row(row: dict[str, Any], *, full: bool) -> Iterator[str]:
    if "numbers" in row:
        pairs = row["numbers"] if full else row["numbers"][:SHOWN_ROWS]
        more = len(row["numbers"]) - len(pairs)
        told = ", ".join(f"{a} → {b}" for a, b in pairs)
        yield f"{row['where']}: only numbers differ: {told}" + (f", {more} more" if more else "")
    elif "lines" in row:
        yield f"{row['where']}:"
        lines = row["lines"] if full else row["lines"][: 2 * SHOWN_ROWS]
        yield from (f"  {line if full else _cut(line, 92)}" for line in lines)
        if len(lines) < len(row["lines"]):
            yield f"  … {len(row['lines']) - len(lines)} more lines (--full shows them)"
    elif full:
        yield f"{row['where']}: {_whole(row['a'])} → {_whole(row['b'])}"
    else:
        yield f"{row['where']}: {_value(row['a'])} → {_value(row['b'])}"


def _value(value: Any) -> str:
    if isinstance(value, list) and len(value) > SHOWN_ROWS:
        return f"({len(value)} rows)"
    return _cut(_whole(value), CUT_CHARACTERS)


def _whole(value: Any) -> str:
    from traces.view_words import compact

    if value is None:
        return "nothing"
    return value if isinstance(value, str) else compact(value)


def _cut(text: str, most: int) -> str:
    line = text.replace("\n", " ")
    return line if len(line) <= most else f"{line[: most - 1]}…"
