"""The forms in which a secret is still one to whoever finds it, and where they are found."""

from __future__ import annotations

import base64
import json
import random
from functools import lru_cache
from urllib.parse import quote

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
ODD = LETTERS + '+/=&%"\\ ü'


def canaries(count: int, letters: str = ODD) -> list[str]:
    """Made-up secrets, always the same ones."""
    source = random.Random(7)
    return ["".join(source.choices(letters, k=source.randint(12, 60))) for _ in range(count)]


def spellings(secret: str) -> dict[str, str]:
    """The secret as a provider's error, an address, a header or a hostile text may hold it."""
    raw = secret.encode()
    return {
        "plain": secret,
        "json": json.dumps(secret),
        "json in json": json.dumps(json.dumps(secret)),
        "url": quote(secret, safe=""),
        "query": quote(secret),
        "base64": base64.b64encode(raw).decode(),
        "base64 after one byte": base64.b64encode(b":" + raw).decode(),
        "base64 of a login": base64.b64encode(b"me:" + raw + b"!").decode(),
        "urlsafe": base64.urlsafe_b64encode(raw).decode(),
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "zero-width": "\u200b".join(secret),
        "zero-width, escaped": json.dumps("\u2060".join(secret))[1:-1],
    }


def found(text: str, secret: str) -> list[str]:
    """The spellings of the secret in a text, what is invisible and how deep it is escaped aside."""
    return [
        name
        for name, form in spellings(secret).items()
        if form in text or ("zero" in name and secret.replace("\\", "") in _bare(text))
    ]


@lru_cache(maxsize=4)
def _bare(text: str) -> str:
    return "".join(c for c in text if c.isprintable() and c not in "\\\u200b\u2060")
