"""Step through one run: stop before every node, look, edit, go back, fork, take the other way.

Built on the checkpointer: each branch is a thread of its own, so that none rewrites another.
Unless it is armed nothing is committed: `submit` is not run, and the run ends as no trade, with
the code `DISARMED`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.messages import BaseMessage

from domain.errors import ConfigError
from domain.verdict import Verdict
from graph.branches import MAIN, Branch, Stop
from graph.build import RECURSION_LIMIT, ReadsFor, build_graph, noting
from graph.context import RunContext
from graph.edits import edited, text_of
from graph.recording import answer_of, message_of, verdict_of
from graph.run import run_input, thread
from graph.state import RunState
from traces.step_events import BranchTaken, StateEdited

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver

Mode = Literal["armed", "disarmed", "finished"]
"""What follows from a run: orders, nothing, or nothing any more, where it is told from a trace."""
COMMITS = "submit"
"""The node that leaves intents in the journal."""
HELD_BACK = {
    "outcome": "no_trade",
    "codes": ["DISARMED"],
    "reason": "stepped through without --armed: what was approved was not committed",
}
"""What a disarmed run comes to in place of a commit."""


class Debugger:
    """One run, stopped before each node."""

    def __init__(
        self,
        context: RunContext,
        saver: BaseCheckpointSaver[Any],
        *,
        mode: Mode = "disarmed",
        reads_for: ReadsFor = noting,
    ) -> None:
        self.context = context
        self.mode: Mode = mode
        self.branches: dict[str, Branch] = {}
        self.recorded: str | None = None
        """The branch whose end the journal has."""
        self._here = MAIN
        self._graph = build_graph(context, reads_for).compile(checkpointer=saver)

    @property
    def branch(self) -> Branch:
        """The way that is being taken."""
        return self.branches[self._here]

    @property
    def stop(self) -> Stop:
        """Where the run stands now."""
        return self.branch.stop

    @property
    def trail(self) -> list[str]:
        """Names of the nodes that ran on this branch, in order."""
        return [stop.came_from for stop in self.branch.trail[1:]]

    @property
    def armed(self) -> bool:
        """Whether what is approved is committed."""
        return self.mode == "armed"

    @property
    def holds_back(self) -> bool:
        """Whether a commit is next that is not made; an unchanged one of a finished run is told."""
        told = self.mode == "finished" and not self.stop.edited
        return self.stop.node == COMMITS and not self.armed and not told

    async def start(
        self, symbol: str, slot: datetime, config: RunnableConfig | None = None
    ) -> Stop:
        """Open the run and stop before its first node.

        Args:
            symbol: The instrument.
            slot: The decision's moment.
            config: The run's thread in the checkpoint file; None: as the session names it.
        """
        config = config or thread(self.context, symbol, slot)
        self.branches, self._here, self.recorded = {MAIN: Branch(MAIN, config)}, MAIN, None
        await self._graph.ainvoke(
            run_input(symbol, slot), config, interrupt_before="*", durability="sync"
        )
        self.branch.trail = [await self._look(config, "__start__")]
        return self.stop

    async def step(self) -> Stop:
        """Run the next node and stop before the one after it; without arms `submit` is not run."""
        stop, branch = self.stop, self.branch
        node = stop.node
        if node is None:
            return stop
        if self.holds_back:
            config = await self._graph.aupdate_state(stop.config, HELD_BACK, as_node=node)
            self._record(StateEdited(field="outcome", before="null", after="no_trade DISARMED"))
        else:
            run = stop.state.get("run_id", "")
            self.context.stopwatch.forget(run)  # thinking is not running
            await self._graph.ainvoke(None, stop.config, interrupt_before="*", durability="sync")
            config = branch.thread
        branch.trail.append(await self._look(config, node, edited=stop.edited))
        if self.stop.node is None:
            self.recorded = branch.name
        return self.stop

    async def back(self) -> Stop:
        """Return to the stop before; what is done from there takes the place of what was.

        Raises:
            ConfigError: this is the beginning.
        """
        if len(self.branch.trail) == 1:
            raise ConfigError("this is the beginning of the decision; there is nothing before it")
        self.branch.trail.pop()
        self._note("back")
        return self.stop

    async def fork(self, name: str | None = None) -> Stop:
        """Go on in a new branch from here; the one that is left stays as it is.

        Args:
            name: Of the branch; None: the next number.

        Raises:
            ConfigError: there is one of that name.
        """
        name = name or next(
            n for n in map(str, range(2, len(self.branches) + 3)) if n not in self.branches
        )
        if name in self.branches:
            raise ConfigError(f"there is a branch {name!r} already; switch to it, or name another")
        left = self.branch
        identity = f"{self.branches[MAIN].thread['configurable']['thread_id']}#{name}"
        config: RunnableConfig = {
            "configurable": {"thread_id": identity},
            "recursion_limit": RECURSION_LIMIT,
        }
        branch = Branch(name, config, left.name, left.stop.node)
        for stop in left.trail:
            config = await self._graph.aupdate_state(
                config, dict(stop.state), as_node=stop.came_from
            )
            look = await self._look(config, stop.came_from, edited=stop.edited)
            branch.trail.append(look)
        self.branches[name] = branch
        self._here = name
        self._note("fork")
        return self.stop

    def switch(self, name: str) -> Stop:
        """Go on in another branch, where it was left.

        Raises:
            ConfigError: there is none of that name.
        """
        if name not in self.branches:
            raise ConfigError(f"no branch {name!r}; there is {', '.join(self.branches)}")
        if name != self._here:
            self._here = name
            self._note("switch")
        return self.stop

    async def edit(self, path: str, text: str) -> Stop:
        """Set one value of the state, such as `draft.targets.0.price` to `43000`.

        Raises:
            ConfigError: no such field, a sealed one, or a value that the field cannot take; a draft
                that the gate has approved, which is committed as it was judged.
        """
        if path.partition(".")[0] == "draft" and self.stop.node == COMMITS and self._is_judged:
            raise ConfigError(
                f"{path!r} is committed as the gate has approved it; b goes back to before that"
            )
        edit = edited(self.context, self.stop.state, path, text, armed=self.armed)
        config = await self._graph.aupdate_state(
            self.stop.config, {edit.root: edit.value}, as_node=self.stop.came_from
        )
        self._record(StateEdited(field=path, before=edit.before, after=text))
        self.branch.trail[-1] = await self._look(config, self.stop.came_from, edited=True)
        return self.stop

    @property
    def _is_judged(self) -> bool:
        """Whether the last answer has been before the gate: an exit is not judged."""
        return bool(self.stop.state.get("approved")) and self.stop.state["answer"] != "exit"

    def text_of(self, path: str) -> str:
        """What a path names, as the text that an editor is given.

        Raises:
            ConfigError: no such field, or a sealed one.
        """
        return text_of(self.context, self.stop.state, path, armed=self.armed)

    def messages(self) -> list[BaseMessage]:
        """The prompt as the model will see it, or has seen it."""
        return [message_of(self.context, h) for h in self.stop.state.get("messages", [])]

    def calls(self) -> list[str]:
        """Names of the tools that the model has just asked for."""
        state = self.stop.state
        if state.get("answer") != "tool_calls" or not state.get("messages"):
            return []
        return [call["name"] for call in answer_of(self.context, state["messages"][-1]).tool_calls]

    def verdict(self, branch: Branch | None = None) -> Verdict | None:
        """The last verdict of a branch; of this one where none is named."""
        versions = (branch or self.branch).stop.state.get("versions", [])
        return verdict_of(self.context, versions[-1][1]) if versions else None

    def _note(self, how: Any) -> None:
        event = BranchTaken(branch=self._here, how=how, before=self.stop.node)
        self._record(event)

    def _record(self, event: Any) -> None:
        if run := self.stop.state.get("run_id"):
            self.context.recorder.record(run, "step", event)
            self.context.recorder.flush()

    async def _look(self, config: RunnableConfig, came_from: str, *, edited: bool = False) -> Stop:
        snapshot = await self._graph.aget_state(config)
        node = snapshot.next[0] if snapshot.next else None
        state: RunState = snapshot.values  # type: ignore[assignment]  # the graph's own schema
        pinned: RunnableConfig = {"recursion_limit": RECURSION_LIMIT, **snapshot.config}
        return Stop(node, came_from, state, pinned, edited)
