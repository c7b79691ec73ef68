"""Loading much at once, in a thread, beside a running event loop.

What holds the loop up then is the garbage collector: it looks through all that an SDK makes, several times over, for up
to 150 ms each, and no thread runs meanwhile. Nothing of it is garbage.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_loading = 0


@contextmanager
def loading() -> Iterator[None]:
    """No collection begins in here; what has been made counts as old afterwards. Whoever has it off keeps it off."""
    global _loading
    with _lock:
        if not _loading and not gc.isenabled():
            ours = False
        else:
            ours = True
            _loading += 1
            gc.disable()
    try:
        yield
    finally:
        if ours:
            _end()


def _end() -> None:
    global _loading
    with _lock:
        _loading -= 1
        if _loading:
            return
        if not gc.get_freeze_count():  # else somebody's own
            gc.freeze()
            gc.unfreeze()  # the two together move everything to the oldest generation, without a look at it
        gc.enable()
