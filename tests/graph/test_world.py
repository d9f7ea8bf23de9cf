"""Nodes ask the world through one seam, so that a replay can answer in its place."""

from __future__ import annotations

import re
from pathlib import Path

GRAPH = Path(__file__).parents[2] / "graph"
PAST_IT = re.compile(
    r"context\.(?:journal\.(?!session)|source\.|observer\.|clock\.|desk\.|spending\.)"
    r"|context\.planner\.(?!model_name)"
)
MAY = {"world.py", "context.py", "debugger.py", "edits.py"}
"""The seam, its parts, and what a person does by hand."""


def test_no_node_asks_past_the_seam() -> None:
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted(GRAPH.glob("*.py"))
        if path.name not in MAY
        for line in path.read_text(encoding="utf-8").splitlines()
        if PAST_IT.search(line)
    ]
    assert found == []
