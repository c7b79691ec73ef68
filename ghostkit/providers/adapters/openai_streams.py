"""How the `openai` SDK's streams are read: to their end, and with nothing left open behind them."""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import Any


@functools.cache
def decoder_class() -> Any:
    """A subclass of the SDK's, which makes one for each stream: at `[DONE]` the SDK would stop reading, too early for
    its connection to be free again.
    """
    from openai._streaming import SSEDecoder

    class Decoder(SSEDecoder):
        def decode(self, line: str) -> Any:
            return None if line == "data: [DONE]" else super().decode(line)

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
