"""Where a database is: a file of one machine, or a server that several machines share.

Light, because listing commands start with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Server:
    """A database on a PostgreSQL server."""

    url: str = field(repr=False)
    """With the password: for connecting only, never to be shown."""
    home: Path
    """The state folder of this machine; what belongs to the machine stays there."""

    def __str__(self) -> str:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(self.url)
        except (ArgumentError, ValueError):
            return "a server"
        host = url.host or ""
        return f"postgresql://{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"


Place = Path | Server
