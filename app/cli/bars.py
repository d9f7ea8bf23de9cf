"""Bars on standard error, for whatever takes a while."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bars:
    """A bar for each piece of work, shown from the first one on; none when `quiet`."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._progress: Progress | None = None

    def __enter__(self) -> Self:
        """Nothing is shown yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        if self._progress:
            self._progress.stop()

    def add(self, description: str, total: int | None, words: str = "") -> TaskID | None:
        """Another bar, with words behind it; no total: nobody knows how much it will be."""
        if self.quiet:
            return None
        if self._progress is None:
            self._progress = _progress()
            self._progress.start()
        return self._progress.add_task(description, total=total, words=words)

    def move(
        self, bar: TaskID | None, completed: int, words: str, description: str | None = None
    ) -> None:
        """So much of it is done."""
        if self._progress and bar is not None:
            self._progress.update(bar, completed=completed, words=words, description=description)


def _progress() -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from app.cli.output import err

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}"),
        console=err(),
    )
