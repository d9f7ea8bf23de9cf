"""Where a collector of OpenTelemetry takes traces, and how its address is shown; light."""

from __future__ import annotations

from urllib.parse import urlsplit

from domain.errors import ConfigError

PATH = "/v1/traces"
"""What the standard has a collector's base address go on with."""


def traces_address(base: str) -> str:
    """Where the traces go at a collector's base address; one that says so itself stays."""
    return base if base.rstrip("/").endswith(PATH) else base.rstrip("/") + PATH


def shown(url: str) -> str:
    """An address without what may be secret in it.

    Raises:
        ConfigError: it is no address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = None, None, None
    if parts is None or parts.scheme not in {"http", "https"} or not host:
        raise ConfigError(
            "the collector's address was expected to be as http://127.0.0.1:4318, an OTLP/HTTP one"
        )
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path}"
