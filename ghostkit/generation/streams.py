"""Streams in progress, by id: how far they are, how fast, and how to stop them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from anyio import CancelScope, Lock

from ghostkit.errors import UnknownName
from ghostkit.providers import RateLimits

OnText = Callable[[str], None]
REMEMBERED = 256
"""How many ended streams stay known."""


@dataclass(kw_only=True)
class LiveStream:
    """One stream: its text so far and its numbers. `chunks` counts pieces handed on, `deltas` pieces received."""

    id: str
    attempt_id: str = ""
    slot: str = ""
    model: str = ""
    chunk_characters: int = 10
    on_text: OnText | None = None
    on_started: Callable[[RateLimits | None], None] | None = None
    """Told what the vendor's headers say of its limits, when they come."""
    started: float = field(default_factory=time.monotonic)
    first_text: float | None = None
    ended: float | None = None
    ending: str = ""
    chunks: int = 0
    deltas: int = 0
    thought_characters: int = 0
    waits_for: str = ""
    """What it waits for before it is sent: a limit, its turn."""
    cancel_requested: bool = False
    scope: CancelScope | None = None
    flushing: Lock = field(default_factory=lambda: Lock(fast_acquire=True))
    """Held while pieces become durable, so that none does before an earlier one: a kill would leave a hole."""
    _pieces: list[str] = field(default_factory=list)
    _waiting: list[str] = field(default_factory=list)
    _waiting_characters: int = 0
    _flushed: int = 0
    _left: int = 0

    def go_on_from(self, text: str) -> None:
        """Begin with what an earlier attempt left: part of the text, handed on with the first new piece."""
        if text:
            self._left = len(text)
            self._pieces.append(text)
            self._waiting.append(text)

    def add(self, text: str) -> None:
        """Take one received piece in; hands on at least `chunk_characters` at a time, the first piece at once."""
        if self.first_text is None:
            self.first_text = time.monotonic()
        self.deltas += 1
        self._pieces.append(text)
        if self.on_text is None:
            return
        self._waiting.append(text)
        self._waiting_characters += len(text)
        if self.deltas == 1 or self._waiting_characters >= self.chunk_characters:
            self.hand_on()

    def hand_on(self) -> None:
        """Give what waits to the receiver."""
        if self._waiting and self.deltas and self.on_text is not None:
            text = "".join(self._waiting)
            self._waiting.clear()
            self._waiting_characters = 0
            self.chunks += 1
            try:
                self.on_text(text)
            except Exception:  # a listener that fails is not told more; the text is worth more than the view of it
                self.on_text = None

    def take_unflushed(self) -> tuple[int, str]:
        """The text not yet made durable, with its place in the order."""
        fresh = self._pieces[self._flushed :]
        self._flushed = len(self._pieces)
        return self._flushed, "".join(fresh)

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def end(self, ending: str) -> None:
        """Say how it ended; a second time changes nothing."""
        if self.ended is not None:
            return
        self.ended = time.monotonic()
        self.ending = ending
        # It stays known for its status: keep the text in one piece, and nothing of what made it.
        self._pieces, self._flushed = [self.text], 1
        self.scope = self.on_text = self.on_started = None

    def cancel(self) -> None:
        """Stop the stream at its next await; the text so far is kept. Call on the stream's own event loop."""
        self.cancel_requested = True
        if self.scope is not None:
            self.scope.cancel()

    def _doing(self) -> str:
        if self.deltas:
            return "streaming"
        return "thinking" if self.thought_characters else "waiting"

    def status(self) -> dict[str, Any]:
        """JSON-ready: state, counts and speeds (characters and pieces a second of streaming)."""
        seconds = max((self.ended or time.monotonic()) - (self.first_text or self.started), 1e-9)
        characters = sum(map(len, self._pieces))
        return {
            "id": self.id,
            "slot": self.slot,
            "model": self.model,
            "state": self.ending or self._doing(),
            "chunks_sent": self.chunks,
            "tokens_received": self.deltas,
            "characters": characters,
            "thought_characters": self.thought_characters,
            "waits_for": self.waits_for,
            "characters_per_s": round((characters - self._left) / seconds, 1) if self.deltas else 0.0,
            "tokens_per_s": round(self.deltas / seconds, 1) if self.deltas else 0.0,
            "first_token_s": round(self.first_text - self.started, 4) if self.first_text else None,
            "seconds": round((self.ended or time.monotonic()) - self.started, 4),
        }


class StreamManager:
    """Knows the streams of this process by id, those in progress and the last ones ended."""

    def __init__(self) -> None:
        self._streams: OrderedDict[str, LiveStream] = OrderedDict()

    def open(self, stream: LiveStream) -> LiveStream:
        self._streams[stream.id] = stream
        self._streams.move_to_end(stream.id)
        surplus = len(self._streams) - REMEMBERED
        if surplus > 0:
            ended = [id for id, one in self._streams.items() if one.ended is not None]
            for id in ended[:surplus]:
                del self._streams[id]
        return stream

    def active(self) -> list[LiveStream]:
        return [stream for stream in self._streams.values() if stream.ended is None]

    def get_stream_status(self, stream_id: str) -> dict[str, Any]:
        """Status while running and after; raises `UnknownName` for an id never seen."""
        return self._find(stream_id).status()

    def cancel(self, stream_id: str) -> None:
        """Stop one stream; one that has ended already is left alone."""
        stream = self._find(stream_id)
        if stream.ended is None:
            stream.cancel()

    def _find(self, stream_id: str) -> LiveStream:
        if stream_id not in self._streams:
            raise UnknownName(f"There is no stream {stream_id!r}.", fix="Ids are given when a stream is started.")
        return self._streams[stream_id]
