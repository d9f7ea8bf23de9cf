"""What `plangate reconcile` does: open a session as it was started, compare, and let go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.models import OPENAI_URL
from app.home import state_home
from app.options import SessionOptions, read_options
from app.reopening import kept_policy
from app.settings import load_settings
from app.wire import wire_session
from broker.patience import patiently
from domain.clock import FixedClock
from domain.lifecycle import AT_THE_VENUE, OrderStatus


def stored_options(
    name: str, config: Mapping[str, Any], policy: Path | None, market_url: str | None
) -> SessionOptions:
    """The options that a session was started with.

    Args:
        name: The session's.
        config: As it is stored with the session.
        policy: A policy file in place of the one kept; another one than at the start is refused.
        market_url: Other address of the exchange; None is the one that is kept.
    """
    stored = config["capital"]
    options = read_options(
        symbols=config["symbols"],
        market=config["market"],
        model=config["model"],
        base_url=None,
        timeframe=config["timeframe"],
        every=config["every"],
        start=config["from"],
        end=config["to"],
        capital=[stored] if isinstance(stored, str) else stored,
        policy=policy,
        session=name,
        decisions=None,
        market_url=market_url or config.get("market_url"),
        seed=config["seed"],
        faults=config.get("faults"),
    )
    # No model, no tool and no feed is asked, so none needs a key.
    return replace(
        options,
        base_url=OPENAI_URL,
        tools_hash=config.get("tools"),
        feeds_hash=config.get("feeds"),
    )


async def reconcile_session(
    name: str, config: Mapping[str, Any], policy: Path | None, market_url: str | None
) -> dict[str, Any]:
    """Compare once.

    Raises:
        StateError: another process runs the session, or it was started otherwise.
        Unreachable: the venue did not answer; nothing is concluded from that.
    """
    options = stored_options(name, config, policy, market_url)
    known = None if policy else kept_policy(name, config)
    async with wire_session(options, load_settings(), state_home(), policy=known) as wired:
        clock, journal = wired.context.clock, wired.context.journal
        # A replay's venue stands where it was left; its clock goes there, not into the bars after.
        now = wired.venue.cursor if isinstance(clock, FixedClock) else clock.now()
        if isinstance(clock, FixedClock):
            clock.advance_to(now)
        found = await patiently(lambda: wired.executor.reconcile(now))
        return {
            "schema": "plangate.reconcile/1",
            "session": name,
            "agree": not found.mismatches,
            "mismatches": list(found.mismatches),
            "booked_count": found.booked,
            "positions_count": len(journal.ledger().positions),
            "orders_count": len(journal.orders(*AT_THE_VENUE)),
            "orders_to_send_count": len(journal.orders(OrderStatus.PENDING)),
            "trading_state": journal.trading_state(now).value,
        }
