"""What a venue changed about an instrument, told as a flag."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from domain.instrument import Instrument
from domain.quality import Defect, QualityFlag


def relisted(old: Instrument, new: Instrument, at: datetime) -> QualityFlag | None:
    """The flag of a change that was seen at a moment; None where nothing has changed.

    Trading hours are told for some days ahead, and so every day anew: that is no change.
    """
    changed = [
        f"{field.name} {getattr(old, field.name)} -> {getattr(new, field.name)}"
        for field in fields(Instrument)
        if field.name != "hours" and getattr(old, field.name) != getattr(new, field.name)
    ]
    if not changed:
        return None
    return QualityFlag(
        datum=f"instrument {new.symbol}",
        defect=Defect.RELISTED,
        treatment="replaced",
        count=len(changed),
        first_at=at,
        last_at=at,
        detail=", ".join(changed),
    )
