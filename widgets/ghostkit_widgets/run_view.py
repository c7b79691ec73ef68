"""The live view of one run: prose as it is written, progress, Pause and Stop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from ghostkit_widgets.run_feed import Message, RunFeed

if TYPE_CHECKING:
    from ghostkit.workbench import Run

_HERE = Path(__file__).parent


class RunView(anywidget.AnyWidget):
    """Shows a run wherever anywidgets show; any number of views of it follow the same run.

    The page sends `{kind: "resync", page, have}`, `{kind: "leave", page}` and `{kind: "stop" | "pause" | "resume"}`;
    what it is sent stands in `run_feed.py`.
    """

    _esm = _HERE / "run_view.js"
    _css = _HERE / "run_view.css"

    snapshot = traitlets.Dict().tag(sync=True)
    """The prose of the sections that are finished and the run's status; renewed when sections end."""

    def __init__(self, run: Run) -> None:
        self.feed = RunFeed(run, self._tell_page, self._publish)
        self.feed.start()
        super().__init__(snapshot=self.feed.snapshot())
        self.on_msg(self._asked)

    def close(self) -> None:
        """Take the view out of every page; the run goes on."""
        self.feed.stop()
        super().close()

    def _tell_page(self, message: Message) -> None:
        if self.comm is not None:
            self.send(message)

    def _publish(self, snapshot: Message) -> None:
        self.snapshot = snapshot

    def _asked(self, _widget: RunView, content: Any, _buffers: Any) -> None:
        """A message from a page, which may be anything."""
        if not isinstance(content, Mapping):
            return
        run, kind, page = self.feed.run, content.get("kind"), str(content.get("page", ""))
        if kind == "stop":
            run.cancel()
        elif kind == "pause":
            run.pause()
        elif kind == "resume":
            run.resume()
        elif kind == "leave":
            self.feed.leave(page)
        elif kind == "resync":
            self.feed.resync(page, _lengths(content.get("have")))


def _lengths(have: Any) -> dict[str, int]:
    if not isinstance(have, Mapping):
        return {}
    return {str(section): length for section, length in have.items() if isinstance(length, int)}
