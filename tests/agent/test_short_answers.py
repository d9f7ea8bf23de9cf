"""A body that is packed, or goes on and on, is left, whether its length was said or not."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import httpx2
import pytest
from langchain_core.messages import HumanMessage

from agent.model_spec import ModelSpec
from agent.models import close_model, make_models
from agent.planner import Planner
from agent.short_answers import MAX_ANSWER_BYTES, refuse_long
from domain.errors import Unreachable
from tests.servers.openai_server import OpenAIServer


class Body(httpx2.AsyncByteStream):
    def __init__(self, size_bytes: int) -> None:
        self._left = size_bytes
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.read < self._left:
            self.read += 100_000
            yield b"x" * 100_000


async def test_what_is_too_long_is_refused_before_or_while_it_is_read() -> None:
    said = Body(10_000_000)
    with pytest.raises(Unreachable, match="longer than 2000000 bytes"):
        await refuse_long(httpx2.Response(200, headers={"content-length": "10000000"}, stream=said))
    assert said.read == 0
    unsaid = Body(10_000_000)
    response = httpx2.Response(200, stream=unsaid)
    await refuse_long(response)
    with pytest.raises(Unreachable, match="was not read"):
        await response.aread()
    assert unsaid.read <= MAX_ANSWER_BYTES + 100_000
    whole = httpx2.Response(200, stream=Body(MAX_ANSWER_BYTES))
    await refuse_long(whole)
    assert len(await whole.aread()) == MAX_ANSWER_BYTES


async def test_what_is_packed_is_neither_asked_for_nor_unpacked() -> None:
    bomb = gzip.compress(b" " * 20_000_000)
    assert len(bomb) < MAX_ANSWER_BYTES
    for packing in ("gzip", "deflate", "identity, GZip", "br", "zstd"):
        body = Body(100_000)
        packed = httpx2.Response(200, headers={"content-encoding": packing}, stream=body)
        with pytest.raises(Unreachable, match="is packed"):
            await refuse_long(packed)
        assert body.read == 0
    with OpenAIServer([{"body": bomb, "headers": {"content-encoding": "gzip"}}]) as server:
        spec = ModelSpec(model="gpt-4o", base_url=server.base_url)
        (named,) = make_models("m", {"m": spec}, {})
        try:
            with pytest.raises(Unreachable, match="is packed"):
                await Planner([named], [], max_attempts=1).ask([HumanMessage("go")], timeout_s=5)
        finally:
            await close_model(named.model)
        assert server.headers[0]["accept-encoding"] == "identity"
