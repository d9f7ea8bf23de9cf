"""What a run's opening prompt was made of."""

from __future__ import annotations

from typing import Literal

from traces.happening import Happening, TextHash


class PromptSection(Happening):
    """One section of the situation, as it was told."""

    name: str
    tokens: int
    rows: int
    """What there was to tell."""
    left_out: int
    """Rows of it that did not fit."""


class ChartDrawn(Happening):
    """A chart was drawn for the models that see."""

    kind: Literal["chart_drawn"] = "chart_drawn"
    picture: TextHash
    """Blob hash of the PNG's base64 text."""
    width_px: int
    height_px: int
    size_bytes: int
    """Of the PNG."""
    candles_count: int
    levels: list[str]
    """What is drawn across, such as `stop`."""


class PromptWritten(Happening):
    """The opening prompt is written, and what did not fit is left out of it."""

    kind: Literal["prompt_written"] = "prompt_written"
    before_tokens: int
    """Rules and tool schemas: the same before every decision on the instrument."""
    situation_tokens: int
    most_tokens: int
    """What the situation could have taken."""
    tokens_from: Literal["tiktoken", "estimate"]
    sections: list[PromptSection]
    """In the order of the prompt."""
