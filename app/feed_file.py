"""What `--feeds` was given: a file of feeds, and the keys that the environment has for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.settings import secrets_named
from domain.clock import Clock
from domain.strict_json import content_hash
from market.feeds.protocol import Feeds, estimated_tokens
from market.feeds.spec import FeedsSpec, read_spec
from policies.short_file import parse_toml, read_short


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
    where = f"feeds {str(path)!r}"
    return FeedFile(read_spec(parse_toml(read_short(path, where), where), where), path.parent)
