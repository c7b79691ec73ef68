"""A run: writing in the background that can be watched, waited for, paused and stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import anyio
from anyio.lowlevel import EventLoopToken, current_token

from ghostkit.errors import GhostkitError, IncompleteEnding
from ghostkit.ledger import Slot
from ghostkit.ports import installed_display
from ghostkit.workbench.progress import Progress
from ghostkit.workbench.run_state import RunState, check_transition
from ghostkit.writing.executor import Gate
from ghostkit.writing.plan import SECTION, Goal

if TYPE_CHECKING:
    import polars

    from ghostkit.workbench.book import Book

UpdateKind = Literal["text", "section", "state"]
Listener = Callable[[UpdateKind, Mapping[str, Any]], None]
"""Called on the run's own loop, with `text` {section, delta}, `section` {section, number, title, status} or
`state` {state, reason}; it must return at once."""


class Run:
    """What `book.write()` returns. `await run` waits for the end; everything else works meanwhile."""

    def __init__(self, book: Book, *, id: str, goal: Goal, goal_text: str, model: str, state: RunState) -> None:
        self.book = book
        self.id = id
        self.goal = goal
        self.goal_text = goal_text
        self.model = model
        self.state = state
        self.reason = ""
        self.error: BaseException | None = None
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.progress_meter = Progress(words_a_section=book.value.settings.words)
        self.gate = Gate()
        self._listeners: list[Listener] = []
        self._scope: anyio.CancelScope | None = None
        self._token: EventLoopToken | None = _loop_here()
        self._ended = anyio.Event()
        self._cancel_wanted = False
        self._lock = threading.Lock()

    # ── for people ────────────────────────────────────────────────────────────────────────────────────────

    def __await__(self) -> Generator[Any, None, Run]:
        return self._finish().__await__()

    async def _finish(self) -> Run:
        await self.wait()
        if isinstance(self.error, BaseException):
            raise self.error
        if self.state is RunState.INCOMPLETE:
            raise IncompleteEnding(self.reason or "The run did not finish.", fix="Call write() again to go on.")
        return self

    async def wait(self) -> RunState:
        """Wait for the end, however it ends; raises nothing of the run's own."""
        await self._ended.wait()
        return self.state

    @property
    def done(self) -> bool:
        return self.state.ended

    def cancel(self) -> None:
        """Stop at once: the request is closed, partial text kept. From any thread; a second call does nothing."""
        self._cancel_wanted = True
        self._on_loop(self._cancel_now)

    def pause(self) -> None:
        """Begin nothing new; what is being written now is finished. From any thread."""
        self._on_loop(self._pause_now)

    def resume(self) -> None:
        """Go on after `pause`. From any thread."""
        self._on_loop(self._resume_now)

    @property
    def progress(self) -> float:
        """From 0 to 1; 1 for a run that did what it was to do."""
        return 1.0 if self.state is RunState.DONE else self.progress_meter.fraction

    @property
    def speed(self) -> float:
        """Words a second, over this run."""
        return self.progress_meter.words_per_s

    @property
    def eta_s(self) -> float | None:
        """Seconds left at this speed; None while there is nothing to judge by, 0 at the end."""
        return 0.0 if self.done else self.progress_meter.eta_s

    def status(self) -> dict[str, Any]:
        """Everything a view shows, JSON-ready."""
        meter = self.progress_meter
        return {
            "run": self.id,
            "goal": self.goal_text,
            "model": self.model,
            "state": str(self.state),
            "reason": self.reason,
            "progress": round(self.progress, 4),
            "words": meter.words,
            "words_per_s": round(self.speed, 1),
            "eta_s": round(self.eta_s, 1) if self.eta_s is not None else None,
            "elapsed_s": round(meter.elapsed_s, 1),
            "sections_done": meter.sections_before + meter.sections_done,
            "sections_total": meter.sections_total,
        }

    @property
    def frame(self) -> polars.DataFrame:
        """One row a section of the goal: number, title, status, words, tokens, seconds, cost_usd, chunks, model."""
        from ghostkit.workbench.reports import run_frame

        return run_frame(self.book, self.goal)

    def text(self, section: str | None = None) -> str:
        """The prose so far: of one section (id), or of everything this run is to write, in reading order."""
        sections = [
            s for c, s in self.book.value.sections() if self.goal.wants_section(c, s) and section in (None, s.id)
        ]
        open_texts = self.progress_meter.texts
        return "\n\n".join(text for s in sections if (text := s.content or "".join(open_texts.get(s.id, ()))))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of every update from now on; returns a function that ends it."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def bring_to_an_end_if_abandoned(self) -> None:
        """A run whose event loop was closed before it could begin (`asyncio.run` ended) is cancelled."""
        is_closed = getattr(self._token and self._token.native_token, "is_closed", None)
        if not self.done and is_closed is not None and is_closed():
            self._ended = anyio.Event()  # the other one belongs to the loop that is gone
            self.end(RunState.CANCELLED, "its event loop was closed")

    # ── for the session that carries it out ───────────────────────────────────────────────────────────────

    def enter(self, scope: anyio.CancelScope) -> None:
        """The session's scope is what `cancel` cancels."""
        self._scope = scope
        self._token = current_token()
        if self._cancel_wanted:
            scope.cancel()

    def move(self, state: RunState, reason: str = "") -> None:
        """Change the state as the table allows and tell the listeners."""
        if state is self.state:
            return
        check_transition(self.state, state)
        self.state = state
        self.reason = reason
        self.tell("state", {"state": str(state), "reason": reason})

    def end(self, state: RunState, reason: str = "", error: BaseException | None = None) -> None:
        self.progress_meter.end()
        self.error = error
        self.move(state, reason)
        self._ended.set()

    def tell(self, kind: UpdateKind, data: Mapping[str, Any]) -> None:
        """Tell every listener; one that fails is dropped and harms nobody."""
        for listener in tuple(self._listeners):
            try:
                listener(kind, data)
            except Exception:
                with self._lock:
                    if listener in self._listeners:  # it may have ended its subscription just before
                        self._listeners.remove(listener)

    def add_text(self, section_id: str, piece: str) -> None:
        self.progress_meter.add_text(section_id, piece)
        if self._listeners:
            self.tell("text", {"section": section_id, "delta": piece})

    def restore(self) -> None:
        """Make a run of an earlier process look as it did: its sections counted, its end known."""
        book = self.book.value
        wanted = [s for c, s in book.sections() if self.goal.wants_section(c, s)]
        self.progress_meter.sections_total = len(wanted) or None
        self.progress_meter.sections_before = sum(bool(s.content) for s in wanted)
        if self.state is not RunState.DONE:
            left = {s.id: self._left_of(s.id) for s in wanted if not s.content}
            self.progress_meter.texts = {id: [text] for id, text in left.items() if text}
        self._ended.set()

    def _left_of(self, section_id: str) -> str:
        """What this run left of a section it didn't finish, if it was the last to try."""
        attempts = self.book.ledger.attempts(Slot(object_id=section_id, kind=SECTION))
        if not attempts or attempts[-1].run_id != self.id:
            return ""
        return self.book.ledger.partial_text(attempts[-1].id)

    @property
    def cancelled(self) -> bool:
        return self._cancel_wanted

    # ── on the loop ───────────────────────────────────────────────────────────────────────────────────────

    def _on_loop(self, act: Callable[[], None]) -> None:
        if self._token is None or self.done:
            return
        try:
            here = current_token() == self._token
        except anyio.NoEventLoopError:
            here = False
        if here:
            act()
            return
        native = self._token.native_token
        call = getattr(native, "call_soon_threadsafe", None) or getattr(native, "run_sync_soon", None)
        assert call is not None, "anyio runs on asyncio and trio only"
        with suppress(RuntimeError):  # the loop has ended, and the run with it
            call(act)

    def _cancel_now(self) -> None:
        if self._scope is not None and not self.done:
            self.gate.open()
            self._scope.cancel()

    def _pause_now(self) -> None:
        if self.state is RunState.RUNNING:
            self.gate.close()
            self.move(RunState.PAUSED)

    def _resume_now(self) -> None:
        if self.state is RunState.PAUSED:
            self.move(RunState.RUNNING)
            self.gate.open()

    # ── shown ─────────────────────────────────────────────────────────────────────────────────────────────

    def __repr__(self) -> str:
        return f"<Run: {self.goal_text} of {self.book.title!r} with {self.model}: {self.state}>"

    def _repr_mimebundle_(self, **_: Any) -> Mapping[str, Any]:
        display = installed_display()
        shown = display(self) if display is not None else None
        return shown if shown is not None else {"text/plain": repr(self), "text/html": self.to_html()}

    def to_html(self) -> str:
        """The prose so far as safe HTML, for a saved notebook and for viewers without a kernel."""
        from ghostkit.workbench.pages import run_html

        return run_html(self)


def _loop_here() -> EventLoopToken | None:
    try:
        return current_token()
    except anyio.NoEventLoopError:
        return None


def failure(error: BaseException) -> str:
    """One sentence for an error, ours or not."""
    return error.message if isinstance(error, GhostkitError) else f"{type(error).__name__}: {error}"
