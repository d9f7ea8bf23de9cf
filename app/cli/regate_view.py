"""Re-gating on the terminal: what flips and why, then what would have come of it, and how sure."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app.cli.output import out

SHOWN_COUNT = 40
"""Flips that are listed; --json has them all."""


def show(document: dict[str, Any]) -> None:
    """Print one session under another policy."""
    console = out()
    _show_head(document)
    _show_flips(document["flips"])
    _show_codes(document["codes"])
    walk = document["walk"]
    if walk is None:
        console.print(f"\nnot traded through: {document['no_walk']}", markup=False)
    else:
        _show_walk(walk)
        if missing := document["decisions_count"] - walk["decisions_count"]:
            console.print(f"{missing} decisions lie after the end of the data and were not traded")
    _show_proof(document["proof"])
    console.print(f"\n{document['disclaimer']}", style="dim")


def _show_proof(proof: dict[str, Any] | None) -> None:
    if proof is None:
        return
    if proof["difference"]:
        out().print(f"\nTHE GRAPH SAYS OTHERWISE  {proof['difference']}", markup=False)
        return
    out().print(
        f"\nthe graph says the same: {proof['plans_count']} plans of {proof['decisions_count']} "
        "decisions, verdict by verdict and code by code",
        markup=False,
    )


def show_grid(document: dict[str, Any]) -> None:
    """Print one session under many policies."""
    from rich.markup import escape
    from rich.table import Table

    console, trials = out(), document["trials"]
    _show_head(document)
    table = Table(box=None, pad_edge=False)
    for column in ("", "limits", "flips", "trades", "net", "more than own [95 %]", "drawdown"):
        table.add_column(escape(column), no_wrap=True)
    for trial in trials:
        best = "*" if trial["values"] == document["best"] else ""
        table.add_row(best, *map(escape, _trial(trial)))
    console.print()
    console.print(table)
    console.print("flips: approved to denied / denied to approved / another version")
    _show_warning(document)
    console.print(f"\n{document['disclaimer']}", style="dim")


def _trial(trial: dict[str, Any]) -> list[str]:
    values = "\n".join(f"{key}={value}" for key, value in trial["values"].items())
    kinds = ("approved to denied", "denied to approved", "another version")
    flips = "/".join(str(trial["flips"].get(kind, 0)) for kind in kinds)
    purses = trial["outcomes"] or []
    if len(purses) != 1:
        return [values, flips, *["-"] * 4]
    (one,) = purses
    more = _money(trial["more_than_own"], trial["interval"])
    drawdown = _percent(one["max_drawdown_fraction"])
    return [values, flips, str(one["trades_count"]), f"{one['net']:+.2f}", more, drawdown]


def _show_warning(document: dict[str, Any]) -> None:
    console, count, p = out(), len(document["trials"]), document["reality_check_p"]
    if document["best"] is None:
        console.print(f"\nnot ranked: {document['no_walk'] or 'several currencies'}", markup=False)
        return
    chance = "too few moments to say how often chance does as well"
    if p is not None:
        chance = (
            f"if none were any better, the best of them would look this good in {p:.0%} of cases"
        )
    console.print(
        f"\n* earned the most of {count} trials on one past. The best of many is better than it "
        f"will be again: {chance} (White's reality check). Choose on one period, judge on another.",
    )


def _show_head(document: dict[str, Any]) -> None:
    console = out()
    console.print(
        f"{document['session']}: {document['decisions_count']} decisions over "
        f"{document['market']}, {document['from']} to {document['to']}",
        markup=False,
    )
    console.print(
        f"{document['judged_count']} of {document['plans_count']} recorded plans judged again, "
        "each on the facts that the gate saw then; no model was asked",
        markup=False,
    )
    for why, count in document["not_judged"].items():
        console.print(f"  {count} not: {why}", markup=False)
    if document["by_hand_count"]:
        console.print(
            f"  {document['by_hand_count']} words of an operator are part of the session and are "
            "not said again",
            markup=False,
        )


def _show_flips(flips: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = out()
    kinds = Counter(row["flip"] or "only on the walk" for row in flips)
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing flips"
    console.print(f"\n{told}", style="bold", markup=False)
    if not flips:
        return
    table = Table(box=None, pad_edge=False)
    for column in ("decision", "symbol", "as it stood", "because", "on the walk"):
        table.add_column(column, overflow="fold")
    for row in flips[:SHOWN_COUNT]:
        walked = row["walked"]
        words = (
            row["as_of"],
            row["symbol"],
            row["flip"] or "as it was",
            _because(row),
            "-" if walked is None else f"{walked['was']} > {walked['now']}",
        )
        table.add_row(*map(escape, words))
    console.print(table)
    if len(flips) > SHOWN_COUNT:
        console.print(f"and {len(flips) - SHOWN_COUNT} more: --json has them all")


def _because(row: dict[str, Any]) -> str:
    codes = [each["code"] for each in row["because"]]
    if codes:
        return ", ".join(codes)
    if row["flip"] is not None:
        return (
            "no longer " + ", ".join(row["no_longer"]) if row["no_longer"] else "nothing denies it"
        )
    return ", ".join(row["walked_codes"]) or "the account is another"


def _show_codes(codes: list[dict[str, Any]]) -> None:
    changed = [row for row in codes if row["was"] != row["now"]]
    if changed:
        told = ", ".join(f"{row['code']} {row['was']} > {row['now']}" for row in changed)
        out().print(f"\nplans denied by code: {told}", markup=False)


def _show_walk(walk: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = out()
    console.print("\ntraded through on paper", style="bold")
    table = Table(box=None, pad_edge=False)
    for column in ("", "its own policy", "the other one"):
        table.add_column(column, overflow="fold")
    for was, now, more in zip(walk["was"], walk["now"], walk["difference"], strict=True):
        for name, row in _figures(was, now):
            table.add_row(escape(name), *map(escape, row))
        name = f"difference, {more['currency']} [95 %]"
        table.add_row(escape(name), "", escape(_money(more["net"], more["interval"])))
    console.print(table)
    unknown = walk["unknown_count"]
    if unknown:
        console.print(
            f"{unknown} decisions end where the model would have been asked once more: what it "
            "would have said is unknown, and nothing was traded",
        )
    console.print(
        f"data: {walk['market']}, filled on {walk['filled_on']} bars with fees and slippage as in "
        "the session; both walks begin with an empty account. Intervals are 95 % from a circular "
        "block bootstrap of what was earned between decisions: they know this past alone.",
        markup=False,
    )


def _figures(was: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, list[str]]]:
    both = (was, now)
    return [
        (f"net, {now['currency']} [95 %]", [_money(o["net"], o["net_interval"]) for o in both]),
        ("return", [_percent(o["return_fraction"]) for o in both]),
        ("worst drawdown [95 %]", [_drawdown(o) for o in both]),
        ("exposure, mean", [_percent(o["exposure_fraction"]) for o in both]),
        ("something held", [_percent(o["held_fraction"]) for o in both]),
        ("trades closed, open", [f"{o['trades_count']}, {o['open_count']}" for o in both]),
        ("winners", [_percent(o["win_fraction"]) for o in both]),
        ("mean R", ["-" if o["mean_r"] is None else f"{o['mean_r']:.2f}" for o in both]),
    ]


def _money(value: float, ends: list[float] | None) -> str:
    return f"{value:+.2f} {_between(ends, '{:+.2f}')}"


def _drawdown(outcome: dict[str, Any]) -> str:
    ends = outcome["drawdown_interval"]
    return f"{_percent(outcome['max_drawdown_fraction'])} {_between(ends, '{:.1%}')}"


def _between(ends: list[float] | None, form: str) -> str:
    if ends is None:
        return "[too few to say]"
    return f"[{form.format(ends[0])} to {form.format(ends[1])}]"


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{fraction:.1%}"
