"""The screen of `plangate step`: keys say the words of the line mode, panes show its pages."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from rich.text import Text
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen as TextualScreen
from textual.widgets import Footer, Static, TabbedContent, TabPane

from app.debugger.commands import ARMS, HELP
from app.debugger.comparison import comparison_page
from app.debugger.dialogs import AskAgain, AskLine, EditText
from app.debugger.editor import edited_text, editor_command
from app.debugger.graph_page import graph_page
from app.debugger.keys import KEYS
from app.debugger.pages import prompt_page, tools_page, verdict_page
from app.debugger.state_tree import StateTree
from traces.view_words import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from app.debugger.protocol import Screen, Stepped
    from graph.state import RunState

_T = TypeVar("_T")
PAGES = ("state", "prompt", "tools", "verdict", "compare")


class DebuggerApp(App[None]):
    """Shows one session's decisions between their nodes; implements `app.debugger.protocol`."""

    CSS_PATH = "screen.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-wide")]  # noqa: RUF012  # as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, work: Callable[[Screen], Awaitable[None]]) -> None:
        """A screen for `work`, which is given it and ends with it."""
        super().__init__()
        self._session_work = work
        self._session_task: asyncio.Task[None] | None = None
        self._typed: asyncio.Queue[list[str]] = asyncio.Queue()
        self._stepped: Stepped | None = None
        self._at_node: tuple[str, float] | None = None
        self._left = False
        self.asking = False
        """Whether a command is waited for."""
        self.interrupted = False
        """Whether the person has broken off the whole session."""
        self.over = False
        """Whether the work has ended."""
        self.failure: BaseException | None = None
        """What the work ended with."""
        self.last_words: list[str] = []
        """To be said when the terminal is as it was."""

    def compose(self) -> ComposeResult:
        """Where it stands above, graph at the left, pages at the right, what was said below."""
        yield Static(id="where", markup=False)
        with Horizontal():
            yield VerticalScroll(Static(id="graph", markup=False), id="left")
            with TabbedContent(id="pages"):
                with TabPane("State", id="state"):
                    yield StateTree()
                for name in PAGES[1:]:
                    with TabPane(name.capitalize(), id=name):
                        yield VerticalScroll(Static(id=f"{name}-page", markup=False))
        yield Static(id="told", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Begin the work."""
        self._session_task = asyncio.create_task(self._worked())
        self.set_interval(1.0, self._say_running)

    async def run_to_the_end(self) -> None:
        """Show it until the work is over; a signal ends both, and nothing is left half done."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.action_interrupt)
        try:
            await self.run_async()
        finally:
            self.action_interrupt()
            if self._session_task is not None:
                await asyncio.wait([self._session_task])
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def _worked(self) -> None:
        try:
            await self._session_work(self)
        except asyncio.CancelledError:
            self.interrupted = not self._left
        except Exception as error:  # noqa: BLE001  # raised again where the terminal is as it was
            self.failure = error
        finally:
            self.over = True
            self.exit()

    # What a stepper asks of a screen.

    async def ask(self, stepper: Stepped) -> list[str]:
        """The next command that a key has said."""
        self._stepped = stepper
        self.asking = True
        try:
            return await self._typed.get()
        finally:
            self.asking = False

    def where(self, stepper: Stepped) -> None:
        """Everything anew."""
        self._stepped = stepper
        debugger = stepper.debugger
        stop = debugger.stop
        head = Text(visible(f"{stop.state['symbol']} {stop.state['as_of']}  "), style="bold")
        head.append(f"stopped before {stop.node}" if stop.node else "at the end: n goes on")
        head.append(f" ({stepper.stopped_at})" if stepper.stopped_at else "", style="bold red")
        head.append(visible(f"  branch {debugger.branch.name}\n"))
        head.append(
            f" {ARMS[debugger.mode]} ", style="bold white on red" if debugger.armed else "reverse"
        )
        self._put("where", head)
        self._put("graph", graph_page(stepper))
        self._base.query_one(StateTree).fill(stop.state)
        self._put("prompt-page", prompt_page(debugger))
        self._put("tools-page", tools_page(debugger))
        self._put("verdict-page", verdict_page(debugger))
        self._put("compare-page", comparison_page(debugger))
        self._tell(_end_of(stop.state))
        if stop.came_from == "review":
            self.action_page("verdict")

    def running(self, node: str | None) -> None:
        """Say which node is being run, and for how long."""
        self._at_node = (node, time.monotonic()) if node else None
        self._say_running()

    def show(self, page: str, content: RenderableType) -> None:
        """A page of its own, or a few words below."""
        if page in PAGES:
            self.action_page(page)
        elif page == "help":
            self.push_screen(AskLine(f"{HELP}\nA command, or Esc:"), self._say_line)
        else:
            self._put("told", content)
            if self._stepped is not None:
                self._put("graph", graph_page(self._stepped))

    async def edit(self, path: str, text: str, complaint: str | None) -> str | None:
        """In `$EDITOR` while the screen is away; where none is named, in a dialog."""
        command = editor_command()
        if not command:
            return await self._asked(EditText(path, text, complaint))
        if complaint is not None and not await self._asked(AskAgain(complaint)):
            return None
        try:
            with self.suspend():
                return edited_text(command, path, text)
        except SuspendNotSupported:
            return edited_text(command, path, text)

    def complain(self, words: str) -> None:
        """A command that could not be done."""
        self._tell(f"cannot: {words}", "bold red")

    def notice(self, words: str) -> None:
        """Something a person should know of."""
        self._tell(words, "bold yellow")

    def ended(self, final: dict[str, Any]) -> None:
        """One decision is over."""
        self._tell(f"decision ended: {final['outcome']}")

    def goodbye(self, session: str) -> None:
        """The person leaves."""
        self.last_words.append(f"left session {session}; what had ended is kept")

    # What the keys do.

    def action_say(self, word: str) -> None:
        """One command of a letter."""
        self._say([word])

    def _say(self, words: list[str]) -> None:
        if self.asking and self._typed.empty():
            self._typed.put_nowait(words)
        elif self._at_node:
            self._tell(f"{self._at_node[0]} is running; Esc breaks it off")

    def _say_line(self, line: str | None) -> None:
        if line and line.split():
            self._say(line.split())

    def action_page(self, name: str) -> None:
        """Show one of the pages."""
        self._base.query_one("#pages", TabbedContent).active = name

    def action_breakpoint(self) -> None:
        """Ask for a breakpoint."""
        if self._stepped is None:
            return
        named = ", ".join(self._stepped.breakpoints.names) or "none"
        question = f"stop at which node, tool or code? -NAME deletes, -all all. Set: {named}"

        def chosen(line: str | None) -> None:
            if line and line.strip():
                name = line.strip()
                self._say(["d", name[1:].strip()] if name.startswith("-") else ["k", name])

        self.push_screen(AskLine(question), chosen)

    def action_edit(self) -> None:
        """Ask what is to be edited; offered is what the cursor or the page is on."""

        def chosen(line: str | None) -> None:
            if line and line.strip():
                self._say(["e", *line.split()])

        question = "edit what? PATH opens an editor, PATH VALUE sets it"
        self.push_screen(AskLine(question, self._path()), chosen)

    def _path(self) -> str:
        page = self._base.query_one("#pages", TabbedContent).active
        if page == "tools" and self._stepped is not None:
            messages = self._stepped.debugger.messages()
            numbers = [n for n, message in enumerate(messages) if message.type == "tool"]
            return f"messages.{numbers[-1]}" if numbers else ""
        return self._base.query_one(StateTree).path if page == "state" else ""

    def action_command(self) -> None:
        """Any command of the line mode."""
        self.push_screen(AskLine("a command; ? is help"), self._say_line)

    def action_break_off(self) -> None:
        """End what is running; the run stays where it stood."""
        if self._stepped is not None:
            self._stepped.cancel()

    def action_leave(self) -> None:
        """Quit, also while a live session waits for its next decision."""
        if self.asking:
            self._say(["q"])
        elif not self._at_node:
            self._left = True
            self.action_interrupt()

    def action_interrupt(self) -> None:
        """End the session at once; what had ended is kept."""
        if self._session_task is not None:
            self._session_task.cancel()

    # What is put where.

    @property
    def _base(self) -> TextualScreen[Any]:
        """The screen below all dialogs."""
        return self.screen_stack[0]

    def _put(self, name: str, content: RenderableType) -> None:
        self._base.query_one(f"#{name}", Static).update(content)

    def _tell(self, words: str, style: str = "") -> None:
        self._put("told", Text(visible(words), style=style))

    def _say_running(self) -> None:
        if self._at_node is not None:
            node, since = self._at_node
            self._tell(f"{node} is running, {time.monotonic() - since:.0f} s; Esc breaks it off")

    async def _asked(self, dialog: TextualScreen[_T]) -> _T | None:
        """What a person answers a dialog."""
        answer: asyncio.Future[_T | None] = asyncio.get_running_loop().create_future()
        await self.push_screen(dialog, answer.set_result)
        return await answer


def _end_of(state: RunState) -> str:
    """What it came to; empty while it goes on."""
    if state.get("outcome") is None:
        return ""
    return f"outcome {state['outcome']} {' '.join(state['codes'])}: {state['reason']}"
