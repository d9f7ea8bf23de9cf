"""The graph, drawn once: eight nodes, five choices, no subgraph.

::

    observe -> plan <-> call_tools
                 |  ^
                 v  |
              review -> revise        every choice can also end at record
               |  ^
               |  +--> consult        where second opinions are wanted
               v          |
              submit <----+
               |
               v
              record
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from langgraph.graph import END, START, StateGraph

from graph import nodes, routes
from graph.consulting import consult
from graph.context import RunContext
from graph.reads import Noting, Reads
from graph.state import RunState
from graph.submitting import submit

RECURSION_LIMIT = 60
"""Above any run that the caps allow; the framework's own default is about ten thousand."""

Node = Callable[[RunContext, RunState], Awaitable[dict[str, Any]]]

NODES: dict[str, Node] = {
    "observe": nodes.observe,
    "plan": nodes.plan,
    "call_tools": nodes.call_tools,
    "review": nodes.review,
    "consult": consult,
    "revise": nodes.revise,
    "submit": submit,
    "record": nodes.record,
}


ReadsFor = Callable[[RunContext, str], Reads]
"""How the questions of one call of a node are answered, by the node's name."""


def noting(context: RunContext, node: str) -> Reads:
    """They are asked, and what came of them is left in the trace."""
    return Noting(context.recorder, node)


def build_graph(context: RunContext, reads_for: ReadsFor = noting) -> StateGraph[RunState]:
    """The uncompiled graph of one session; every node is bound to `context`."""
    graph: StateGraph[RunState] = StateGraph(RunState)
    for name, node in NODES.items():
        graph.add_node(name, _bind(name, node, context, reads_for))
    graph.add_edge(START, "observe")
    graph.add_conditional_edges("observe", _inline(routes.after_observe))
    graph.add_conditional_edges("plan", _inline(routes.after_plan))
    graph.add_edge("call_tools", "plan")
    graph.add_conditional_edges("review", _inline(routes.after_review))
    graph.add_conditional_edges("consult", _inline(routes.after_consult))
    graph.add_edge("revise", "plan")
    graph.add_edge("submit", "record")
    graph.add_edge("record", END)
    return graph


def _bind(name: str, node: Node, context: RunContext, reads_for: ReadsFor) -> Any:
    """The node with its context; its update redacted, its events written before the next starts."""

    async def run(state: RunState) -> dict[str, Any]:
        reads = reads_for(context, name)
        made = await node(context.reading(reads), state)
        update: dict[str, Any] = context.recorder.clean(made)
        reads.done(state.get("run_id") or update["run_id"], update)
        context.recorder.flush()
        return update

    run.__name__ = node.__name__
    return run


def _inline(choice: Callable[[RunState], str]) -> Any:
    """The choice as the graph runs it in its own thread: what is not async it sends to another."""

    @wraps(choice)
    async def choose(state: RunState) -> str:
        return choice(state)

    return choose
