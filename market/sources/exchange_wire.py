"""What lies between ccxt and the network.

Where requests go, how much of an answer is read, and what its status and headers said. Imports
aiohttp, so it is imported together with ccxt, when a source is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from market.sources.exchange_errors import Answer, dated, retry_after_s

_CHUNK_BYTES = 65_536
ANSWER: ContextVar[Answer | None] = ContextVar("ANSWER", default=None)
"""The answer that the running call fills in; tasks that ccxt starts for the call inherit it."""


class OversizedBody(aiohttp.ClientPayloadError):
    """A body went over the size that its call allows; the rest of it was not read."""


class _MeasuredResponse(aiohttp.ClientResponse):
    """Reads a body piece by piece and stops where it gets too long, unpacked size counted."""

    async def read(self) -> bytes:
        answer = ANSWER.get()
        if self._body is None and answer is not None:
            answer.status, found = self.status, bytearray()
            try:
                async for chunk in self.content.iter_chunked(_CHUNK_BYTES):
                    found += chunk
                    if len(found) > answer.largest_bytes:
                        answer.is_oversized = True
                        raise OversizedBody(f"more than {answer.largest_bytes} bytes")
            except aiohttp.ClientPayloadError:
                answer.is_cut = not answer.is_oversized
                self.close()
                raise
            except BaseException:
                self.close()
                raise
            self._body = bytes(found)
        return await super().read()


def prepare(api: Any, base_url: str | None, *, bad_response: type[Exception]) -> None:
    """Open a ccxt exchange's session so that answers are measured, and redirect it if asked.

    Args:
        api: the exchange of `ccxt.async_support`, not used yet; called within an event loop.
        base_url: where its REST addresses are moved to.
        bad_response: ccxt's error for an answer that is not one.
    """
    if base_url:
        redirect(api, base_url)
        if base_url.startswith("http://"):
            api.timeout_on_exit = 0  # ccxt waits a quarter of a second for TLS to end
    _listen(api, bad_response)
    api.open()
    made = api.session
    api.session = aiohttp.ClientSession(
        connector=api.tcp_connector,
        response_class=_MeasuredResponse,
        trust_env=api.aiohttp_trust_env,
    )
    made.detach()


def redirect(api: Any, base_url: str) -> None:
    """Send every address of a ccxt exchange to another host, path kept; streams by `ws://`.

    Some exchanges choose their table of errors by the address that failed, so the real address is
    put back before an error is judged.
    """
    base = base_url.rstrip("/")
    real: dict[str, str] = {}

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(entry) for key, entry in value.items()}
        if not isinstance(value, str):
            return value
        parts = urlsplit(value)
        if parts.scheme in ("ws", "wss"):
            return "ws" + base.removeprefix("http") + parts.path
        there = base + parts.path
        real.setdefault(there, value)
        return there

    api.urls["api"] = moved(api.urls["api"])
    judge: Callable[..., Any] = api.handle_errors

    def judge_as_if_real(code: int, reason: str, url: str, *rest: Any) -> Any:
        starts = [there for there in real if url.startswith(there)]
        there = max(starts, key=len, default="")
        return judge(code, reason, real.get(there, "") + url[len(there) :], *rest)

    api.handle_errors = judge_as_if_real


def _listen(api: Any, bad_response: type[Exception]) -> None:
    """Keep what every answer's headers ask for, and let no web page pass for an answer."""
    judge: Callable[..., Any] = api.handle_errors

    def heard(
        code: int, reason: str, url: str, method: str, headers: Any, body: Any, *rest: Any
    ) -> Any:
        answer = ANSWER.get()
        if answer is not None:
            stated = {str(name).lower(): value for name, value in (headers or {}).items()}
            answer.dated = dated(stated.get("date"))
            answer.retry_after_s = retry_after_s(stated.get("retry-after"), datetime.now(UTC))
        judged = judge(code, reason, url, method, headers, body, *rest)
        if code < 400 and rest and rest[0] is None:
            raise bad_response(
                f"{api.id} {_what(body)} where JSON was expected: {str(body)[:80]!r}"
            )
        return judged

    api.handle_errors = heard


def _what(body: Any) -> str:
    text = str(body or "").lstrip()
    if not text:
        return "answered nothing"
    if text.startswith("<"):
        return "answered a web page"
    return "answered cut JSON" if text[0] in "{[" else "answered text"
