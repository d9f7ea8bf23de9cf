"""How far each number that the gate holds a plan against may go."""

from __future__ import annotations

from decimal import Decimal

from policies.settings import Policy


def hard_range(name: str) -> tuple[Decimal, Decimal]:
    """Lowest and highest value that the schema takes, an open end moved in by a millionth."""
    low = high = Decimal(0)
    for part in Policy.model_fields[name].metadata:
        if hasattr(part, "gt"):
            low = Decimal(part.gt) + Decimal("0.000001")
        if hasattr(part, "ge"):
            low = Decimal(part.ge)
        if hasattr(part, "lt"):
            high = Decimal(part.lt) - Decimal("0.000001")
        if hasattr(part, "le"):
            high = Decimal(part.le)
    return low, high
