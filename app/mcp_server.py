"""Our tools for any MCP client: the same desk, data only.

Served are the tools of this house, each marked as read-only. No act is among them, and none can be:
what answers here is the desk, which has none. Each call counts as a decision of its own.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from langchain_core.utils.function_calling import convert_to_openai_tool

from app.clock import SystemClock
from app.counter import Counter
from app.tools_command import SERVED
from domain.clock import iso
from domain.strict_json import JsonRefused, loads
from graph.recording import tool_answered
from tools.found import is_ours
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.store import TraceStore

if TYPE_CHECKING:
    from mcp.server import Server

INSTRUCTIONS = (
    "Market data and facts of a paper trading session, as of a moment. Read-only: nothing here can "
    "place, change or cancel anything. A refused call says why in `refused` and `message`."
)
LOOPBACK = "127.0.0.1"


def make_server(counter: Counter, secrets: dict[str, str]) -> Server:
    """The server over a desk; what it answers is recorded in the state folder's trace."""
    from mcp import types
    from mcp.server import Server

    shown = {tool.name: tool for tool in counter.desk.schemas if is_ours(tool)}
    store = TraceStore(counter.database, SERVED)
    recorder = Recorder(store, Redactor(secrets), SystemClock())
    run_id = f"mcp-{iso(SystemClock().now())}"

    async def list_tools(_context: Any, _params: Any) -> Any:
        return types.ListToolsResult(tools=[_described(tool) for tool in shown.values()])

    async def call_tool(_context: Any, params: types.CallToolRequestParams) -> Any:
        if params.name not in shown:
            known = ", ".join(shown)
            return _said({"refused": "NOT_ALLOWED", "message": f"there is: {known}"}, refused=True)
        told = await counter.ask(params.name, _exact(params.arguments))
        recorder.record(run_id, "call_tools", tool_answered(recorder, told))
        recorder.flush()
        return _said(json.loads(told.content), refused=told.refusal is not None)

    return Server(
        "plangate", instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool
    )


async def serve_stdio(server: Server) -> None:
    """Speak over standard input and output until the client goes."""
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


async def serve_http(server: Server, port: int) -> None:
    """Serve on loopback until interrupted; no other address is offered."""
    import uvicorn

    app = server.streamable_http_app(host=LOOPBACK)
    config = uvicorn.Config(app, host=LOOPBACK, port=port, log_level=logging.ERROR)
    await uvicorn.Server(config).serve()


def _described(tool: Any) -> Any:
    from mcp import types

    function = convert_to_openai_tool(tool)["function"]
    return types.Tool(
        name=function["name"],
        description=function["description"],
        input_schema=function["parameters"],
        annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )


def _said(body: dict[str, Any], *, refused: bool) -> Any:
    from mcp import types

    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content=body,
        is_error=refused,
    )


def _exact(arguments: dict[str, Any] | None) -> dict[str, Any]:
    """Arguments as the desk reads a model's: no duplicates, no NaN, numbers digit for digit."""
    try:
        found = loads(json.dumps(arguments or {}))
    except JsonRefused as error:
        return {"unreadable": str(error)}
    return found if isinstance(found, dict) else {"unreadable": "not a JSON object"}
