"""What the environment says: read once, here; only the state folder is `app.home`'s to read."""

from __future__ import annotations

import os
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import ConfigError


class Settings(BaseSettings):
    """Environment variables of plangate; an unknown `PLANGATE_` variable refuses to start."""

    model_config = SettingsConfigDict(
        env_prefix="PLANGATE_", extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    openai_api_key: Annotated[SecretStr | None, Field(validation_alias="OPENAI_API_KEY")] = None
    """`OPENAI_API_KEY`: key of the model endpoint."""
    openai_base_url: Annotated[str | None, Field(validation_alias="OPENAI_BASE_URL")] = None
    """`OPENAI_BASE_URL`: endpoint when `--base-url` is not given."""

    @property
    def secrets(self) -> dict[str, str]:
        """Values that must never be written anywhere, by name."""
        key = self.openai_api_key
        return {"OPENAI_API_KEY": key.get_secret_value()} if key else {}


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        ConfigError: a variable is misspelt or holds a value it cannot take.
    """
    unknown = sorted(k for k in os.environ if k.startswith("PLANGATE_") and k != "PLANGATE_HOME")
    if unknown:
        raise ConfigError(f"unknown environment variable {unknown[0]!r}; known: PLANGATE_HOME")
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigError(f"environment: {error}") from error
