"""Keeps secrets out of everything that is written, by one pass at the only door in.

In this order: values that are known to be secret, in every form they may appear in; values under
keys that name a secret; patterns of well-known vendors. There is no rule on entropy: it would
flag our own order ids and hashes. A replacement keeps the kind and a keyed fingerprint, so that two
places with the same secret can be told to be the same.

Every rule is guarded by plain substring searches, since nearly every text holds nothing, and none
crosses a quote, so that JSON with something redacted is still JSON.

Patterns: the key formats that the vendors publish, as collected by gitleaks and trufflehog.
"""

from __future__ import annotations

import hashlib
import re
import secrets as random_bytes
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from traces.secret_forms import bare, forms_of, split_pattern

MIN_SECRET_LENGTH = 6
"""Shorter known values are left alone: they would blank out ordinary words."""

_KEY_WORDS = (
    "secret", "token", "api_key", "api-key", "apikey", "authorization", "passwd", "password",
    "signature", "cookie", "dsn",
)  # fmt: skip
_KEY_HINTS = (
    "secret", "token", "key", "authorization", "passw", "signature", "cookie", "dsn",
)  # fmt: skip
_KEY = re.compile("|".join(_KEY_WORDS), re.IGNORECASE)
_HARMLESS = r"tokens|token_(?:count|usage|details)"
_NOT_A_SECRET_KEY = re.compile(_HARMLESS, re.IGNORECASE)
_KEY_NAME = (
    rf"(?i:(?![A-Za-z0-9_-]*(?:{_HARMLESS}))"
    rf"(?P<key>(?:{'|'.join(_KEY_WORDS)})[A-Za-z0-9_-]{{0,40}}))"
)
"""What is harmless must not match: it would take the next key with it, as its value."""
_VALUE = rf"{{{MIN_SECRET_LENGTH},}})"
_KEYED = tuple(
    re.compile(_KEY_NAME + rest)
    for rest in (
        r'(?P<between>"\s*:\s*")(?P<value>(?:[^"\\]|\\.)' + _VALUE,
        r'(?P<between>\\+"\s*:\s*\\+")(?P<value>[^"\\]' + _VALUE,
        r"(?P<between>'\s*:\s*')(?P<value>(?:[^'\\\"]|\\.)" + _VALUE,
        r"(?P<between>=)(?P<value>[^\s&\"'\\<>,;)}]" + _VALUE,
    )
)
"""A key and its value in JSON, in JSON inside JSON, as Python prints it, and in a query."""
_GIVES_VALUE = re.compile(r"[\w\u0307-]{0,80}[\\\"'\s]*[:=]")
"""What follows on the word in each of them; a capital I with a dot is two characters when small."""

_DONE = re.compile(r"\[redacted:[a-z_]+:[0-9a-f]{6}\]")

_VENDORS = tuple(
    (kind, hints, re.compile(pattern))
    for kind, hints, pattern in (
        ("anthropic", ("sk-",), r"sk-ant-[A-Za-z0-9_-]{16,}"),
        ("openrouter", ("sk-",), r"sk-or-v1-[A-Fa-f0-9]{16,}"),
        ("openai", ("sk-",), r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{16,}"),
        ("openai", ("sk-",), r"sk-(?<![A-Za-z0-9]sk-)[A-Za-z0-9]{32,}"),
        ("google", ("AIza",), r"AIza[0-9A-Za-z_-]{35}"),
        ("telegram", (":AA",), r"\b\d{8,10}:AA[0-9A-Za-z_-]{33}"),
        ("slack", ("xox",), r"xox[abposr]-[0-9A-Za-z-]{10,}"),
        ("github", ("gh",), r"gh[pousr]_[0-9A-Za-z]{36,}"),
        ("jwt", ("eyJ",), r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
        (
            "pem",
            ("PRIVATE KEY-----",),
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^\"']*?-----END [A-Z ]*PRIVATE KEY-----",
        ),
        (
            "bearer",
            ("earer ", "asic "),
            r"(?:[Bb]earer|[Bb]asic)\s+(?=[^\s\"']*\d)[A-Za-z0-9._~+/=-]{12,}",
        ),
        ("dsn", ("://",), r"://[^\s/:@\"'\\]*:[^\s/@\"'\\]+@"),
        ("private_key", ("0x",), r"0x[0-9a-fA-F]{64}\b"),
        ("signature", ("signature=",), r"signature=[0-9A-Za-z%+/=_-]{16,}"),
    )
)

_BY_HINT = {
    hint: tuple((kind, pattern) for kind, hints, pattern in _VENDORS if hint in hints)
    for _, hints, _ in _VENDORS
    for hint in hints
}

_COMMON = "/_-=: bvkwpygfmcudlhrsinotae0"
"""Characters from seldom to often, as far as texts of ours are full of them."""

_APART = '"\n"'
"""Between texts that are looked at together: no rule crosses a quote."""

_SELDOM = {hint: min(hint, key=_COMMON.find) for hint in (*_BY_HINT, *_KEY_HINTS)}
"""The character of each hint that most texts lack: one is found in a tenth of the time of more."""


class Redactor:
    """Replaces secrets in texts and JSON-able values."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._salt = random_bytes.token_bytes(16)
        values = {value for value in known.values() if len(value) >= MIN_SECRET_LENGTH}
        forms = {f for v in values for f in forms_of(v) if len(f) >= MIN_SECRET_LENGTH}
        self._forms = sorted(forms, key=len, reverse=True)
        self._name = lru_cache(maxsize=1024)(self.text)

    def text(self, text: str) -> str:
        """`text` without secrets."""
        text = self._without_known(text)
        if may_be_keyed(text):
            for pattern in _KEYED:
                text = pattern.sub(self._keyed, text)
        for hint, rules in _BY_HINT.items():
            if _SELDOM[hint] in text and hint in text:
                for kind, pattern in rules:
                    text = pattern.sub(lambda m, kind=kind: self._mark(kind, m.group()), text)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        return text

    def value(self, value: Any) -> Any:
        """A JSON-able value without secrets; a text under a secret's key is replaced whole.

        Nearly every value holds none: its texts are looked at together first.
        """
        texts: list[str] = []
        if self._gather(value, texts) and self.text(whole := _APART.join(texts)) == whole:
            return value
        return self._clean(value, "")

    def _gather(self, value: Any, texts: list[str]) -> bool:
        """Add every text of a value to `texts`; False where its form alone may have to change."""
        if isinstance(value, str):
            texts.append(value)
            return True
        if isinstance(value, dict):
            return all(
                isinstance(k, str)
                and not _names_secret(k)
                and self._name(k) == k
                and self._gather(v, texts)
                for k, v in value.items()
            )
        if isinstance(value, list):
            return all(self._gather(item, texts) for item in value)
        return not isinstance(value, tuple)

    def _clean(self, value: Any, key: str) -> Any:
        if isinstance(value, str):
            return self._mark("key", value) if _is_secret(key, value) else self.text(value)
        if isinstance(value, dict):
            return {self._name(str(k)): self._clean(v, str(k)) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(item, key) for item in value]
        return value

    def _without_known(self, text: str) -> str:
        stripped = bare(text)
        for form in self._forms:
            if form in stripped:
                text = split_pattern(form).sub(lambda m: self._mark("known", m.group()), text)
        return text

    def _keyed(self, match: re.Match[str]) -> str:
        key, value = match["key"], match["value"]
        if _DONE.fullmatch(value):
            return match.group()
        return f"{key}{match['between']}{self._mark('key', value)}"

    def _mark(self, kind: str, secret: str) -> str:
        raw = bare(secret).encode(errors="surrogatepass")
        return f"[redacted:{kind}:{hashlib.blake2b(raw, key=self._salt).hexdigest()[:6]}]"


def may_be_keyed(text: str) -> bool:
    """Whether a key that names a secret is followed by what could be its value.

    The patterns that tell take a hundred times as long, and "tokens" is in many a prompt.
    """
    lower = text.casefold()
    return any(
        _GIVES_VALUE.match(lower, end) for hint in _KEY_HINTS for end in _ends_of(hint, lower)
    )


def _ends_of(hint: str, text: str) -> Iterator[int]:
    end = 0 if _SELDOM[hint] in text else len(text)
    while (at := text.find(hint, end)) >= 0:
        end = at + len(hint)
        yield end


@lru_cache(maxsize=1024)
def _names_secret(key: str) -> bool:
    return bool(_KEY.search(key)) and not _NOT_A_SECRET_KEY.search(key)


def _is_secret(key: str, value: str) -> bool:
    """A key that names a secret holds one, unless it counts tokens or the value is done already."""
    return len(value) >= MIN_SECRET_LENGTH and _names_secret(key) and not _DONE.fullmatch(value)
