"""The screen of `plangate step`: where the run stands, and what a person may type."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from agent.picture import pictures_of
from app.cli.output import out
from graph.build import NODES

if TYPE_CHECKING:
    from graph.debugger import Debugger

HELP = """\
n, Enter        run the next node
c               run to the end of this decision
s [FIELD]       show the state, or one field of it
p               show the prompt as the model sees it
v               show the last verdict
e FIELD VALUE   edit, such as: e draft.targets.0.price 43000
b               back to the stop before; going on from there takes a new branch
q               quit; what has ended is kept"""


class StepView:
    """Reads one line, prints one answer; works on a terminal and through a pipe."""

    def where(self, debugger: Debugger) -> None:
        """The graph as a line, with the place marked."""
        stop = debugger.stop
        console = out()
        names = [f"[bold reverse] {n} [/]" if n == stop.node else n for n in NODES]
        console.print()
        console.print(
            f"[bold]{stop.state['symbol']}[/] {stop.state['as_of']}  "
            + (f"stopped before [bold]{stop.node}[/]" if stop.node else "[bold]at the end[/]")
        )
        console.print(" ".join(names))
        if trail := debugger.trail:
            console.print("so far: " + " → ".join(trail), style="dim")
        self._brief(debugger)

    def _brief(self, debugger: Debugger) -> None:
        state = debugger.stop.state
        if debugger.stop.came_from == "review":
            self._verdict(debugger)
        elif state.get("draft"):
            out().print("draft: " + json.dumps(state["draft"]), markup=False)
        if outcome := state.get("outcome"):
            words = f"outcome: {outcome} {' '.join(state['codes'])} {state['reason']}"
            out().print(words[:400], markup=False)

    def ask(self, debugger: Debugger) -> list[str]:
        """The next command as words; Enter is `n`, end of input is `q`."""
        prompt = "end> " if debugger.stop.node is None else f"{debugger.stop.node}> "
        try:
            line = input(prompt)
        except EOFError:
            return ["q"]
        words = line.split()
        return words or ["n"]

    def show(self, words: list[str], debugger: Debugger) -> None:
        """A command that only looks."""
        match words:
            case ["s"]:
                self._json(dict(debugger.stop.state))
            case ["s", field] if field in debugger.stop.state:
                self._json(dict(debugger.stop.state)[field])
            case ["p"]:
                for message in debugger.messages():
                    out().rule(message.type)
                    out().print(message.text or self._calls(message), markup=False)
                    for picture, _ in pictures_of(message):
                        shown = f"[picture {picture.blob[:12]}] {picture.caption}"
                        out().print(shown, markup=False)
            case ["v"]:
                self._verdict(debugger)
            case _:
                out().print(HELP, markup=False)

    @staticmethod
    def _calls(message: Any) -> str:
        return "\n".join(
            f"{call['name']} {json.dumps(call['args'], default=str)}"
            for call in getattr(message, "tool_calls", [])
        )

    @staticmethod
    def _json(value: Any) -> None:
        out().print(json.dumps(value, indent=2, default=str), markup=False)

    @staticmethod
    def _verdict(debugger: Debugger) -> None:
        verdict = debugger.verdict()
        if verdict is None:
            out().print("no verdict yet")
            return
        head = "approved" if verdict.approved else "denied: " + ", ".join(verdict.codes)
        out().print(f"[bold]{head}[/]")
        if verdict.bracket:
            bracket = verdict.bracket
            out().print(
                f"{bracket.side} {bracket.quantity} at {bracket.entry_price}, stop "
                f"{bracket.stop_price}, net reward/risk {bracket.reward_risk:.2f}"
            )
        for finding in verdict.findings:
            if not finding.passed:
                out().print(f"✗ {finding.sentence}", markup=False)

    @staticmethod
    def complain(words: str) -> None:
        """A command that could not be done."""
        out().print(f"cannot: {words}", style="red", markup=False)

    @staticmethod
    def notice(words: str) -> None:
        """Something a person should know of."""
        out().print(words, style="yellow", markup=False)

    @staticmethod
    def ended(final: dict[str, Any]) -> None:
        """One decision is over."""
        out().print(f"decision ended: {final['outcome']}", style="bold")

    @staticmethod
    def goodbye(session: str) -> None:
        """The person leaves."""
        out().print(f"left session {session}; what had ended is kept")
