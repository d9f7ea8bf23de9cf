"""Start-up: `plangate --help` and `plangate traces list` against importing Typer alone.

CPU seconds of whole processes, median of interleaved rounds; what counts is the ratio.
Aim <= 1.5, limit 3. Run: python benchmarks/bench_startup.py
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROUNDS = 9
ROOT = Path(__file__).parents[1]
CASES = {
    "import typer": [sys.executable, "-c", "import typer"],
    "plangate --help": [sys.executable, "-m", "app.cli", "--help"],
    "plangate traces list": [sys.executable, "-m", "app.cli", "traces", "list"],
}


def cpu_s(command: list[str], home: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, cwd=ROOT, env={"PLANGATE_HOME": home, "PATH": ""}, check=True, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def make_history(home: str) -> None:
    """A database with decisions in it, so that listing has something to list."""
    command = [sys.executable, "-m", "app.cli", "run", "--every", "24", "--decisions", "50"]
    subprocess.run(
        [*command, "--json"],
        cwd=ROOT,
        env={"PLANGATE_HOME": home, "PATH": ""},
        check=True,
        capture_output=True,
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        make_history(home)
        times: dict[str, list[float]] = {name: [] for name in CASES}
        for _ in range(ROUNDS + 1):
            for name, command in CASES.items():
                times[name].append(cpu_s(command, home))
    base = median(times["import typer"][1:])
    for name, values in times.items():
        kept = values[1:]
        print(
            f"{name:<22} {1000 * median(kept):7.1f} ms CPU ({1000 * min(kept):.1f}–"
            f"{1000 * max(kept):.1f})  {median(kept) / base:.2f}x"
        )


if __name__ == "__main__":
    main()
