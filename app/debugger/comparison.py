"""The branches of a run side by side: where they parted, their plans, verdicts, tokens and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traces.view_words import visible

if TYPE_CHECKING:
    from rich.table import Table

    from domain.verdict import Verdict
    from graph.branches import Branch
    from graph.debugger import Debugger


def compared(debugger: Debugger) -> list[tuple[str, list[str]]]:
    """Rows: what is compared, and the words of each branch in the order of the branches."""
    columns = [_column(debugger, branch) for branch in debugger.branches.values()]
    return [(name, [column[name] for column in columns]) for name in columns[0]]


def comparison_page(debugger: Debugger) -> Table:
    """The rows as a table; what differs stands out."""
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, pad_edge=False)
    for name, words in compared(debugger):
        style = "bold" if len(set(words)) > 1 else "dim"
        table.add_row(name, *(Text(visible(each), style=style) for each in words))
    return table


def _column(debugger: Debugger, branch: Branch) -> dict[str, str]:
    stop = branch.stop
    state: dict[str, Any] = dict(stop.state)
    verdict = debugger.verdict(branch)
    here = " (here)" if branch is debugger.branch else ""
    return {
        "branch": branch.name + here,
        "forked": f"from {branch.parent}, before {branch.forked_before or 'the end'}"
        if branch.parent
        else "-",
        "stands": f"before {stop.node}" if stop.node else "at the end",
        "answer": str(state.get("answer", "-")),
        "plan": _plan(state.get("draft")),
        **_judged(verdict),
        "outcome": " ".join([state.get("outcome") or "-", *state.get("codes", [])])
        if stop.node is None
        else "-",
        "tokens": f"{state.get('input_tokens', 0)} + {state.get('output_tokens', 0)}",
        "cost": "unknown"
        if state.get("cost_usd", "0") is None
        else f"{state.get('cost_usd', '0')} USD",
        "calls": f"{state.get('model_calls', 0)} of models, {state.get('tool_calls', 0)} of tools",
    }


def _plan(draft: dict[str, Any] | None) -> str:
    if not draft:
        return "-"
    targets = ", ".join(str(target["price"]) for target in draft.get("targets") or [])
    entry = draft.get("entry") or "market"
    if "side" not in draft and not targets:
        return "exit"
    stop = draft.get("invalidation")
    return f"{draft.get('side', 'replan')} at {entry}, stop {stop}, targets {targets or '-'}"


def _judged(verdict: Verdict | None) -> dict[str, str]:
    if verdict is None:
        return {"verdict": "-", "size": "-", "reward/risk": "-"}
    bracket = verdict.bracket
    return {
        "verdict": "approved" if verdict.approved else "denied " + ", ".join(verdict.codes),
        "size": str(bracket.quantity) if bracket else "-",
        "reward/risk": f"{bracket.reward_risk:.2f}" if bracket else "-",
    }
