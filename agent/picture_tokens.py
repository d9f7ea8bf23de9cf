"""How many tokens a picture is, by the rule that its provider publishes.

Source: OpenAI, "Images and vision", calculating costs, with detail `high`; that small pictures are
not scaled up is what the API bills (a picture of 128 x 64 is one tile).
"""

from __future__ import annotations

import re
from math import ceil

_TILES = {
    "gpt-4o": (85, 170), "gpt-4.1": (85, 170), "gpt-4-turbo": (85, 170),
    "gpt-4o-mini": (2833, 5667), "gpt-5": (70, 140), "o1": (75, 150), "o3": (75, 150),
}  # fmt: skip
"""Tokens of any picture, and of each of its tiles."""
_TILE_PX, _LONGEST_PX, _SHORTEST_PX = 512, 2048, 768

_PATCHES = {
    "gpt-4.1-mini": 1.62, "gpt-5-mini": 1.62, "gpt-4.1-nano": 2.46, "gpt-5-nano": 2.46,
    "o4-mini": 1.72,
}  # fmt: skip
"""Tokens of a patch."""
_PATCH_PX, _MOST_PATCHES = 32, 1536

SMALL_PATCH_PX = 14
"""The smallest patch that vision models commonly read a picture in; where nobody publishes a rule,
a token is counted for each. Most models take fewer, and what takes more is named in its file."""

_PARTS = re.compile(r"[/:]")
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


def picture_tokens(model: str, width_px: int, height_px: int) -> int:
    """Tokens of one picture.

    Args:
        model: The provider's model name; of one who passes questions on, such as
            `openai/gpt-4o`, that of the maker is found in it.
        width_px: Of the picture.
        height_px: Likewise.
    """
    for name in (_DATED.sub("", part) for part in _PARTS.split(model)):
        if name in _TILES:
            base, tile = _TILES[name]
            return base + tile * _tiles(width_px, height_px)
        if name in _PATCHES:
            covering = ceil(width_px / _PATCH_PX) * ceil(height_px / _PATCH_PX)
            return ceil(min(covering, _MOST_PATCHES) * _PATCHES[name])
    return ceil(width_px / SMALL_PATCH_PX) * ceil(height_px / SMALL_PATCH_PX)


def _tiles(width_px: int, height_px: int) -> int:
    """Tiles that cover a picture, scaled down first into a square and then by its shorter side."""
    scale = min(1.0, _LONGEST_PX / max(width_px, height_px))
    scale = min(scale, _SHORTEST_PX / min(width_px, height_px))
    return ceil(width_px * scale / _TILE_PX) * ceil(height_px * scale / _TILE_PX)
