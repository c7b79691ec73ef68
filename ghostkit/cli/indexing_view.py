"""Progress of indexing on a terminal: one line on stderr, and nothing where nobody looks."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from ghostkit.cli.terminal import console, is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_STAGES = {"chunking": "Cutting", "embedding": "Embedding"}


class IndexingView:
    """A context in which `update(stage, done, total)` moves a bar."""

    def __init__(self, *, shown: bool = True) -> None:
        self._shown = shown and is_terminal(sys.stderr)
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> IndexingView:
        return self

    def update(self, stage: str, done: int, total: int) -> None:
        """As an `Indexer` calls it."""
        if not self._shown or not total:
            return
        progress = self._begun()
        if stage not in self._tasks:
            self._tasks[stage] = progress.add_task(_STAGES.get(stage, stage), total=total)
        progress.update(self._tasks[stage], completed=done, total=total)

    def _begun(self) -> Progress:
        if self._progress is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=console(stderr=True), transient=True)
            self._progress.start()
        return self._progress

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
