"""What went wrong between us and a model, as one of three reactions: retry, stop, mend the request.

The client library is never imported here: its error classes are asked for only where it has been
loaded by a model of its own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from domain.errors import AccessRefused, ConfigError, PlangateError, Unreachable
from traces.redact import Redactor

_SHOWN_CHARACTERS = 300

_FOREIGN = (
    ("openai", "OpenAIError"),
    ("anthropic", "AnthropicError"),
    ("google.genai.errors", "APIError"),
    ("httpx", "HTTPError"),
    ("httpx2", "HTTPError"),
)
"""The base error of each client library that LangChain's providers come with."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed call."""

    error: PlangateError
    """What to raise when no try is left."""
    retry: bool
    """Whether asking again may help."""
    retry_after_s: float | None = None
    """How long the provider asks us to wait."""


def caught() -> tuple[type[Exception], ...]:
    """The exceptions that a call of a model may fail with; everything else is our own bug."""
    loaded = ((sys.modules.get(module), name) for module, name in _FOREIGN)
    foreign = (getattr(module, name) for module, name in loaded if module)
    return (PlangateError, OSError, *foreign)


def failure_of(error: Exception, redactor: Redactor) -> Failure:
    """The reaction to an exception of `caught`, in words without what must not be written."""
    if isinstance(error, PlangateError):
        return Failure(error, retry=isinstance(error, Unreachable))
    said = redactor.text(_said(error))
    status = _status(error)
    if status is None:
        return Failure(Unreachable(f"the model did not answer ({said})"), retry=True)
    return _by_status(error, status, said)


def _status(error: Exception) -> int | None:
    """The HTTP status, where the client library puts it; None: no server answered."""
    response = getattr(error, "response", None)
    for named in (
        getattr(error, "status_code", None),
        getattr(response, "status_code", None),
        getattr(error, "code", None),
    ):
        if isinstance(named, int):
            return named
    return None


def _by_status(error: Exception, status: int, said: str) -> Failure:
    if status in {401, 403}:
        return Failure(AccessRefused(f"the model's provider refused the key ({said})"), retry=False)
    if status == 429 and getattr(error, "code", None) == "insufficient_quota":
        return Failure(AccessRefused(f"the account at the provider is empty ({said})"), retry=False)
    if 300 <= status < 400:
        words = f"the model's address sends elsewhere, where no prompt goes by itself ({said})"
        return Failure(ConfigError(f"{words}; name the address that answers"), retry=False)
    if status in {408, 409, 425, 429} or status >= 500:
        after = _retry_after_s(error)
        return Failure(Unreachable(f"the model did not answer ({said})"), True, after)
    return Failure(
        ConfigError(f"the model's provider cannot do what was asked ({said})"), retry=False
    )


def _retry_after_s(error: Exception) -> float | None:
    """Seconds from the header `Retry-After`; None where there is none or it is a date."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _said(error: Exception) -> str:
    """The error's own words and those of its causes, on one line.

    The outermost ones are general ("Request timed out."); what it was stands further in.
    """
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        parts.append(str(cause) or type(cause).__name__)
        cause = cause.__cause__
    if to := getattr(getattr(error, "response", None), "headers", {}).get("location"):
        parts.append(to)
    text = " ".join(": ".join(dict.fromkeys(parts)).split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
