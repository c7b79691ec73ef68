"""Streams that say everything twice, as some proxies make them: each event handed on once.

No vendor numbers all its events, so that one that comes twice could be told from a word said twice. But none begins
with the same event twice: a stream that does is taken to say all things twice, and where it stops doing so after text
was left out, the answer can't be trusted.
"""

from __future__ import annotations

import re
from typing import Final

from ghostkit.errors import BadAnswer

LONGEST_HELD: Final = 1 << 20
_ENDS: Final = {"text/event-stream": re.compile(rb"\r?\n\r?\n"), "application/x-ndjson": re.compile(rb"\r?\n")}


class Undoubled:
    """Bytes in, bytes out; after the second event of an ordinary stream nothing more is looked at."""

    def __init__(self, content_type: str) -> None:
        self._end = _ENDS.get(content_type)
        self._held = b""
        self._first = b""
        self._doubled = False
        self._half = b""
        """The event whose second coming is waited for."""
        self._left_out = False

    def feed(self, chunk: bytes) -> bytes:
        """What of `chunk` is new.

        :raises BadAnswer: text was left out as said twice, and now something isn't.
        """
        if self._end is None:
            return chunk
        self._held += chunk
        new: list[bytes] = []
        while (end := self._end.search(self._held)) is not None:
            event, self._held = self._held[: end.end()], self._held[end.end() :]
            if self._is_new(event):
                new.append(event)
            if self._end is None:
                break
        if self._end is None or len(self._held) > LONGEST_HELD:
            self._end = None
            new.append(self.rest())
        return b"".join(new)

    def rest(self) -> bytes:
        """What is held when the stream ends."""
        held, self._held = self._held, b""
        return held

    def _is_new(self, event: bytes) -> bool:
        if not event.strip():
            return True
        if self._doubled:
            return self._of_a_pair(event)
        if not self._first:
            self._first = event
            return True
        if event == self._first:
            self._doubled = True
            return False
        self._end = None
        return True

    def _of_a_pair(self, event: bytes) -> bool:
        if not self._half:
            self._half = event
            return True
        if event == self._half:
            self._left_out = self._left_out or event != self._first  # some open many times, with nothing in it
            self._half = b""
            return False
        if self._left_out:
            raise BadAnswer(
                "The answer's events come twice, and not all of them: what stands between repeats itself.",
                fix="Try again; if it stays, go around the proxy.",
                retryable=True,
            )
        self._end = None
        return True
