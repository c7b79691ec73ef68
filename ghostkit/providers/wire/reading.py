"""How an adapter reads an answer: from the SDK's events to ours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from ghostkit.providers.contract import StreamEvent
from ghostkit.providers.wire.errors import VendorWords


class Reader(ABC):
    """Understands one stream: the SDK's events in, ours out. `finished` once the terminal event has been given."""

    finished = False

    @abstractmethod
    def feed(self, event: Any) -> Iterable[StreamEvent]:
        """What one event of the SDK says; raises a `ProviderError` (or `VendorError`) for an error in the stream."""

    def end(self) -> Iterable[StreamEvent]:
        """The body has ended: what is left to say. Without a `Finished`, by then or here, the answer was cut off."""
        return ()


class VendorError(Exception):
    """A vendor's error met inside an answer, in its own words."""

    def __init__(self, words: VendorWords) -> None:
        super().__init__(words.message)
        self.words = words
