"""What a session keeps so that it can be opened again without being told: never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from policies.policy_file import limits_text, read_policy
from policies.settings import Policy

KEPT = frozenset({"policy", "market_url"})
"""Keys of a session's configuration that are kept for this alone."""


def kept(policy: Policy, market_url: str | None) -> dict[str, Any]:
    """The policy's limits as TOML, and the exchange's other address unless it may hold a secret."""
    return {"policy": limits_text(policy), "market_url": _public(market_url)}


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
