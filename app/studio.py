"""The graph for `langgraph dev` and LangGraph Studio; `langgraph.json` points here.

The server supplies its own checkpointer, so the graph is compiled without one. A run's input is
`{"symbol": "BTC/USD", "as_of": "2019-05-12T00:00:00Z"}`: one decision over the shipped candles by
the rules planner, in the journal's session `studio`. What is approved stays a committed intent:
nothing dispatches it here.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.home import state_home
from app.options import SessionOptions
from app.settings import load_settings
from app.wire import wire_session
from graph.build import build_graph

# The journal is SQLite, which is synchronous; the server's detector of blocking calls would end
# every run. This is what `langgraph dev --allow-blocking` sets, read after the graph is loaded.
os.environ["LANGGRAPH_ALLOW_BLOCKING"] = "true"


@asynccontextmanager
async def graph() -> AsyncIterator[Any]:
    """The compiled graph, with its database and data open as long as the server needs it."""
    options = SessionOptions(symbols=(), session="studio")
    async with wire_session(options, load_settings(), state_home(), alone=False) as wired:
        yield build_graph(wired.context).compile()
