"""Several models at work on one prompt at the same time: who starts when, and who is stopped by whom."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import anyio
from anyio.abc import TaskGroup

from ghostkit.errors import BudgetExceeded, GhostkitError, InputError, ProviderError
from ghostkit.events import Event
from ghostkit.generation.service import GenerationService
from ghostkit.generation.spec import StepResult, StepSpec
from ghostkit.providers import Ending

OnPiece = Callable[[str, str], None]
"""Called with the model's name and each piece of its text, as it comes."""

_OF_ONE_MODEL = (ProviderError, InputError, BudgetExceeded)
"""Trouble of one model: no room in its window, no money for its price. Any other ends the whole contest."""


@dataclass(kw_only=True)
class Contestant:
    """One model's part. `result` is None if it was stopped, or raised `error`, or never began."""

    spec: StepSpec
    on_piece: OnPiece | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    result: StepResult | None = None
    error: GhostkitError | None = None
    begun_at: float | None = None
    first_text_at: float | None = None
    ended_at: float | None = None

    @property
    def is_complete(self) -> bool:
        return self.result is not None and self.result.ending is Ending.COMPLETE

    def take(self, piece: str) -> None:
        if self.first_text_at is None:
            self.first_text_at = time.monotonic()
        if self.on_piece is not None:
            self.on_piece(self.spec.model, piece)


class Contest:
    """Runs a step for each spec; afterwards each contestant says what became of it, `winner` who was first."""

    def __init__(
        self,
        service: GenerationService,
        specs: Sequence[StepSpec],
        *,
        first_wins: bool,
        stop_on_error: bool = False,
        hedge_after_s: float | None = None,
        on_piece: OnPiece | None = None,
    ) -> None:
        self._service = service
        self._first_wins = first_wins
        self._stop_on_error = stop_on_error
        self._hedge_after_s = hedge_after_s
        self._starting = anyio.CancelScope()
        self._failures = anyio.Semaphore(0)
        self._fatal: Exception | None = None
        self.winner: Contestant | None = None
        self.contestants = [self._contestant(spec, on_piece) for spec in specs]

    def _contestant(self, spec: StepSpec, on_piece: OnPiece | None) -> Contestant:
        contestant = Contestant(spec=spec, on_piece=on_piece)
        if self._first_wins:
            contestant.spec = replace(spec, done_events=self._winning(contestant))
        return contestant

    def _winning(self, contestant: Contestant) -> Callable[[str, str], Sequence[Event]]:
        """Called the moment an answer is known to be whole, before it is on the disk: the others stop at once."""
        given = contestant.spec.done_events

        def events(attempt_id: str, text: str) -> Sequence[Event]:
            found = given(attempt_id, text) if given is not None else ()
            self._won(contestant)
            return found

        return events

    async def run(self, stop: anyio.Event | None = None) -> None:
        """Until everyone has ended, or been stopped: by the winner, by `stop`, or from outside.

        Raises what is nobody's own trouble, such as a disk that is full, after stopping everyone.
        """
        async with anyio.create_task_group() as outer:
            if stop is not None:
                outer.start_soon(self._heed, stop)
            async with anyio.create_task_group() as tasks:
                with self._starting:
                    await self._start(tasks)
            outer.cancel_scope.cancel()
        if self._fatal is not None:
            raise self._fatal

    async def _start(self, tasks: TaskGroup) -> None:
        """Everyone at once; with hedging, one after the other: after a while, or when one before has failed."""
        for place, contestant in enumerate(self.contestants):
            if place and self._hedge_after_s is not None:
                with anyio.move_on_after(self._hedge_after_s):
                    await self._failures.acquire()
            tasks.start_soon(self._compete, contestant)

    async def _compete(self, contestant: Contestant) -> None:
        with contestant.scope:
            contestant.begun_at = time.monotonic()
            try:
                contestant.result = await self._service.run_step(contestant.spec, contestant.take)
            except _OF_ONE_MODEL as error:
                contestant.error = error
            except Exception as error:
                # It leaves the task group by hand, so that it isn't wrapped in an exception group.
                self._fatal = self._fatal or error
                self._stop_all()
        contestant.ended_at = time.monotonic()
        if contestant.is_complete and self._first_wins:
            self._won(contestant)
        elif not contestant.is_complete:
            self._failures.release()
            if self._stop_on_error:
                self._stop_all()

    def _won(self, contestant: Contestant) -> None:
        if self.winner is None:
            self.winner = contestant
            self._stop_all(but=contestant)

    def _stop_all(self, but: Contestant | None = None) -> None:
        self._starting.cancel()
        for one in self.contestants:
            if one is not but:
                one.scope.cancel()

    async def _heed(self, stop: anyio.Event) -> None:
        await stop.wait()
        self._stop_all()
