"""Where a database is: a file of one machine, or a server that several machines share.

Light, because listing commands start with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Server:
    """A database on a PostgreSQL server."""

    url: str = field(repr=False)
    """With the password: for connecting only, never to be shown."""
    home: Path
    """The state folder of this machine; what belongs to the machine stays there."""

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


Place = Path | Server
