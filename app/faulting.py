"""A session whose paper venue is made worse on purpose: how it is, and what that came to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from broker.chance import Fault
from broker.fault_spec import FaultSpec
from broker.faults import FaultyBroker
from broker.protocol import Broker
from domain.errors import ConfigError
from traces.order_events import FaultInjected
from traces.store import TraceStore

if TYPE_CHECKING:
    from app.diary import Diary
    from graph.context import RunContext
    from journal.books import Journal

NOBODYS_RUN = "venue"
"""Faults that befell no order are recorded under this name instead of a run's."""


def made_faulty(venue: Broker, spec: FaultSpec | None, context: RunContext, diary: Diary) -> Broker:
    """The venue, behind the faults that were asked for; each is recorded as it happens.

    Raises:
        ConfigError: the venue is none of paper.
    """
    if spec is None:
        return venue
    if not venue.traits.paper:
        raise ConfigError(
            "--faults is for paper: at a venue with money nothing is broken on purpose"
        )

    def tell(fault: Fault) -> None:
        order = context.journal.order(fault.order) if fault.order else None
        diary.faulted(fault, order.run_id if order and order.run_id else NOBODYS_RUN)

    return FaultyBroker(venue, spec.faults, spec.seed, context.clock, tell)


def fault_document(journal: Journal, *, listed: bool = False) -> dict[str, Any] | None:
    """What a session ran with and how often each fault was injected; None where it had none.

    Args:
        journal: The session's.
        listed: Each with its moment too.
    """
    spec = journal.config().get("faults")
    if spec is None:
        return None
    recorded = TraceStore(journal.database, journal.session).of_kind("fault_injected")
    events = [item.event for item in recorded if isinstance(item.event, FaultInjected)]
    counts = Counter(event.fault for event in events)
    document = {
        "spec": spec,
        "injected_count": len(events),
        "injected": dict(sorted(counts.items())),
    }
    if listed:
        rows = [event.model_dump(mode="json", exclude={"kind"}) for event in events]
        document["list"] = rows
    return document
