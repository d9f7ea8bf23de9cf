"""Feeds on loopback: whatever a test lays under a path, with the manners that servers have."""

from __future__ import annotations

import asyncio
import hashlib

from aiohttp import web
from typing_extensions import override

from tests.servers.loopback import LoopbackServer


class FeedServer(LoopbackServer):
    """Serves bodies by path; counts what it was asked, and with which headers."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: dict[str, bytes] = {}
        """By path, without the query."""
        self.failures: dict[str, tuple[int, dict[str, str]]] = {}
        """Status and headers in place of a body."""
        self.headers: dict[str, dict[str, str]] = {}
        """Added to the answer of a path."""
        self.delays_s: dict[str, float] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Path and headers of every request, oldest first."""
        self.not_modified_count = 0

    @override
    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        self.requests.append((path, dict(request.headers)))
        if path in self.delays_s:
            await asyncio.sleep(self.delays_s[path])
        if path in self.failures:
            status, headers = self.failures[path]
            return web.Response(status=status, headers=headers, text="no")
        body = self.bodies[path]
        etag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        if request.headers.get("If-None-Match") == etag:
            self.not_modified_count += 1
            return web.Response(status=304)
        return web.Response(body=body, headers={"ETag": etag} | self.headers.get(path, {}))
