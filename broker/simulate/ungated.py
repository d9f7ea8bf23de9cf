"""The review of a simulation: everything goes, for the gate has its own command.

Only `broker.simulate` builds it, on a venue of paper in a database that is thrown away.
"""

from __future__ import annotations

from collections.abc import Collection

from typing_extensions import override

from broker.review import Review, Reviewed
from domain.verdict import Approved
from journal.reading import StoredPlan


class NoReview(Review):
    """Approves what a script's plan says as it stands."""

    @override
    async def review(self, stored: StoredPlan, answered: Collection[str]) -> Reviewed:
        return Reviewed(Approved(stored.bracket, ()), None)
