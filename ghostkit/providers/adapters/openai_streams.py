"""How the `openai` SDK's streams are read: to their end, each event once, and with nothing left open behind them.

`[DONE]` is left out: the SDK would stop reading there, with the connection not free yet.

Chat completions have no numbers by which an event that comes twice (a proxy that sends again what it had sent) could
be told from a word said twice. So only a stream that begins with the same event twice is taken to say all things
twice, and where it stops doing so after text was left out, the answer can't be trusted.
"""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import Any

from ghostkit.errors import BadAnswer


@functools.cache
def decoder_class() -> Any:
    """A subclass of the SDK's decoder; the SDK makes one for each stream."""
    from openai._streaming import SSEDecoder

    class Decoder(SSEDecoder):
        def __init__(self) -> None:
            super().__init__()
            self._once = Once()

        def decode(self, line: str) -> Any:
            if line.startswith("data:") and (line == "data: [DONE]" or not self._once.is_new(line)):
                self._event = None
                return None
            return super().decode(line)

    return Decoder


class WholeStream:
    """The SDK's stream, and the generator inside it, which it leaves open when it stops in the middle."""

    def __init__(self, stream: Any) -> None:
        below = stream._iter_events()
        stream._iter_events = lambda: below
        self._stream = stream
        self._below = below

    def __aiter__(self) -> Any:
        return self._stream._iterator

    async def aclose(self) -> None:
        """Close the socket, then read on: over a closed socket every generator comes to its end."""
        await self._stream.close()
        with suppress(Exception):
            async for _event in self._below:
                pass


class Once:
    """Says of each line of data whether it is new."""

    def __init__(self) -> None:
        self._opening = ""
        self._before = ""
        self._lines = 0
        self._doubled = False
        self._left_out = False

    def is_new(self, line: str) -> bool:
        """:raises BadAnswer: text was left out as said twice, and now something isn't."""
        if self._doubled:
            return self._of_a_pair(line)
        if self._lines < 2:
            self._lines += 1
            self._doubled = self._lines == 2 and line == self._opening
            self._opening = self._opening or line
            if self._doubled:
                return False
        return True

    def _of_a_pair(self, line: str) -> bool:
        if not self._before:
            self._before = line
            return True
        if line == self._before:
            self._left_out = self._left_out or line != self._opening
            self._before = ""
            return False
        if self._left_out:
            raise BadAnswer(
                "The answer's events come twice, and not all of them: what stands between repeats itself.",
                fix="Try again; if it stays, go around the proxy.",
                retryable=True,
            )
        self._doubled = False
        return True
