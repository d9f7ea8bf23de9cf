"""What `--feeds` was given: a file of feeds, and the keys that the environment has for them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.settings import secrets_named
from domain.clock import Clock
from domain.errors import ConfigError
from domain.strict_json import content_hash
from market.feeds.protocol import Feeds, estimated_tokens
from market.feeds.spec import FeedsSpec, read_spec

MAX_FILE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class FeedFile:
    """A checked file; it holds no secret, and neither does what is kept of it."""

    spec: FeedsSpec
    folder: Path

    @property
    def content_hash(self) -> str:
        """Of what it says: a session goes on with the feeds it began with."""
        return content_hash(self.spec.model_dump(mode="json"))

    def open(self, clock: Clock, count_tokens: Callable[[str], int] = estimated_tokens) -> Feeds:
        """The feeds.

        Raises:
            ConfigError: the environment lacks a key.
            DataError: a folder is missing or broken.
        """
        from market.feeds.open import open_feeds

        return open_feeds(self.spec, self.folder, clock, self.secrets(), count_tokens)

    def secrets(self) -> dict[str, str]:
        """The keys by the names of their variables.

        Raises:
            ConfigError: the environment lacks one.
        """
        return secrets_named(self.spec.key_names)


def read_feed_file(path: Path) -> FeedFile:
    """The file of that name.

    Raises:
        ConfigError: naming what is wrong, and what is allowed.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read feeds {str(path)!r}: {error.strerror}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError(f"feeds {str(path)!r} was expected within {MAX_FILE_BYTES} bytes")
    try:
        table = tomllib.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"feeds {str(path)!r} cannot be read: {error}") from error
    return FeedFile(read_spec(table, f"feeds {str(path)!r}"), path.parent)
