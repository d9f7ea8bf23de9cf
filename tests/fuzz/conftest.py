"""The fuzzer's tally, added up over all workers, at the end of the run."""

from __future__ import annotations

from collections import Counter
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    kinds, codes = Counter[str](), Counter[str]()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, tally in getattr(report, "user_properties", []):
                if name == "fuzz" and report.when == "call":
                    kinds.update(tally["kinds"])
                    codes.update(tally["codes"])
    if not kinds:
        return
    terminalreporter.section("gate against oracle")
    for title, counter in (("cases", kinds), ("codes", codes)):
        if counter:
            total = f"{counter.total():,} " if counter is kinds else ""
            rows = ", ".join(f"{name} {count:,}" for name, count in counter.most_common())
            terminalreporter.write_line(f"{total}{title}: {rows}")
