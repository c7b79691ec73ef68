"""ghostkit in a Jupyter kernel: a run shows itself live, and as finished prose in the saved notebook.

While a run goes on, its output is a widget. When it ends, the same output is replaced by plain HTML, because a saved
widget needs a kernel that still knows it: JupyterLab shows "model not found" in its place, whatever else is in
the output.

While a cell runs, the loop is woken every `TICK_S`. Python handles the signal of an interrupted kernel only when its
main thread comes by, and a loop that waits for nothing but a silent provider may not come by for minutes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextvars import Context
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ghostkit.ports import install

if TYPE_CHECKING:
    from ghostkit.workbench import Run

Bundle = dict[str, Any]

_views: dict[str, Any] = {}
"""The view of each run that was shown while it went on, by the run's id: all its outputs share one."""
_waiting: set[str] = set()
"""The runs whose outputs are to be replaced when they end, by id."""
TICK_S = 0.1
"""How long an interrupt may go unnoticed while a cell awaits something silent."""


def use() -> None:
    """Let runs show themselves, if this is an IPython kernel; elsewhere nothing happens. Calling it again is fine."""
    shell = _kernel_shell()
    if shell is None:
        return
    install(display=mime_bundle)
    formatter = shell.display_formatter.ipython_display_formatter
    formatter.for_type_by_name("ghostkit.workbench.run", "Run", show)
    _ticker.watch(shell)


def _kernel_shell() -> Any:
    """IPython's shell, when it lives in a kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if shell is not None and getattr(shell, "kernel", None) is not None else None


def mime_bundle(run: Run) -> Bundle:
    """What an output of a run holds: the live view while there is something to see, HTML and text in any case."""
    bundle: Bundle = {"text/plain": repr(run), "text/html": run.to_html()}
    if not run.done and _can_show_widgets():
        bundle |= _view(run)._repr_mimebundle_()[0]
        bundle["text/plain"] = repr(run)
    return bundle


def _can_show_widgets() -> bool:
    return all(find_spec(package) is not None for package in ("anywidget", "ghostkit_widgets"))


def show(run: Run) -> None:
    """Display `run`; its outputs are brought up to date when it ends."""
    publish = _kernel_shell().display_pub.publish
    if run.done:
        publish(data=mime_bundle(run))
        return
    transient = {"display_id": f"ghostkit-{run.id}"}
    publish(data=mime_bundle(run), transient=transient)
    if run.id not in _waiting:
        _waiting.add(run.id)
        _when_done(run, lambda: publish(data=mime_bundle(run), transient=transient, update=True))


def _when_done(run: Run, act: Callable[[], None]) -> None:
    def heard(kind: str, _data: Mapping[str, Any]) -> None:
        if kind == "state" and run.done:
            unsubscribe()
            _waiting.discard(run.id)
            # An empty context: the message then belongs to the cell that runs now (the one that awaits the run,
            # if any), not to the one that started it, whose output front ends no longer listen to.
            Context().run(act)

    unsubscribe = run.subscribe(heard)


def _view(run: Run) -> Any:
    from ghostkit_widgets import RunView

    if run.id not in _views:
        _views[run.id] = RunView(run)
    return _views[run.id]


class _Ticker:
    """Wakes the loop now and then while a cell runs, and never between cells."""

    def __init__(self) -> None:
        self._shell: Any = None
        self._handle: asyncio.TimerHandle | None = None

    def watch(self, shell: Any) -> None:
        if self._shell is shell:
            return
        self._shell = shell
        shell.events.register("pre_run_cell", self.start)
        shell.events.register("post_run_cell", self.stop)
        self.start()  # for the cell that is running: it is the one that named ghostkit first

    def start(self, _info: Any = None) -> None:
        self.stop()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._tick(loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._handle = loop.call_later(TICK_S, self._tick, loop)

    def stop(self, _result: Any = None) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


_ticker = _Ticker()
