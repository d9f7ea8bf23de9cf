"""Pictures of what each script in `examples/paper` comes to: one whole document a script.

`python -m tests.broker.simulate.gallery` writes them anew; look at the difference before it is
committed. The numbers that matter are worked out by hand in `test_examples.py`.
"""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from broker.simulate.player import play
from broker.simulate.reading import read_script
from broker.simulate.result import result_document
from broker.simulate.script import Script

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "paper"
PICTURES = ROOT / "tests" / "snapshots" / "paper"
NAMES = tuple(sorted(path.stem for path in EXAMPLES.glob("*.json")))


def script_of(name: str) -> Script:
    """An example."""
    return read_script((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"), name)


def result_of(script: Script) -> dict[str, Any]:
    """What a script comes to, from nothing."""
    with TemporaryDirectory() as folder:
        return result_document(asyncio.run(play(script, Path(folder))))


@cache
def example(name: str) -> dict[str, Any]:
    """What an example comes to, played once; not to be changed."""
    return result_of(script_of(name))


def picture(document: dict[str, Any]) -> str:
    """As it is kept."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every picture."""
    PICTURES.mkdir(exist_ok=True)
    for path in PICTURES.glob("*.json"):
        path.unlink()
    for name in NAMES:
        (PICTURES / f"{name}.json").write_text(picture(example(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
