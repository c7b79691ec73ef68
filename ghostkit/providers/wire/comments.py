"""Server-sent events without their comments, which only keep a line open and which one SDK takes for an answer.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import re


class WithoutComments:
    """Bytes in, bytes out; a chunk without a comment is handed on as it is."""

    def __init__(self) -> None:
        self._at_start = True
        """The next byte begins a line."""
        self._blank = True
        """The line under way has nothing in it yet."""
        self._between = True
        """The last line handed on ended an event: an empty line after a comment then ends none."""
        self._in_comment = False
        self._after_comment = False

    def feed(self, chunk: bytes) -> bytes:
        """What of `chunk` is no comment."""
        touched = self._in_comment or self._after_comment or (self._at_start and chunk.startswith(b":"))
        if not touched and b"\n:" not in chunk:
            self._pass(chunk)
            return chunk
        return b"".join(line for line in _LINES.findall(chunk) if self._keeps(line))

    def _pass(self, chunk: bytes) -> None:
        """Take note of what is handed on as it is."""
        end = chunk.rfind(b"\n")
        if end >= 0:
            before = chunk.rfind(b"\n", 0, end)
            self._between = chunk[before + 1 : end] in _NOTHING and (before >= 0 or self._blank)
            self._at_start = self._blank = True
            chunk = chunk[end + 1 :]
        self._at_start = self._at_start and not chunk
        self._blank = self._blank and chunk in _NOTHING

    def _keeps(self, line: bytes) -> bool:
        ends = line.endswith(b"\n")
        if self._in_comment or (self._at_start and line.startswith(b":")):
            self._in_comment = not ends
            self._after_comment = self._between
            self._at_start = self._blank = ends
            return False
        if self._after_comment and self._blank and line.rstrip(b"\n") in _NOTHING:
            self._after_comment = not ends
            self._at_start = ends
            return False
        self._after_comment = False
        self._pass(line)
        return True


_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_NOTHING = (b"", b"\r")
