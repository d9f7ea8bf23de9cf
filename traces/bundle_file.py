"""The file that a bundle is: a zip archive of three entries, read within bounds, written whole.

Nothing is unpacked to disk, and nothing is believed of what the archive claims about sizes.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import NoReturn

from domain.errors import ConfigError, StateError
from traces.whole_file import whole_file

MANIFEST, EVENTS, TEXTS = "manifest.json", "events.jsonl", "texts.jsonl"
MOST_PACKED_BYTES = MOST_BYTES = 256 * 1024 * 1024
"""Of the file; and of one entry, unpacked."""
MOST_LINES = 1_000_000
"""Of one entry; short lines take the most memory for their bytes."""
MOST_MANIFEST_BYTES = 8 * 1024 * 1024
"""It is parsed as one value."""
MOST_INDEX_BYTES = 1000
"""Of the list of entries that ends the archive; that of three has some 170."""
_END_BYTES, _LOCATOR_BYTES = 22, 20
"""Of the end of an archive without a comment, and of what stands before it in one of over 4 GB."""


def read_parts(path: Path) -> dict[str, bytes]:
    """The three entries.

    Raises:
        ConfigError: it cannot be read, is no bundle, or is too large.
    """
    try:
        if path.stat().st_size > MOST_PACKED_BYTES:
            refuse(path, f"it is larger than {MOST_PACKED_BYTES} bytes")
        _require_short_index(path)
        with zipfile.ZipFile(path) as archive:
            names = sorted(archive.namelist())
            if names != sorted((MANIFEST, EVENTS, TEXTS)):
                refuse(path, f"it holds {names[:5]}")
            packed = {entry.compress_type for entry in archive.infolist()}
            if packed - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                refuse(path, f"it is packed by methods {sorted(packed)}")
            return {name: _entry(path, archive, name) for name in names}
    except OSError as error:
        raise ConfigError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise ConfigError(f"{str(path)!r} is no bundle of plangate: {error}") from error


def write_parts(path: Path, parts: Mapping[str, bytes]) -> None:
    """Write the entries to a new file; all or nothing.

    Raises:
        StateError: they are more than would be read again.
        ConfigError: the file is there already, or cannot be written.
    """
    _require_readable(parts)
    try:
        with whole_file(path, new=True) as file, zipfile.ZipFile(file, "w") as archive:
            for name, raw in parts.items():
                archive.writestr(zipfile.ZipInfo(name), raw, zipfile.ZIP_DEFLATED)
    except FileExistsError:
        raise ConfigError(f"{str(path)!r} is there already; name another file") from None
    except OSError as error:
        raise ConfigError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def lines_of(raw: bytes) -> Iterator[bytes]:
    """Of an entry, one by one, so that what is wrong ends the reading at once.

    Raises:
        ValueError: they are too many.
    """
    for number, line in enumerate(BytesIO(raw), 1):
        if number > MOST_LINES:
            raise ValueError(f"an entry has more than {MOST_LINES} lines")
        yield line


def refuse(path: Path, why: str) -> NoReturn:
    """What is wrong with a bundle, as the error that it is.

    Raises:
        ConfigError: always.
    """
    raise ConfigError(f"bundle {str(path)!r} is not as it was written: {why}; get it again")


def _require_readable(parts: Mapping[str, bytes]) -> None:
    for name, raw in parts.items():
        lines_count = raw.count(b"\n")
        if len(raw) > _most_bytes(name) or lines_count > MOST_LINES:
            raise StateError(
                f"{name} would have {len(raw)} bytes in {lines_count} lines, more than the "
                f"{_most_bytes(name)} in {MOST_LINES} that are read again; name fewer runs"
            )


def _most_bytes(name: str) -> int:
    return MOST_MANIFEST_BYTES if name == MANIFEST else MOST_BYTES


def _require_short_index(path: Path) -> None:
    """Its end says that little is to be read, before `zipfile` makes a value of each entry."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_BYTES - _LOCATOR_BYTES))
        tail = file.read()
    end = tail[-_END_BYTES:]
    if end[:4] != b"PK\x05\x06":
        raise ConfigError(f"{str(path)!r} is no bundle of plangate: it does not end as one")
    index_bytes = int.from_bytes(end[12:16], "little")
    if tail[:4] == b"PK\x06\x07" or index_bytes > MOST_INDEX_BYTES:
        refuse(path, f"its list of entries has {index_bytes} bytes")


def _entry(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as entry:
        raw = entry.read(_most_bytes(name) + 1)
    if len(raw) > _most_bytes(name):
        refuse(path, f"{name} is larger than {_most_bytes(name)} bytes")
    return raw
