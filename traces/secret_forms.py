"""The forms that one secret can take in a text: escaped, encoded, or split by invisible characters.

A value that was loaded as a secret is looked for in all of them, since a provider's error, a URL, a
header or a hostile text may hold any.
"""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from urllib.parse import quote

ZERO_WIDTH = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Soft hyphen, zero-width space, non-joiner, joiner, word joiner and byte order mark."""

_CODES = "|".join(f"{ord(character):04x}" for character in ZERO_WIDTH)
_STREWN = rf"[{ZERO_WIDTH}]|\\(?i:u(?:{_CODES}))?"
_STREWN_ALONE = re.compile(_STREWN)
_BETWEEN = rf"(?:{_STREWN})*"

MIN_INNER_FORM = 10
"""A shorter piece of Base64 could stand in any other one by chance."""


def forms_of(value: str) -> set[str]:
    """Every spelling under which `value` is looked for, in bare texts."""
    raw = value.encode("utf-8", "surrogatepass")
    return {
        bare(value),
        bare(json.dumps(value)[1:-1]),
        bare(json.dumps(value, ensure_ascii=False)[1:-1]),
        *_percent(raw),
        *_base64(raw),
        raw.hex(),
        raw.hex().upper(),
    }


def bare(text: str) -> str:
    """`text` without invisible characters, escaped ones too, and without any backslash.

    So a quote reads alike in a text, in JSON, and in JSON inside JSON however deep.
    """
    if "\\u" in text or (not text.isascii() and any(c in text for c in ZERO_WIDTH)):
        return _STREWN_ALONE.sub("", text)
    return text.replace("\\", "")


@lru_cache(maxsize=64)
def split_pattern(form: str) -> re.Pattern[str]:
    """A pattern that finds a bare form with what is left out of bare texts strewn into it.

    Backslashes before it are its own: what stays behind them would be an escape of something else.
    """
    return re.compile(r"\\*" + _BETWEEN.join(re.escape(character) for character in form))


def _percent(raw: bytes) -> set[str]:
    strict, lax = quote(raw, safe=""), quote(raw)
    lower = re.sub("%..", lambda m: m.group().lower(), strict)
    return {strict, lax, lower, "".join(f"%{byte:02X}" for byte in raw)}


def _base64(raw: bytes) -> set[str]:
    """Alone, and inside something longer, where the two bytes before shift its letters."""
    whole = base64.b64encode(raw).decode()
    forms = {whole, whole.rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    for before in range(3):
        shifted = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        # The first letters mix with what stands before, the last with what follows.
        inner = shifted[(0, 2, 3)[before] : len(shifted) - (1 if (before + len(raw)) % 3 else 0)]
        if len(inner) >= MIN_INNER_FORM:
            forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms
