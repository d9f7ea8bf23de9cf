"""Each known defect, let in by both doors: the page tells what became of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.market.quality_zoo import PAGE, ZOO, by_file, page_with, table


async def test_the_page_tells_what_became_of_each_defect() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_with(await table()), (
        "renew it: python -m tests.market.quality_zoo"
    )


@pytest.mark.parametrize("name", [s.name for s in ZOO if "file" in s.doors])
async def test_no_defect_of_a_file_passes_in_silence(name: str, tmp_path: Path) -> None:
    specimen = next(s for s in ZOO if s.name == name)
    assert await by_file(specimen, tmp_path) != ("no flag",)
