"""An answer of a server is read no further than any model writes, whatever it announces.

Hangs on the HTTP client, so that what is too long is neither kept nor parsed. Packed answers are
not asked for and not unpacked: two megabytes may hold two thousand.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx2

from domain.errors import Unreachable

MAX_ANSWER_BYTES = 2_000_000
"""A chat completion takes some kilobytes; a hundred thousand tokens of text take half of this."""

UNPACKED = {"accept-encoding": "identity"}
"""Headers that ask for answers as they are."""

_PACKED = re.compile(r"gzip|deflate|br|zstd|compress", re.IGNORECASE)


async def refuse_long(response: httpx2.Response) -> None:
    """To be called with each response before its body is read.

    Raises:
        Unreachable: it is packed, or too long; also later, where its length was not said or is not
            true.
    """
    if _PACKED.search(packing := response.headers.get("content-encoding", "")):
        await response.aclose()
        raise Unreachable(
            f"its answer is packed ({packing[:20]!r}), which was not asked for; it was not read"
        )
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_ANSWER_BYTES:
        await response.aclose()
        raise _too_long()
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Short(response.stream)


class _Short(httpx2.AsyncByteStream):
    """A body that ends with an error where it is too long."""

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for piece in self._body:
            read += len(piece)
            if read > MAX_ANSWER_BYTES:
                raise _too_long()
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()


def _too_long() -> Unreachable:
    return Unreachable(f"its answer is longer than {MAX_ANSWER_BYTES} bytes; it was not read")
