"""What was not traded, on the terminal: each rule with its cases and how sure its figure is."""

from __future__ import annotations

from typing import Any

from app.cli.output import out


def show_shadow(document: dict[str, Any]) -> None:
    """Print the shadow report."""
    console = out()
    count = len(document["plans"])
    console.print(
        f"{document['session']}: {document['decisions_count']} decisions; {count} plans were made "
        "and not traded, each followed on its own",
        markup=False,
    )
    if document["plans"]:
        _table("why it was not traded", document["by_why"])
        _table("by rule; a plan that several denied counts under each", document["by_code"])
        console.print(
            "\nsum R: what they would have made; below 0 is what the rule saved, above 0 what it "
            "cost. mean R with its 95 % interval (circular block bootstrap): where it holds 0, "
            "nothing is shown either way.",
        )
    for why, cases in document["not_followed"].items():
        console.print(f"{cases} not followed: {why}", markup=False)
    nothing = ", ".join(f"{n} {outcome}" for outcome, n in document["without_a_plan"].items())
    if nothing:
        console.print(f"without a plan, so nothing to follow: {nothing}", markup=False)
    console.print(
        f"data: {document['market']}, filled on {document['filled_on']} bars with fees and "
        "slippage; stops stay where they were planned, and nothing else is in the account",
        markup=False,
    )
    console.print(f"\n{document['disclaimer']}", style="dim")


def _table(title: str, rules: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    out().print(f"\n{title}", style="bold", markup=False)
    table = Table(box=None, pad_edge=False)
    names = ("", "cases", "alone", "closed", "never filled", "unknown", "sum R", "mean R [95 %]")
    for column in (*names, "net"):
        table.add_column(column, overflow="fold")
    for rule in rules:
        table.add_row(
            escape(rule["code"]),
            *(str(rule[f"{name}_count"]) for name in ("cases", "alone", "closed")),
            *(str(rule[f"{name}_count"]) for name in ("never_filled", "not_known")),
            f"{rule['sum_r']:+.2f}",
            escape(_mean(rule)),
            "-" if rule["net"] is None else f"{rule['net']:+.2f}",
        )
    out().print(table)


def _mean(rule: dict[str, Any]) -> str:
    if rule["mean_r"] is None:
        return "-"
    ends = rule["mean_interval"]
    between = "too few to say" if ends is None else f"{ends[0]:+.2f} to {ends[1]:+.2f}"
    return f"{rule['mean_r']:+.2f} [{between}]"
