"""What is kept with a session so that it can be opened again, and what never is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.reopening import kept, kept_policy
from domain.errors import ConfigError
from policies.policy_file import preset
from policies.presets import PRESETS
from policies.settings import DEFAULTS, Policy
from tests.market.handmade import HandSource


@pytest.mark.parametrize(
    "policy",
    [DEFAULTS, *map(preset, PRESETS), Policy(max_open_orders_count=3, sides=("long",))],
)
def test_a_policy_is_kept_whole(policy: Policy) -> None:
    found = kept_policy("s", kept(policy, None, HandSource({})))
    assert found == policy
    assert found is not None
    assert found.policy_hash == policy.policy_hash
    assert all(isinstance(v, Decimal) == isinstance(getattr(policy, k), Decimal) for k, v in found)


def test_sessions_of_older_releases_keep_none_and_a_wrong_one_is_named() -> None:
    assert kept_policy("s", {"policy_hash": "h"}) is None
    with pytest.raises(ConfigError, match="kept with session 's'"):
        kept_policy("s", {"policy": "no_such_limit = 1"})


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (None, None),
        ("http://127.0.0.1:8080/api", "http://127.0.0.1:8080/api"),
        ("https://me:word@example.org", None),
        ("https://token@example.org", None),
        ("https://example.org/?key=abc", None),
        ("https://example.org/#abc", None),
        ("http://[::1", None),
    ],
)
def test_an_address_that_may_hold_a_secret_is_not_kept(url: str | None, found: str | None) -> None:
    assert kept(DEFAULTS, url, HandSource({}))["market_url"] == found
