"""An answer's body on its way in: unpacked, bounded, each event once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ghostkit.errors import BadAnswer
from ghostkit.providers.wire.call import WireCall
from ghostkit.providers.wire.comments import WithoutComments
from ghostkit.providers.wire.decompress import decompressor
from ghostkit.providers.wire.undoubling import Undoubled

LONGEST_BODY: Final = 64 * 1024 * 1024
"""Bytes of one answer; the longest that any vendor gives is far below it."""
LONGEST_LINE: Final = 4 * 1024 * 1024
"""Bytes of a stream without the end of a line: the SDKs gather lines piece by piece, slower the longer they are."""


class Body:
    """Takes what comes and gives what is handed on.

    :raises BadAnswer: too much, or nothing that a vendor would send.
    """

    def __init__(self, call: WireCall, encoding: str, content_type: str) -> None:
        self._call = call
        self._unfold = decompressor(encoding)
        self._once = Undoubled(content_type)
        self._comments = WithoutComments() if content_type == "text/event-stream" else None
        self._streams = content_type in ("text/event-stream", "application/x-ndjson")
        self._came = 0
        self._line = 0

    def take(self, chunk: bytes) -> Iterator[bytes]:
        self._call.received_bytes += len(chunk)
        for piece in self._unfold(chunk):
            self._came += len(piece)
            if self._came > LONGEST_BODY:
                raise self._too_much(LONGEST_BODY, "for one answer")
            if self._streams:
                self._check_line(piece)
            if self._comments is not None:
                piece = self._comments.feed(piece)
            new = self._once.feed(piece)
            if new:
                yield new

    def rest(self) -> bytes:
        """What is left when the answer has ended."""
        return self._once.rest()

    def _check_line(self, piece: bytes) -> None:
        end = piece.rfind(b"\n")
        self._line = len(piece) - end - 1 if end >= 0 else self._line + len(piece)
        if self._line > LONGEST_LINE:
            raise self._too_much(LONGEST_LINE, "without the end of a line")

    def _too_much(self, limit: int, what: str) -> BadAnswer:
        return BadAnswer(
            f"{self._call.host} sent more than {limit // 1024**2} MB {what}.",
            fix="No model writes that much: check the base URL, or what answers in its place.",
        )
