"""What a session keeps so that it can be opened again without being told: never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from market.protocol import MarketSource, ShareSource
from policies.policy_file import limits_text, read_policy
from policies.settings import Policy

KEPT = frozenset({"policy", "market_url", "yardsticks", "spending"})
"""Keys of a session's configuration that are kept for this alone."""


def kept(policy: Policy, market_url: str | None, source: MarketSource) -> dict[str, Any]:
    """The policy's limits as TOML, the exchange's other address unless it may hold a secret.

    Where the past is told anew after a split, also which shares are counted in.
    """
    found = {"policy": limits_text(policy), "market_url": _public(market_url)}
    if isinstance(source, ShareSource):
        return {**found, "yardsticks": source.yardsticks()}
    return found


def measure(source: MarketSource, config: Mapping[str, Any]) -> None:
    """Let the source count in the shares that the session began with."""
    if isinstance(source, ShareSource):
        source.measure_by(config["yardsticks"])


def kept_policy(name: str, config: Mapping[str, Any]) -> Policy | None:
    """The policy that session `name` was last opened with; None where an older release made it.

    Raises:
        ConfigError: this release has other limits.
    """
    text = config.get("policy")
    return None if text is None else read_policy(text, f"the policy kept with session {name!r}")


def _public(url: str | None) -> str | None:
    """A password or a key would stand before the host, or after the path."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    secret = "@" in parts.netloc or parts.query or parts.fragment
    return None if secret else url
