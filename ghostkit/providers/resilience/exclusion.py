"""A lock for moments, that what is thrown away may ask for too."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType


class Exclusion:
    """A lock as a context manager, and `soon` for those that must never wait for it.

    A coroutine whose event loop has died is closed by the garbage collector, at any allocation: also in the middle of
    a locked moment, in the same thread, where waiting for the lock would be for ever.
    """

    __slots__ = ("_later", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._later: deque[Callable[[], None]] = deque()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        if self._later:
            self._catch_up()

    def soon(self, act: Callable[[], None]) -> None:
        """Call `act` under the lock: now, or as soon as who holds it lets go. Never waits.

        None is forgotten: either the lock is free here, or its holder looks after having let go, which is later.
        """
        self._later.append(act)
        self._catch_up()

    def _catch_up(self) -> None:
        while self._later and self._lock.acquire(blocking=False):
            try:
                while self._later:
                    self._later.popleft()()
            finally:
                self._lock.release()
