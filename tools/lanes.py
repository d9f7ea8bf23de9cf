"""Tools that are not ours run in threads of their own: one that blocks must not stop the session.

An asynchronous tool has one loop for all its calls, since its connections belong to a loop. A loop
that does not come back is left behind, and the next call gets a new one. Threads are daemons: one
that never ends does not keep the process from ending.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool, Tool

HERE = "plangate:here"
"""Tag of a tool that may run in the session's own loop: it waits, and never blocks."""
_ANSWER_TO_CANCELLING_S = 0.05
"""Less than `flights.GRACE_S`."""


@dataclass(slots=True)
class _Lane:
    loop: asyncio.AbstractEventLoop
    calls_count: int = 0
    """Calls that wait for an answer."""


class Lanes:
    """A loop in a thread for each asynchronous tool, a thread for each call of another."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}

    async def call(self, tool: BaseTool, arguments: dict[str, Any]) -> Any:
        """What the tool answers; may be cancelled whatever the tool is doing."""
        if HERE in (tool.tags or ()):
            return await tool.ainvoke(arguments)
        if not _waits(tool):
            return await _in_thread(lambda: tool.invoke(arguments))
        lane = self._lanes.get(tool.name)
        if lane is None:
            lane = self._lanes[tool.name] = _Lane(_loop(tool.name))
        lane.calls_count += 1
        try:
            return await self._on(lane, tool, arguments)
        finally:
            lane.calls_count -= 1
            if not lane.calls_count and self._lanes.get(tool.name) is not lane:
                _stop(lane.loop)

    async def _on(self, lane: _Lane, tool: BaseTool, arguments: dict[str, Any]) -> Any:
        ended = threading.Event()

        async def work() -> Any:
            try:
                return await tool.ainvoke(arguments)
            except (SystemExit, KeyboardInterrupt) as error:
                raise RuntimeError(type(error).__name__) from error
            finally:
                ended.set()

        running = asyncio.run_coroutine_threadsafe(work(), lane.loop)
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:
            await asyncio.sleep(_ANSWER_TO_CANCELLING_S)
            if not ended.is_set() and self._lanes.get(tool.name) is lane:
                del self._lanes[tool.name]
            raise

    def close(self) -> None:
        """End the loops; what hangs in one is left behind."""
        while self._lanes:
            _stop(self._lanes.popitem()[1].loop)


def _waits(tool: BaseTool) -> bool:
    """Whether the tool is asynchronous by itself, and not by running in a thread."""
    if isinstance(tool, StructuredTool | Tool):
        return tool.coroutine is not None
    return type(tool)._arun is not BaseTool._arun


def _loop(name: str) -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()

    def run() -> None:
        try:
            while _interrupted(loop):
                pass
            _end(loop)
        finally:
            loop.close()

    threading.Thread(target=run, name=f"tool {name}", daemon=True).start()
    return loop


def _interrupted(loop: asyncio.AbstractEventLoop) -> bool:
    """Run until the loop is stopped, or, which is True, a tool wants to end the process."""
    try:
        loop.run_forever()
    except (SystemExit, KeyboardInterrupt):
        return True
    return False


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # it is closed already
        loop.call_soon_threadsafe(loop.stop)


def _end(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what is left, once: what swallows that goes under with its loop."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=0.05))


async def _in_thread(work: Callable[[], Any]) -> Any:
    """`work` in a thread that nobody waits for at the end; the pool's would be waited for."""
    future: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the waiter's
            future.set_exception(error)
        except BaseException as error:  # noqa: BLE001  # a tool does not end the process
            future.set_exception(RuntimeError(type(error).__name__))
        else:
            future.set_result(result)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(future)
