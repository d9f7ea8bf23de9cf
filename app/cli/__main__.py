"""`python -m app.cli` is the same as `plangate`."""

from __future__ import annotations

from app.cli.main import main

main()
