"""What a person sees of a run: live progress, then the decisions worth a look and the report."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.cli.bars import Bars
from app.cli.output import err, out, print_json
from app.cli.report_view import show_report
from app.report_words import model_words

if TYPE_CHECKING:
    from rich.progress import TaskID

    from app.run_command import Ran
    from app.wire import Wired

SHOWN_DECISIONS_COUNT = 24


class RunView(Bars):
    """Live progress on standard error; silent when `quiet`."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self._bar: TaskID | None = None
        self._outcomes: Counter[str] = Counter()
        self._wired: Wired | None = None

    def begin(self, wired: Wired, slots: int | None) -> None:
        """Say what is run, on which data, and start the bar."""
        self._wired = wired
        if self.quiet:
            return
        console = err()
        info, context = wired.info, wired.context
        window = (
            f", {wired.window[0]:%Y-%m-%d} to {wired.window[1]:%Y-%m-%d}" if wired.window else ""
        )
        console.print(f"[bold]{context.journal.session}[/]  {', '.join(context.symbols)}{window}")
        console.print(f"data    {info.origin}: {info.description}", markup=False)
        if "order_book" not in info.offers:
            console.print("book    modelled from candles (the data has none)")
        if faults := context.journal.config().get("faults"):
            console.print(f"faults  on purpose: {faults}", style="yellow", markup=False)
        console.print(f"model   {model_words(context.planner.model_name)}")
        self._bar = self.add("deciding", slots)

    def trouble(self, words: str) -> None:
        """Say it, also to those who asked for JSON."""
        err().print(f"will be tried again: {words}", markup=False)

    def notice(self, words: str) -> None:
        """Say it, also to those who asked for JSON."""
        err().print(words, style="yellow", markup=False)

    def decided(self, slot: datetime, final: dict[str, Any]) -> None:
        """Move the bar on."""
        self._outcomes[final["outcome"]] += 1
        counts = "  ".join(f"{name} {n}" for name, n in sorted(self._outcomes.items()))
        self.move(self._bar, self._outcomes.total(), counts, f"{slot:%Y-%m-%d %H:%M}")


def show_result(ran: Ran, *, as_json: bool) -> None:
    """The document itself, or the table of decisions and the report."""
    if as_json:
        print_json(ran.document)
        return
    show_decisions(ran.document)
    show_report(ran.report)
    _say_where(ran.document)


def show_decisions(document: dict[str, Any]) -> None:
    """One row per plan version; runs without a plan are counted, not listed."""
    from rich.table import Table

    with_plan = [d for d in document["decisions"] if d["versions"] or d["outcome"] == "exit"]
    table = Table(box=None, pad_edge=False, title="decisions with a plan", title_justify="left")
    for column in ("as of", "symbol", "v", "plan", "net R/R", "verdict"):
        table.add_column(column, no_wrap=column != "verdict", overflow="fold")
    for decision in with_plan[-SHOWN_DECISIONS_COUNT:]:
        _add_rows(table, decision)
    out().print()
    out().print(table)
    hidden = len(with_plan) - min(len(with_plan), SHOWN_DECISIONS_COUNT)
    without = len(document["decisions"]) - len(with_plan)
    out().print(
        f"{without} decisions proposed nothing"
        + (f"; {hidden} earlier ones with a plan are not shown" if hidden else ""),
        style="dim",
    )


def _add_rows(table: Any, decision: dict[str, Any]) -> None:
    moment = decision["as_of"][:16].replace("T", " ")
    if decision["outcome"] == "exit":
        table.add_row(moment, decision["symbol"], "", "exit", "", "exit sent")
    newest = decision["versions"][-1] if decision["versions"] else None
    for version in decision["versions"]:
        draft, verdict = version["draft"], version["verdict"]
        ok = verdict["verdict"] == "approved"
        turned_down = decision.get("opinions", {}).get("code") if version is newest else None
        bracket = verdict.get("bracket") or {}
        targets = "/".join(t["price"] for t in draft["targets"])
        entry = draft["entry"] or "market"
        words = "[green]approved[/]" if ok else f"[red]denied[/] {', '.join(verdict['codes'])}"
        if ok and turned_down:
            words = f"[red]turned down[/] {turned_down}"
        table.add_row(
            moment if version["version"] == 1 else "",
            decision["symbol"] if version["version"] == 1 else "",
            str(version["version"]),
            f"{draft['side']} {entry} → {targets}",
            f"{float(bracket['reward_risk']):.2f}" if bracket else "",
            words,
        )


def _say_where(document: dict[str, Any]) -> None:
    from app.home import database_place

    name = document["session"]["name"]
    planned = [d for d in document["decisions"] if d["revisions"] and d["outcome"] == "approved"]
    decisions = document["decisions"]
    example = (planned or decisions or [{"run_id": "RUN"}])[-1]["run_id"]
    out().print(f"\ntrace   {database_place()}", soft_wrap=True)
    out().print(f"look    plangate traces show {example} --session {name}", soft_wrap=True)
    out().print(f"again   plangate report --session {name} --html report.html", soft_wrap=True)
