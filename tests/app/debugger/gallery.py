"""Pictures of the screen for the documents: `python -m tests.app.debugger.gallery` renews them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.scripted_model import Step
from tests.app.debugger.seat import Seat, seated
from tests.graph.room import proposal

IMAGES = Path(__file__).parents[3] / "docs" / "images"
SIZE = (112, 30)


def picture(seat: Seat, name: str) -> None:
    """Write what the screen shows, in whatever monospaced font the reader has."""
    drawn = seat.app.export_screenshot(title="plangate step")
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    drawn = drawn.replace("Fira Code", "monospace")
    drawn = re.sub(r"<!--.*?-->\s*", "", drawn, flags=re.DOTALL)
    lines = [line.rstrip() for line in drawn.splitlines()]
    (IMAGES / f"step-{name}.svg").write_text("\n".join(lines) + "\n", encoding="utf-8")


async def draw() -> None:
    """A run to a denial, another branch beside it, the prompt before the next call."""
    steps: list[Step] = [[("regime", {})], proposal(5200)]
    with TemporaryDirectory() as home:
        async with seated(Path(home), steps, SIZE) as seat:
            await seat.press("k")
            await seat.type("RR_BELOW_MIN")
            await seat.press("c")
            picture(seat, "denied")
            await seat.press("f", "b", "e")
            await seat.type("draft.targets.0.price 5300")
            await seat.press("n", "x")
            picture(seat, "compare")
            await seat.press("w", "n", "p")
            picture(seat, "prompt")


if __name__ == "__main__":
    asyncio.run(draw())
