"""One client's socket: requests parsed by h11, bytes written as they are, and the moment the client closes."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio

RECEIVE = 65536
BIGGEST_BODY = 256 * 1024 * 1024


@dataclass(kw_only=True, slots=True)
class HttpRequest:
    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class ClientGone(Exception):
    """The client closed its socket, or sent what is no request."""


class Connection:
    """Reads in the background all the time, so that a close is seen at once, even in the middle of an answer.

    `on_close` is called with `time.monotonic()` once, when the client's close is seen.
    """

    def __init__(self, sock: socket.socket, on_close: Callable[[float], None]) -> None:
        import h11

        self._h11 = h11
        self._parser: Any = h11.Connection(h11.SERVER, max_incomplete_event_size=1024 * 1024)
        self._sock = sock
        self._on_close = on_close
        self._news = anyio.Event()
        self._ended = False
        self._closed_here = False
        self.gone = anyio.Event()

    async def read(self) -> None:
        """Take in what comes until the client closes."""
        while not self._ended:
            await anyio.wait_readable(self._sock)
            try:
                data = self._sock.recv(RECEIVE)
            except (BlockingIOError, InterruptedError):
                continue
            except OSError:
                data = b""
            if not data:
                self._client_closed()
            try:
                self._parser.receive_data(data)
            except self._h11.RemoteProtocolError:
                self._ended = True
                self.gone.set()
            self._news.set()

    async def request(self) -> HttpRequest:
        """The next request, whole.

        :raises ClientGone: there is none.
        """
        head: Any = None
        body = bytearray()
        while True:
            try:
                event = self._parser.next_event()
            except self._h11.RemoteProtocolError as error:
                raise ClientGone(str(error)) from None
            if event is self._h11.NEED_DATA:
                await self._more()
            elif isinstance(event, self._h11.Request):
                head = event
            elif isinstance(event, self._h11.Data):
                body += event.data
                if len(body) > BIGGEST_BODY:
                    raise ClientGone("the body is too large")
            elif isinstance(event, self._h11.EndOfMessage):
                break
            else:
                raise ClientGone("closed")
        self._parser, rest = self._fresh(), self._parser.trailing_data[0]
        if rest:
            self._parser.receive_data(rest)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in head.headers}
        return HttpRequest(
            method=head.method.decode("latin-1"),
            target=head.target.decode("latin-1"),
            headers=headers,
            body=bytes(body),
        )

    def _fresh(self) -> Any:
        return self._h11.Connection(self._h11.SERVER, max_incomplete_event_size=1024 * 1024)

    async def _more(self) -> None:
        if self._ended:
            raise ClientGone("closed")
        self._news = anyio.Event()
        await self._news.wait()

    async def send(self, data: bytes) -> None:
        """Hand all of `data` to the kernel.

        :raises ClientGone: the client is no longer there.
        """
        view = memoryview(data)
        while view:
            try:
                sent = self._sock.send(view)
            except (BlockingIOError, InterruptedError):
                await anyio.wait_writable(self._sock)
                continue
            except OSError as error:
                self._client_closed()
                raise ClientGone(str(error)) from None
            view = view[sent:]
        # Without this a fast answer would keep the loop from seeing that its client has closed.
        await anyio.lowlevel.checkpoint()

    async def reset(self) -> None:
        """Close with a TCP reset, after what was written has arrived."""
        await self._arrived()
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    async def _arrived(self) -> None:
        """Wait until the other side's kernel has all bytes: a reset would throw away those still underway."""
        with anyio.move_on_after(5):
            while _unsent(self._sock):  # noqa: ASYNC110 - the kernel tells nobody
                await anyio.sleep(0.001)

    def _client_closed(self) -> None:
        if not self.gone.is_set() and not self._closed_here:
            self._on_close(time.monotonic())
        self._ended = True
        self.gone.set()

    def close(self) -> None:
        self._ended = self._closed_here = True
        anyio.notify_closing(self._sock)
        self._sock.close()


def _unsent(sock: socket.socket) -> int:
    """Bytes that the other side hasn't acknowledged; 0 where the system doesn't say."""
    import sys

    if sys.platform != "linux":
        return 0
    import fcntl
    import termios

    return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0])
