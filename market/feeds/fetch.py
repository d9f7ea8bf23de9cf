"""The one way from a feed to the network: bounded in size, time, redirects and frequency.

A page is asked for again only when its life is over, with the marks (`ETag`, `Last-Modified`) by
which its server can say that nothing changed; and not before the moment that the server asked us to
wait for. Neither headers nor the query of an address ever enter a message, for a key may be there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from domain.clock import iso, require_utc
from domain.errors import AccessRefused, DataError, Unreachable

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

MAX_PAGE_BYTES = 2_000_000
"""Of one page after decompression; the largest feeds seen in the wild have a third of it."""
TIMEOUT_S = 10.0
MAX_REDIRECTS_COUNT = 3
LONGEST_WAIT = timedelta(days=1)
"""A server that asks for more patience is asked once a day."""
_AGENT = "plangate (+https://pypi.org/project/plangate)"


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, and when it was asked for."""

    body: bytes = field(repr=False)
    asked_at: datetime
    etag: str | None = None
    modified: str | None = None


class Fetcher:
    """Gets one address, politely."""

    def __init__(
        self,
        url: str,
        now: Callable[[], datetime],
        life: timedelta,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_PAGE_BYTES,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """Nothing is asked yet.

        Args:
            url: where; its query is kept out of messages.
            now: the session's clock.
            life: how long a page is given again without asking.
            headers: sent along, such as a key; then redirects are refused, since they would carry
                it elsewhere.
            max_bytes: of a page.
            timeout_s: of a whole request.
        """
        self._url = url
        self._now = now
        self._life = life
        self._headers = dict(headers or {})
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._page: Page | None = None
        self._not_before: datetime | None = None
        self._session: ClientSession | None = None
        self._turn = asyncio.Lock()

    @property
    def where(self) -> str:
        """The address without its query."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    async def page(self) -> Page:
        """The page, at most its life old.

        Raises:
            Unreachable: no answer, or the server asked for patience.
            AccessRefused: 401, 403 or 451.
            DataError: too large, or another answer that is not 200.
        """
        async with self._turn:
            now = self._now()
            if self._page is not None and now - self._page.asked_at < self._life:
                return self._page
            if self._not_before is not None and now < self._not_before:
                raise Unreachable(
                    f"{self.where} asked not to be asked before {iso(self._not_before)}",
                    retry_after_s=(self._not_before - now).total_seconds(),
                )
            self._page = await self._ask(now)
            return self._page

    async def close(self) -> None:
        """Let go of connections; may be called twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self, now: datetime) -> Page:
        from aiohttp import ClientError, ClientSession, ClientTimeout, TooManyRedirects

        if self._session is None:
            limit = ClientTimeout(total=self._timeout_s)
            self._session = ClientSession(timeout=limit, headers={"User-Agent": _AGENT})
        try:
            async with self._session.get(
                self._url,
                headers=self._headers | self._marks(),
                allow_redirects=not self._headers,
                max_redirects=MAX_REDIRECTS_COUNT,
            ) as answer:
                return await self._read(answer, now)
        except TimeoutError as error:
            raise Unreachable(f"{self.where} did not answer in {self._timeout_s:g} s") from error
        except TooManyRedirects as error:
            raise DataError(
                f"{self.where} redirected more than {MAX_REDIRECTS_COUNT} times; mend its address"
            ) from error
        except (ClientError, OSError, ValueError) as error:
            raise Unreachable(
                f"{self.where} cannot be reached ({type(error).__name__}); check its address and "
                "the connection"
            ) from None  # its text may quote the query

    def _marks(self) -> dict[str, str]:
        page = self._page
        if page is None:
            return {}
        marks = {"If-None-Match": page.etag, "If-Modified-Since": page.modified}
        return {name: mark for name, mark in marks.items() if mark}

    async def _read(self, answer: ClientResponse, now: datetime) -> Page:
        if answer.status == 304 and self._page is not None:
            return replace(self._page, asked_at=now)
        if answer.status != 200:
            raise self._refusal(answer, now)
        body = bytearray()
        async for chunk in answer.content.iter_chunked(65_536):
            body += chunk
            if len(body) > self._max_bytes:
                raise DataError(
                    f"{self.where} sent more than {self._max_bytes} bytes; expected a feed within "
                    "that: ask it for fewer items"
                )
        headers = answer.headers
        return Page(bytes(body), now, headers.get("ETag"), headers.get("Last-Modified"))

    def _refusal(self, answer: ClientResponse, now: datetime) -> Exception:
        status, where = answer.status, self.where
        if status in (401, 403, 451):
            return AccessRefused(f"{where} answered {status}; check its key")
        if status == 429 or status >= 500:
            wait = _wait(answer.headers.get("Retry-After"), now)
            self._not_before = now + wait if wait else None
            seconds = wait.total_seconds() if wait else None
            patience = f" and asks to wait {seconds:g} s" if seconds else ""
            return Unreachable(f"{where} answered {status}{patience}", retry_after_s=seconds)
        return DataError(f"{where} answered {status}, was expected to be 200; check its address")


def _wait(stated: str | None, now: datetime) -> timedelta | None:
    """`Retry-After`, in seconds or as a date, at most `LONGEST_WAIT`; None where it is absent."""
    if not stated:
        return None
    try:
        if stated.strip().isascii() and stated.strip().isdecimal():
            wait = timedelta(seconds=min(int(stated), int(LONGEST_WAIT.total_seconds())))
        else:
            wait = require_utc(parsedate_to_datetime(stated)) - now
    except (ValueError, OverflowError, TypeError):
        return None
    return min(wait, LONGEST_WAIT) if wait > timedelta(0) else None
