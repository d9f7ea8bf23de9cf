"""The keys of the screen, in the order in which they are shown, and what each does."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("n", "say('n')", "next"),
    Binding("c", "say('c')", "continue"),
    Binding("b", "say('b')", "back"),
    Binding("k", "breakpoint", "break"),
    Binding("e", "edit", "edit"),
    Binding("f", "say('f')", "fork"),
    Binding("w", "say('w')", "switch"),
    Binding("s", "page('state')", "state"),
    Binding("p", "page('prompt')", "prompt"),
    Binding("t", "page('tools')", "tools"),
    Binding("v", "page('verdict')", "verdict"),
    Binding("x", "page('compare')", "compare"),
    Binding("colon", "command", "command", key_display=":", show=False),
    Binding("question_mark", "say('?')", "help", key_display="?"),
    Binding("escape", "break_off", "break off", show=False),
    Binding("q", "leave", "quit"),
    Binding("ctrl+c,ctrl+q", "interrupt", "quit", show=False, priority=True),
]
"""The actions are methods of `app.debugger.screen.DebuggerApp`."""
