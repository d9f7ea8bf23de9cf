"""What every event is: frozen, and without a field that is not known."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Happening(BaseModel):
    """Base of the events."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
