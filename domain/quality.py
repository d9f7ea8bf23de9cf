"""What was wrong with data that is shown all the same: the words that travel with it.

A datum that contradicts itself is either mended by a rule that leaves no choice, and says so with
a flag, or refused with a `DataError`. `docs/quality.md` has the decision for each defect. A flag
has a time of its own: the moment at which what was known then already showed the defect, so that a
flag never tells a decision about data of its future.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from domain.clock import iso

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Stamps = NDArray[np.int64]


class Defect(StrEnum):
    """What was found."""

    UNSORTED = "unsorted"
    """It stood before what is older."""
    DUPLICATE = "duplicate"
    """The same twice."""
    REVISED = "revised"
    """Two states of one thing, of which one is clearly the later."""
    NOT_FINITE = "not_finite"
    """NaN or infinite."""
    OUT_OF_BOUNDS = "out_of_bounds"
    """A price at or below 0, a volume below 0, or a number no market has."""
    CROSSED = "crossed"
    """A high below the low, an open or close outside both; a bid at or above the ask."""
    UNCLOSED = "unclosed"
    """A candle that was recorded before it was closed."""
    FUTURE = "future"
    """Stamped later than it was answered."""
    GAP = "gap"
    """Candles that are not there."""
    SILENT = "silent"
    """Candles in which nobody traded: legal, and worth knowing."""
    WICK = "wick"
    """A price that was touched far away from all others: perhaps a bad print."""
    RELISTED = "relisted"
    """The venue changed what an instrument's orders must look like, or whether it is traded."""


HARMLESS = frozenset({Defect.UNSORTED, Defect.DUPLICATE})
"""Once mended, nothing is lost and nothing was chosen."""
LOST = frozenset({Defect.NOT_FINITE, Defect.OUT_OF_BOUNDS, Defect.CROSSED, Defect.UNCLOSED})
"""What is dropped for one of these is a candle that is missing now."""

Treatment = Literal["dropped", "sorted", "replaced", "kept"]
"""`replaced`: the later of two stands. `kept`: shown as it came, for the rules to judge."""


class QualityFlag(BaseModel):
    """One defect of one datum: what, how often, where, and what was done about it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    datum: str
    """As in the provenance: `candles.1h`, `book`, `funding`, `instrument`."""
    defect: Defect
    treatment: Treatment
    """What was done about it."""
    count: int
    """How many: candles, levels, payments."""
    first_at: datetime
    """The first of them, UTC; for candles the open time."""
    last_at: datetime
    """The last of them, UTC."""
    detail: str = ""
    """What else there is to say, such as `price_tick 0.1 -> 0.01`."""

    def __str__(self) -> str:
        """`candles.1h: 3 gap kept, 2024-01-02T00:00:00Z to 2024-01-02T02:00:00Z`."""
        until = f" to {iso(self.last_at)}" if self.last_at != self.first_at else ""
        said = f", {self.detail}" if self.detail else ""
        found = f"{self.count} {self.defect} {self.treatment}"
        return f"{self.datum}: {found}, {iso(self.first_at)}{until}{said}"


@dataclass(frozen=True, slots=True, eq=False)
class Flaw:
    """What was mended in a series of candles, by the times at which it was there to see."""

    defect: Defect
    treatment: Treatment
    at_ms: Stamps
    """Open times, ascending, one for each candle concerned; shape (n,)."""

    def __post_init__(self) -> None:
        self.at_ms.setflags(write=False)

    def until(self, last_ms: int) -> Flaw:
        """The part of it up to a candle; may be empty."""
        return Flaw(self.defect, self.treatment, self.at_ms[self.at_ms <= last_ms])
