"""`plangate traces stats`: what decisions took, by node and by tool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from app.cli import choosing
from app.cli.parameters import AsJson


def stats(
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
    as_json: AsJson = False,
) -> None:
    """Add up what decisions took: time by node and tool, tokens, money, caches, denials, failures.

    Times are milliseconds of the wall clock: median, 95th percentile, most. A node's is from where
    the one before it stopped recording; a tool's is of calls that no cache answered, and its money
    its answers' share of each prompt's. Money by day, model and symbol: plangate cost.
    Such as: plangate traces stats --session NAME --since 7d
    """
    asked = locals()
    from app.cli.bars import Bars
    from app.cli.output import print_json
    from app.home import database_place
    from app.trace_choice import nothing_words
    from app.trace_sums import stats_document

    chosen = choosing.chosen_by(asked)
    with Bars(quiet=as_json) as bars:
        bar = None

        def told(count: int) -> None:
            nonlocal bar
            bar = bars.add("decisions", None) if bar is None else bar
            bars.move(bar, count, "")

        document = stats_document(chosen, told)
    if document is None or not document["decisions_count"]:
        typer.echo(nothing_words(database_place()), err=True)
    elif not as_json:
        _show(document)
    if as_json:
        print_json(document or {"schema": "plangate.traces.stats/1", "decisions_count": 0})


def _show(document: dict[str, Any]) -> None:
    from app.cli.output import out

    for line in _lines(document):
        out().print(line, markup=False, soft_wrap=True)
    nodes = [
        (
            name,
            f"{node['visits_count']:,}",
            *_spread(node["took_ms"]),
            f"{node['model_calls']:,}",
            f"{node['input_tokens']:,} + {node['output_tokens']:,}",
            _usd(node),
        )
        for name, node in document["nodes"].items()
    ]
    _table(("node", "visits", "p50 ms", "p95 ms", "max ms", "calls", "tokens", "USD"), nodes)
    tools = [
        (
            name,
            f"{tool['calls_count']:,}",
            *_spread(tool["latency_ms"]),
            f"{tool['cached_count']:,}",
            f"{tool['partial_count']:,}",
            _usd(tool),
        )
        for name, tool in document["tools"].items()
    ]
    _table(("tool", "calls", "p50 ms", "p95 ms", "max ms", "cached", "in part", "USD"), tools)
    for title in ("denials", "refusals", "failures"):
        rows = [(code, f"{count:,}") for code, count in document[title].items()]
        _table((_TITLES[title], "times"), rows)


_TITLES = {
    "denials": "denied by the gate for",
    "refusals": "refused by the desk",
    "failures": "failed",
}


def _lines(document: dict[str, Any]) -> Iterator[str]:
    outcomes = ", ".join(f"{count:,} {name}" for name, count in document["outcomes"].items())
    yield f"decisions    {document['decisions_count']:,}: {outcomes}"
    took, models = document["duration_ms"], document["models"]
    yield f"a decision   {_ms(took)} ms"
    if models["count"]:
        yield f"a model call {_ms(models)} ms, of {models['count']:,}"
    yield (
        f"tokens       {document['input_tokens']:,} + {document['output_tokens']:,}, "
        f"{_percent(models['cache_hit_fraction'])} of the prompts' from the provider's cache"
    )
    yield f"cost         {_usd(document)} USD"
    yield f"tools        {_percent(document['tool_cache_hit_fraction'])} of calls from the cache"


def _ms(figures: dict[str, Any]) -> str:
    p50, p95, most = _spread(figures)
    return f"{p50} (p50), {p95} (p95), {most} (most)"


def _spread(figures: dict[str, Any]) -> tuple[str, ...]:
    found = (figures[name] for name in ("p50", "p95", "max"))
    return tuple("" if ms is None else f"{ms:,.0f}" if ms >= 10 else f"{ms:.1f}" for ms in found)


def _percent(fraction: float | None) -> str:
    return "none" if fraction is None else f"{fraction:.1%}"


def _usd(figures: dict[str, Any]) -> str:
    if figures["usd"] is not None:
        return f"{float(figures['usd']):.4f}"
    return f"{float(figures['known_usd']):.4f} and {figures['unknown_count']:,} of unknown cost"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from app.cli.output import out
    from traces.view_words import visible

    if not rows:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, title in enumerate(titles):
        table.add_column(title, justify="right" if index else "left", min_width=0 if index else 24)
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    out().print()
    out().print(table)
