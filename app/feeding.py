"""A session's feeds, opened; and what must never be written because of them."""

from __future__ import annotations

from agent.tokens import count_text
from app.options import SessionOptions
from app.settings import Settings
from domain.clock import Clock
from market.feeds.protocol import NO_FEEDS, Feeds


def opened_feeds(options: SessionOptions, clock: Clock) -> Feeds:
    """The feeds that the options name, with the tokenizer of the session's model.

    Raises:
        ConfigError: the environment lacks a key.
        DataError: a folder is missing or broken.
    """
    if options.feeds is None:
        return NO_FEEDS
    return options.feeds.open(clock, lambda text: count_text(text, options.model))


def known_secrets(options: SessionOptions, settings: Settings) -> dict[str, str]:
    """Values that must never be written anywhere: the environment's, and the keys of the feeds."""
    return settings.secrets | (options.feeds.secrets() if options.feeds else {})
