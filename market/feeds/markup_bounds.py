"""What markup may be handed to a parser that is slow on purpose-made documents.

feedparser looks each attribute up by its name among all of its tag, and keeps a stack of every open
tag: two megabytes made for that take minutes, in a thread that nobody can end. A page is measured
before it is parsed, as bytes, in one pass.
"""

from __future__ import annotations

import re

from domain.errors import DataError

MAX_TAGS_COUNT = 30_000
"""About a second of parsing; a hundred articles with their markup have a fifth of that."""
MAX_ATTRIBUTES_COUNT = 100
"""Of one tag."""

_TAG = re.compile(rb"<[a-z](?:[^<>\"']|\"[^<\"]*+\"|'[^<']*+')*+", re.I)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"'>]{0,60})", re.I)
_EBCDIC = b"\x4c\x6f\xa7\x94"
"""How an XML declaration begins there."""
_PLAIN = rb'<+ADw-="\x3c\u003c&'
"""Bytes that say the same wherever a `<` is one and is written in no other way."""


def require_bounded(body: bytes, name: str) -> None:
    """Refuse what would take long to parse, or says what it has only once it is decoded.

    Raises:
        DataError: naming the bound.
    """
    body = body.replace(b"\0", b"")  # UTF-16 and UTF-32 read like ASCII then
    declared = _DECLARED.match(body.lstrip(b"\xef\xbb\xbf\xff\xfe"))
    encoding = declared[1].decode("ascii", "replace") if declared else "utf-8"
    if body.startswith(_EBCDIC) or not _plain(encoding):
        raise DataError(f"{name} is in an encoding that is not read here; expected UTF-8")
    # Neither RSS nor Atom needs entities of its own: a document that has them is an attack.
    if b"<!entity" in body.lower():
        raise DataError(f"{name} declares XML entities and is not read; drop this feed")
    if (found := body.count(b"<")) > MAX_TAGS_COUNT:
        raise DataError(f"{name} has {found} tags, at most {MAX_TAGS_COUNT} are read; drop it")
    if any(tag.group().count(b"=") > MAX_ATTRIBUTES_COUNT for tag in _TAG.finditer(body)):
        raise DataError(f"{name} has a tag of more than {MAX_ATTRIBUTES_COUNT} attributes; drop it")


def _plain(encoding: str) -> bool:
    if encoding.lower().replace("_", "-") in {"utf-16", "utf-16le", "utf-16be", "utf-32"}:
        return True  # without their NULs they are
    try:
        return _PLAIN.decode(encoding) == _PLAIN.decode("ascii")
    except (LookupError, ValueError):
        return False
