"""What the screen asks a person for: a line, a text, yes or no."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea


class AskLine(ModalScreen[str | None]):
    """One line; Escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "keep")]

    def __init__(self, question: str, line: str = "") -> None:
        super().__init__()
        self._question = question
        self._line = line

    def compose(self) -> ComposeResult:
        """The question and the line."""
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            yield Input(self._line, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        self.dismiss(event.value)


class EditText(ModalScreen[str | None]):
    """A text where no `$EDITOR` is named; Escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "keep", priority=True),
        Binding("ctrl+s", "save", "save", priority=True),
    ]

    def __init__(self, path: str, text: str, complaint: str | None) -> None:
        super().__init__()
        self._path = path
        self._text = text
        self._complaint = complaint

    def compose(self) -> ComposeResult:
        """What is edited, why the last try was none, the text."""
        with Vertical(classes="dialog tall"):
            yield Static(f"{self._path}   Ctrl-S takes it, Esc keeps what was", markup=False)
            if self._complaint:
                yield Static(f"cannot: {self._complaint}", classes="complaint", markup=False)
            yield TextArea(self._text, soft_wrap=True)

    def action_save(self) -> None:
        """The text as it is now."""
        self.dismiss(self.query_one(TextArea).text)


class AskAgain(ModalScreen[bool]):
    """Why a text could not be taken, and whether to edit it again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "again"),
        Binding("n,escape", "answer(False)", "keep what was"),
    ]

    def __init__(self, complaint: str) -> None:
        super().__init__()
        self._complaint = complaint

    def compose(self) -> ComposeResult:
        """The complaint and the question."""
        with Vertical(classes="dialog"):
            yield Static(f"cannot: {self._complaint}", classes="complaint", markup=False)
            yield Static("edit again? y/n", markup=False)

    def action_answer(self, again: bool) -> None:  # Textual's actions are positional
        """Yes or no."""
        self.dismiss(again)
