"""Keeps secrets out of everything that is written, by one pass at the only door in.

In this order: values that are known to be secret, in every form they may appear in; values under
keys that name a secret; patterns of well-known vendors. There is no rule on entropy: it would
flag our own order ids and hashes. A replacement keeps the kind and a keyed fingerprint, so that two
places with the same secret can be told to be the same.

Patterns: the key formats that the vendors publish, as collected by gitleaks and trufflehog.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets as random_bytes
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

MIN_SECRET_LENGTH = 6
"""Shorter known values are left alone: they would blank out ordinary words."""

_ZERO_WIDTH = "[\u200b\u200c\u200d\u2060\ufeff]*"

_KEY = re.compile(
    r"secret|token|api[-_]?key|authorization|passw(?:or)?d|signature|cookie|dsn", re.IGNORECASE
)
_NOT_A_SECRET_KEY = re.compile(r"tokens|token_count|tokens_from|max_tokens", re.IGNORECASE)

_VENDOR = re.compile(
    r"(?P<anthropic>sk-ant-[A-Za-z0-9_-]{16,})"
    r"|(?P<openrouter>sk-or-v1-[A-Fa-f0-9]{16,})"
    r"|(?P<openai>sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{16,}|sk-[A-Za-z0-9]{32,})"
    r"|(?P<google>AIza[0-9A-Za-z_-]{35})"
    r"|(?P<telegram>\b\d{8,10}:AA[0-9A-Za-z_-]{33})"
    r"|(?P<slack>xox[abposr]-[0-9A-Za-z-]{10,})"
    r"|(?P<github>gh[pousr]_[0-9A-Za-z]{36,})"
    r"|(?P<jwt>eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})"
    r"|(?P<pem>-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----)"
    r"|(?P<bearer>(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{12,})"
    r"|(?P<dsn>[a-z][a-z0-9+]*://[^\s/:@]+:[^\s/@]+@)"
    r"|(?P<private_key>\b0x[0-9a-fA-F]{64}\b)"
    r"|(?P<signature>signature=[0-9A-Za-z%+/=_-]{16,})"
)
_HINTS = (
    "sk-", "AIza", ":AA", "xox", "gh", "eyJ", "PRIVATE KEY", "earer", "asic ", "://", "0x",
    "signature=",
)  # fmt: skip


class Redactor:
    """Replaces secrets in texts and JSON-able values."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._salt = random_bytes.token_bytes(16)
        forms = {
            form: name
            for name, value in known.items()
            if len(value) >= MIN_SECRET_LENGTH
            for form in _forms(value)
        }
        self._names = forms
        ordered = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join([_split(f) for f in ordered])) if ordered else None

    def text(self, text: str) -> str:
        """`text` without secrets."""
        if self._known is not None:
            text = self._known.sub(lambda m: self._mark("known", m.group()), text)
        if any(hint in text for hint in _HINTS):
            text = _VENDOR.sub(lambda m: self._mark(m.lastgroup or "secret", m.group()), text)
        return text

    def value(self, value: Any, key: str = "") -> Any:
        """A JSON-able value without secrets; anything under a secret's key is replaced whole."""
        if isinstance(value, str):
            if value and _names_secret(key):
                return self._mark("key", value)
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(k)): self.value(v, str(k)) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item, key) for item in value]
        return value

    def _mark(self, kind: str, secret: str) -> str:
        digest = hashlib.blake2b(secret.encode(errors="surrogatepass"), key=self._salt).hexdigest()
        return f"[redacted:{kind}:{digest[:6]}]"


def _names_secret(key: str) -> bool:
    return bool(_KEY.search(key)) and not _NOT_A_SECRET_KEY.search(key)


def _forms(value: str) -> set[str]:
    raw = value.encode()
    return {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value, safe=""),
        quote(value),
        base64.b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
        raw.hex().upper(),
    }


def _split(form: str) -> str:
    """A pattern that also finds `form` with zero-width characters strewn into it."""
    return _ZERO_WIDTH.join(re.escape(character) for character in form)
