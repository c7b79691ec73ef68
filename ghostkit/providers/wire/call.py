"""One HTTP exchange, seen from beside the SDK: the transport writes down here what the SDKs keep to themselves."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ghostkit.events.redaction import redact_text
from ghostkit.providers.contract import RateLimits, ResponseStarted, Timeouts
from ghostkit.providers.resilience.headers import limits_from

_current: ContextVar[WireCall | None] = ContextVar("ghostkit_wire_call", default=None)
_REQUEST_IDS = ("x-request-id", "request-id", "x-generation-id", "x-goog-request-id", "x-debug-trace-id", "cf-ray")


@dataclass(kw_only=True)
class WireCall:
    """What is known of one call: `status` is 0 until the headers of an answer came."""

    attempt_id: str = ""
    timeouts: Timeouts = field(default_factory=Timeouts)
    host: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    received_bytes: int = 0
    body: Any = None
    """The answer's byte stream; `aclose` closes the socket unless the answer is read to its end."""
    line: Any = field(default=None, repr=False)
    """What the answer comes over, until it has come to its end: the HTTP library's network stream."""

    def hang_up(self) -> None:
        """Tell the other side now that nobody listens, with no turn of the event loop; what is left is closed later."""
        line, self.line = self.line, None
        if line is not None:
            with suppress(Exception):
                line.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    @property
    def request_id(self) -> str:
        """The vendor's own name for the exchange, to be quoted to its support; it is kept, so without secrets."""
        found = next((self.headers[name] for name in _REQUEST_IDS if self.headers.get(name)), "")
        return redact_text(found[:400])[:200] if found else ""

    @property
    def limits(self) -> RateLimits | None:
        return limits_from(self.headers) if self.headers else None

    def started(self) -> ResponseStarted:
        return ResponseStarted(request_id=self.request_id, limits=self.limits)


@contextmanager
def watched_by(call: WireCall) -> Iterator[None]:
    """Requests made in this context report to `call`."""
    token = _current.set(call)
    try:
        yield
    finally:
        _current.reset(token)


def current_call() -> WireCall | None:
    return _current.get()
