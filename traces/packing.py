"""Makes texts small for the database: zstd, with a dictionary of what plangate's own texts share.

Each packed text names the dictionary it needs, so that a newer one may come beside the older and
nothing is written anew. A dictionary's number and its bytes never change once released;
`benchmarks/train_dictionary.py` makes one.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import zstandard

LEVEL = 1
"""Level 3 takes twice as long, while the decision waits, for one part in thirty."""

COMPRESSED_ABOVE_BYTES = 64
"""Of what is shorter, zstd's own header eats the gain."""

NEWEST = 1
"""The dictionary that new texts are packed with."""

DICTIONARIES = Path(__file__).parent / "dictionaries"

PLAIN, ALONE, WITH = "utf8", "zstd", "zstd:"
"""Encodings: as it is; packed without a dictionary, as releases before 0.3 did; with one, by
number."""


class Packer:
    """Packs texts; for one thread at a time."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(
            LEVEL, dict_data=dictionary(NEWEST), write_dict_id=False
        )

    def pack(self, raw: bytes) -> tuple[str, bytes]:
        """The encoding and the bytes to keep: packed where that is smaller."""
        if len(raw) > COMPRESSED_ABOVE_BYTES:
            packed = self._zstd.compress(raw)
            if len(packed) < len(raw):
                return f"{WITH}{NEWEST}", packed
        return PLAIN, raw


def unpack(encoding: str, size_bytes: int, data: bytes) -> bytes:
    """What was packed.

    Raises:
        ZstdError: damaged, of another size than was recorded, or packed by a newer plangate.
    """
    if encoding == PLAIN:
        return data
    if zstandard.frame_content_size(data) != size_bytes:
        # Looked at first: a few bytes can claim to be gigabytes.
        raise zstandard.ZstdError(f"it does not unpack to the {size_bytes} bytes recorded")
    known = None if encoding == ALONE else dictionary(_number(encoding))
    return zstandard.ZstdDecompressor(dict_data=known).decompress(data)


@lru_cache
def dictionary(number: int) -> zstandard.ZstdCompressionDict:
    """The dictionary of that number.

    Raises:
        ZstdError: this release has none such.
    """
    path = DICTIONARIES / f"{number}.zdict"
    if not path.exists():
        raise zstandard.ZstdError(f"it needs dictionary {number} of a newer plangate: upgrade")
    return zstandard.ZstdCompressionDict(path.read_bytes())


def _number(encoding: str) -> int:
    kind, _, number = encoding.partition(":")
    if f"{kind}:" != WITH or not number.isdecimal():
        raise zstandard.ZstdError(f"encoding {encoding!r} is not known: upgrade plangate")
    return int(number)
