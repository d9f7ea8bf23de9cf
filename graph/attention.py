"""How often a model is asked: at every decision, or only where something has happened."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Attention(BaseModel):
    """When a decision is worth a call; see `graph.waking`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    heartbeat_count: Annotated[int, Field(ge=1, le=10_000)] = 1
    """The model is asked at every so many decisions on a symbol at the least; 1 asks at each."""
    move_atr_ratio: Annotated[float, Field(gt=0, le=100)] = 1.0
    """A price that has moved so many ATR since the model was last asked wakes it."""

    @property
    def sleeps(self) -> bool:
        """Whether there are decisions at which the model is not asked."""
        return self.heartbeat_count > 1


ALWAYS = Attention()
"""The model is asked at every decision."""
