"""The graph as it is drawn beside a run: where it stands, where it was, where it will stop."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graph.build import NODES
from traces.view_words import visible

if TYPE_CHECKING:
    from rich.text import Text

    from app.debugger.protocol import Stepped

DRAWING = """\
observe
  |
plan <-> call_tools
  |  ^
  v  |
review -> revise
  |  ^
  |  consult
  v  |
submit
  |
record"""
"""Every choice can also end at record."""


def graph_page(stepper: Stepped) -> Text:
    """The drawing with its marks, then breakpoints and branches."""
    from rich.text import Text

    debugger = stepper.debugger
    page = Text()
    for word in re.split(rf"({'|'.join(NODES)})", DRAWING):
        page.append(word, style=_style(stepper, word))
    page.append("\n\nbreakpoints\n", style="bold")
    page.append("\n".join(stepper.breakpoints.names) or "none (k)")
    page.append("\n\nbranches\n", style="bold")
    for name, branch in debugger.branches.items():
        mark = "> " if branch is debugger.branch else "  "
        page.append(visible(f"{mark}{name} {branch.stop.node or 'ended'}\n"))
    return page


def _style(stepper: Stepped, word: str) -> str:
    debugger = stepper.debugger
    if word not in NODES:
        return "dim"
    style = "bold reverse" if word == debugger.stop.node else ""
    style += " underline" if word in stepper.breakpoints.names else ""
    return style.strip() or ("bold" if word in debugger.trail else "dim")
