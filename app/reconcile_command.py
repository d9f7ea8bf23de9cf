"""What `plangate reconcile` does: open a session as it was started, compare, and let go."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.scripted_model import ScriptedModel
from app.home import state_home
from app.options import stored_options
from app.reopening import kept_policy
from app.settings import load_settings
from app.wire import Replaced, wire_session
from broker.patience import patiently
from domain.clock import FixedClock
from domain.lifecycle import AT_THE_VENUE, OrderStatus


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
    silent = Replaced(model=ScriptedModel([]))  # nothing is decided, so no model needs a key
    async with wire_session(
        options, load_settings(), state_home(), policy=known, replaced=silent
    ) as wired:
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
