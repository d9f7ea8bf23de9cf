"""The dispatcher of a simulation: everything but the gate, which has its own command.

Only `broker.simulate` builds it, on a venue of paper in a database that is thrown away.
"""

from __future__ import annotations

from typing_extensions import override

from broker.dispatcher import Dispatcher, _Reviewed
from domain.verdict import Approved
from journal.reading import StoredPlan


class UngatedDispatcher(Dispatcher):
    """Sends what a script's plan says as it stands."""

    @override
    async def _review(self, stored: StoredPlan) -> _Reviewed:
        return _Reviewed(Approved(stored.bracket, ()), None)
