"""Tools of other people's MCP servers: started or reached, admitted by name, trusted in nothing.

A server's words are data: its descriptions are cut and marked before a model reads them, its
answers pass the desk like any other's, and what it says about a tool may not change while a session
runs. A server that dies is started again by the next call that the desk lets through; the breaker
keeps those apart.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from langchain_core.tools import BaseTool, StructuredTool

from domain.errors import ConfigError, Unreachable
from domain.strict_json import canonical, content_hash
from tools.arguments import require_schema
from tools.lanes import HERE
from tools.limits import McpServer
from tools.mcp_words import described, told_result
from tools.protocol import ToolComplaint

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import Tool

MAX_SCHEMA_BYTES = 4_000
"""Of the arguments of one tool: more than any of ours, and all of it is prompt."""
MAX_PAGES_COUNT = 10
"""Of a server's list of tools."""
MAX_SILENCES_COUNT = 2
"""Calls in a row that it leaves without an answer before it is started anew."""
LONGEST_READ_S = 120.0
"""The desk cancels earlier."""
CLOSING_S = 8.0
"""More than the library takes to end a program that does not end."""


async def open_servers(
    stack: AsyncExitStack, servers: Mapping[str, McpServer], secrets: Mapping[str, str]
) -> list[BaseTool]:
    """Reach every server, at once; its tools, in the order of the file.

    Raises:
        ConfigError: a server lacks a tool that is named, or the library is not installed.
        Unreachable: a server does not start or answer.
    """
    try:
        import mcp  # noqa: F401  # only to say it better than the import inside would
    except ImportError as error:
        raise ConfigError(
            "MCP servers need a library that is not installed: pip install 'plangate[mcp]'"
        ) from error
    logging.getLogger("mcp").addHandler(logging.NullHandler())
    links = [McpLink(name, server, secrets) for name, server in servers.items()]
    for link in links:
        stack.push_async_callback(link.close)
    opened = await asyncio.gather(*(link.open() for link in links))
    return [tool for tools in opened for tool in tools]


class McpLink:
    """One server, connected when it is needed."""

    def __init__(self, name: str, server: McpServer, secrets: Mapping[str, str]) -> None:
        self.name = name
        self._server = server
        self._secrets = secrets
        self._definitions: dict[str, str] = {}
        """Hash of each admitted tool, as it was when the session began."""
        self._connected: _Connection | None = None
        self._connecting = asyncio.Lock()
        self._silences_count = 0

    async def open(self) -> list[BaseTool]:
        """The admitted tools."""
        connection = await self._connection()
        return [self._tool(connection.tools[tool]) for tool in self._server.tools]

    async def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        """What the server answers, as JSON-able data.

        Raises:
            ToolComplaint: the server says that the call failed.
            Unreachable: it does not answer.
        """
        from mcp import MCPError
        from mcp.types import CONNECTION_CLOSED

        connection = await self._connection()
        try:
            result = await connection.client.call_tool(tool, arguments)
        except asyncio.CancelledError:
            self._silences_count += 1
            if self._silences_count >= MAX_SILENCES_COUNT:
                self._drop()
            raise
        except Exception as error:
            if not isinstance(error, MCPError) or error.code == CONNECTION_CLOSED:
                self._drop()
            raise Unreachable(
                f"MCP server {self.name!r} failed ({type(error).__name__})"
            ) from error
        self._silences_count = 0
        return told_result(f"{self.name}_{tool}", result)

    async def close(self) -> None:
        """End the connection, and the program with it."""
        connection, self._connected = self._connected, None
        if connection is not None:
            await connection.close()

    def _drop(self) -> None:
        connection, self._connected = self._connected, None
        self._silences_count = 0
        if connection is not None:
            connection.end()

    async def _connection(self) -> _Connection:
        async with self._connecting:
            if self._connected is not None and self._connected.over():
                self._drop()
            if self._connected is None:
                connection = _Connection(self.name, self._server, self._secrets)
                await connection.open()
                try:
                    self._compare(connection)
                except BaseException:
                    connection.end()
                    raise
                self._connected = connection
            return self._connected

    def _compare(self, connection: _Connection) -> None:
        """What is admitted must be there, and be what it was at the beginning."""
        for tool in self._server.tools:
            if tool not in connection.tools:
                near = get_close_matches(tool, connection.tools, n=1, cutoff=0.5)
                there = ", ".join(list(connection.tools)[:20]) or "none"
                offer = f"did you mean {near[0]!r}?" if near else f"it has: {there}"
                raise ConfigError(f"MCP server {self.name!r} has no tool {tool!r}; {offer}")
            found = connection.tools[tool]
            now = content_hash([found.description, found.input_schema])
            if self._definitions.setdefault(tool, now) != now:
                raise ToolComplaint(
                    "FAILED", f"MCP server {self.name!r} now describes {tool!r} otherwise"
                )

    def _tool(self, found: Tool) -> BaseTool:
        name = f"{self.name}_{found.name}"
        schema = dict(found.input_schema)
        if len(canonical(schema).encode()) > MAX_SCHEMA_BYTES:
            raise ConfigError(f"{name}: its arguments take more than {MAX_SCHEMA_BYTES} bytes")
        require_schema(name, schema)

        async def ask(**arguments: Any) -> Any:
            return await self.call(found.name, arguments)

        return StructuredTool(
            name=name,
            description=described(self.name, found.description),
            args_schema=schema,
            coroutine=ask,
            tags=[HERE],
        )


class _Connection:
    """A client in a task of its own, since it must be left by the task that entered it."""

    def __init__(self, name: str, server: McpServer, secrets: Mapping[str, str]) -> None:
        self.tools: dict[str, Tool] = {}
        self.client: Client
        self._name = name
        self._server = server
        self._secrets = secrets
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start or reach it, and ask what tools it has.

        Raises:
            Unreachable: that does not come within `start_s`.
        """
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(ready))
        try:
            async with asyncio.timeout(self._server.start_s):
                await ready
        except TimeoutError as error:
            self.end()
            limit_s = f"{self._server.start_s:g} s"
            text = f"MCP server {self._name!r} did not say its tools within {limit_s}"
            raise Unreachable(text) from error
        except asyncio.CancelledError:
            self.end()
            raise

    def over(self) -> bool:
        """Whether it has ended by itself."""
        return self._task is None or self._task.done()

    def end(self) -> None:
        """Let it end, without waiting for that."""
        self._stop.set()
        if self._task is not None and not hasattr(self, "client"):
            self._task.cancel()

    async def close(self) -> None:
        """Let it end, and wait for that."""
        self.end()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=CLOSING_S)

    async def _live(self, ready: asyncio.Future[None]) -> None:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            try:
                async with AsyncExitStack() as stack:
                    client = await stack.enter_async_context(await self._client(stack, said))
                    await self._list(client)
                    self.client = client
                    ready.set_result(None)
                    await self._stop.wait()
            except Exception as error:  # noqa: BLE001  # whatever ends it, it is over
                if not ready.done():
                    said.seek(0)
                    words = " ".join(said.read(4_000).split())[-300:] or type(error).__name__
                    text = f"MCP server {self._name!r} does not start: {words}"
                    ready.set_exception(Unreachable(text))

    async def _client(self, stack: AsyncExitStack, said: Any) -> Client:
        from mcp import Client, StdioServerParameters, stdio_client

        server = self._server
        if server.command is not None:
            environment = {name: self._secrets[name] for name in server.env}
            program = StdioServerParameters(
                command=server.command,
                args=list(server.args),
                env=environment,
                encoding_error_handler="replace",
            )
            return Client(stdio_client(program, errlog=said), cache=None)
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        token = self._secrets[server.bearer_env] if server.bearer_env else None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        patience = httpx2.Timeout(server.start_s, read=LONGEST_READ_S)
        http = await stack.enter_async_context(
            httpx2.AsyncClient(headers=headers, timeout=patience, trust_env=False)
        )
        return Client(streamable_http_client(str(server.url), http_client=http), cache=None)

    async def _list(self, client: Client) -> None:
        cursor: str | None = None
        for _ in range(MAX_PAGES_COUNT):
            page = await client.list_tools(cursor=cursor)
            self.tools |= {tool.name: tool for tool in page.tools}
            cursor = page.next_cursor
            if cursor is None:
                return
