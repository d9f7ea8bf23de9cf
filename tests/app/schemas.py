"""Writes the JSON schemas of the exports into docs: python -m tests.app.schemas."""

from __future__ import annotations

import json
from pathlib import Path

from app.export_columns import TABLES, json_schema

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


def main() -> None:
    """One file a table."""
    for name in TABLES:
        text = json.dumps(json_schema(name), indent=2, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
