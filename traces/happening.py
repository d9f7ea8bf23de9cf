"""What every event is: frozen, and without a field that is not known; and words of several."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

TokensFrom = Literal["provider", "tiktoken", "estimate"]
"""Who counted: the provider's usage, tiktoken exactly, or an estimate from characters."""


class Happening(BaseModel):
    """Base of the events."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
