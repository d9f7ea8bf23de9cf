"""`langgraph dev` serves the graph, and the LangGraph SDK stops, edits and steps a run of it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk import get_client

from tests.e2e.command import ROOT, environment


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = Path(sys.executable).with_name("langgraph")
    process = subprocess.Popen(
        [str(command), "dev", "--no-browser", "--no-reload", "--port", str(port)],
        cwd=ROOT,
        env=environment(
            tmp_path, LANGSMITH_TRACING="false", LANGGRAPH_CLI_NO_ANALYTICS="1", CI="true"
        ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "langgraph dev ended"
        try:
            with urllib.request.urlopen(f"{url}/ok", timeout=2) as answer:  # noqa: S310  # loopback
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("langgraph dev did not come up")


async def test_a_run_is_stopped_before_review_edited_and_approved(server: str) -> None:
    client = get_client(url=server)
    assistants: list[Any] = await client.assistants.search()
    assert [a["graph_id"] for a in assistants] == ["plangate"]
    thread = (await client.threads.create())["thread_id"]
    start = {"symbol": "BTC/USD", "as_of": "2019-04-15T01:00:00Z"}
    async for _ in client.runs.stream(
        thread, "plangate", input=start, interrupt_before=["review"], stream_mode="updates"
    ):
        pass
    stopped: Any = await client.threads.get_state(thread)
    assert stopped["next"] == ["review"]
    draft = stopped["values"]["draft"]
    draft["targets"][0]["price"] = "5400"
    await client.threads.update_state(thread, {"draft": draft}, as_node="plan")
    async for _ in client.runs.stream(
        thread, "plangate", input=None, interrupt_before=["submit"], stream_mode="updates"
    ):
        pass
    judged: Any = await client.threads.get_state(thread)
    assert judged["next"] == ["submit"]
    assert judged["values"]["approved"] is True
    assert len(await client.threads.get_history(thread)) > 6
    await client.aclose()
