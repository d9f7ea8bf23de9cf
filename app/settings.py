"""What the environment says: read once, here; only the state folder is `app.home`'s to read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from agent.endpoints import KEY_NAMES
from app.otlp_address import traces_address
from domain.errors import ConfigError
from traces.place import Server

KNOWN = ("PLANGATE_DATABASE_URL", "PLANGATE_HOME", "PLANGATE_LOCAL_THREADS")
"""The variables of that prefix."""


class Settings(BaseSettings):
    """Environment variables of plangate; an unknown `PLANGATE_` variable refuses to start."""

    model_config = SettingsConfigDict(
        env_prefix="PLANGATE_",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    openai_base_url: Annotated[str | None, Field(validation_alias="OPENAI_BASE_URL")] = None
    """`OPENAI_BASE_URL`: endpoint when `--base-url` is not given."""

    database_url: SecretStr | None = None
    """`PLANGATE_DATABASE_URL`: a PostgreSQL database instead of the file in the state folder, as
    `postgresql+psycopg://USER:PASSWORD@HOST/DATABASE`."""

    local_threads: Annotated[int | None, Field(ge=1, le=64)] = None
    """`PLANGATE_LOCAL_THREADS`: of the local model; all cores but one where nothing is said."""

    otlp_endpoint: Annotated[str | None, Field(validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")] = (
        None
    )
    """`OTEL_EXPORTER_OTLP_ENDPOINT`: base address of a collector; each decision is exported."""

    otlp_traces_endpoint: Annotated[
        str | None, Field(validation_alias="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    ] = None
    """`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`: the whole address, before the one above."""

    otlp_headers: Annotated[
        SecretStr | None, Field(validation_alias="OTEL_EXPORTER_OTLP_HEADERS")
    ] = None
    """`OTEL_EXPORTER_OTLP_HEADERS`: what the collector is sent to know us by; a secret."""

    otlp_traces_headers: Annotated[
        SecretStr | None, Field(validation_alias="OTEL_EXPORTER_OTLP_TRACES_HEADERS")
    ] = None
    """`OTEL_EXPORTER_OTLP_TRACES_HEADERS`: the same for traces alone."""

    otel_disabled: Annotated[str, Field(validation_alias="OTEL_SDK_DISABLED")] = ""
    """`OTEL_SDK_DISABLED`: `true` exports nothing from a session."""

    @property
    def collector(self) -> str | None:
        """Where spans go, whole; None: nobody said."""
        if self.otlp_traces_endpoint:
            return self.otlp_traces_endpoint
        return traces_address(self.otlp_endpoint) if self.otlp_endpoint else None

    @property
    def secrets(self) -> dict[str, str]:
        """Values that must never be written anywhere, by name."""
        found, url = model_keys(), self.database_url
        if url is not None:
            found |= {"PLANGATE_DATABASE_URL": url.get_secret_value(), **_passwords(url)}
        for header in (self.otlp_headers, self.otlp_traces_headers):
            found |= _header_values(header.get_secret_value()) if header else {}
        for address in filter(None, (self.otlp_endpoint, self.otlp_traces_endpoint)):
            found |= _password(address)
        return found

    def server(self, home: Path) -> Server | None:
        """Where the database is, when it is not a file in the state folder."""
        url = self.database_url
        return Server(url.get_secret_value(), home) if url and url.get_secret_value() else None


def _passwords(url: SecretStr) -> dict[str, str]:
    """The password as it is spoken to the server, without the escapes of an address."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parts = make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        return {}
    named = {"password": parts.password, "query": parts.query.get("password")}
    return {f"PLANGATE_DATABASE_URL {key}": str(word) for key, word in named.items() if word}


def _password(address: str) -> dict[str, str]:
    try:
        word = urlsplit(address).password
    except ValueError:
        return {}
    return {f"OTLP password {n}": w for n, w in enumerate((word, unquote(word)))} if word else {}


def _header_values(text: str) -> dict[str, str]:
    """Of `name=value,name=value`, as they stand there and as they are sent."""
    found: dict[str, str] = {}
    for pair in text.split(","):
        name, _, value = pair.partition("=")
        words = unquote(value.strip())
        bare = words.partition(" ")[2] if words.startswith(("Bearer ", "Basic ")) else words
        found |= {f"OTLP header {name.strip()} {n}": v for n, v in enumerate((value, words, bare))}
    return found


def secrets_named(names: Iterable[str]) -> dict[str, str]:
    """Values of the environment variables that a file of the user names for its keys.

    Raises:
        ConfigError: one is not set.
    """
    absent = [name for name in names if not os.environ.get(name)]
    if absent:
        raise ConfigError(f"environment variable {absent[0]!r} is not set; a key is expected in it")
    return {name: os.environ[name] for name in names}


def model_keys() -> dict[str, str]:
    """Keys of the known providers of models that the environment has, by variable."""
    return {name: os.environ[name] for name in KEY_NAMES if os.environ.get(name)}


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        ConfigError: a variable is misspelt or holds a value it cannot take.
    """
    unknown = sorted(k for k in os.environ if k.startswith("PLANGATE_") and k not in KNOWN)
    if unknown:
        raise ConfigError(f"unknown environment variable {unknown[0]!r}; known: {', '.join(KNOWN)}")
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigError(f"environment: {error}") from error
