"""The HTTP client that every SDK is given: deadlines, bounds and what it writes down, on a raw loopback server."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from anyio.abc import SocketStream

from ghostkit.errors import BadAnswer, InputError, ProviderError, ProviderTimeout, StreamTruncated, Unreachable
from ghostkit.providers.contract import Timeouts
from ghostkit.providers.wire import body, http
from ghostkit.providers.wire.call import WireCall, watched_by
from ghostkit.providers.wire.errors import network_error

pytestmark = pytest.mark.anyio
FLAVOURS = ["httpx2", "httpx"]
TLS_HELLO = 0x16
Speech = Callable[[SocketStream], Awaitable[None]]


@dataclass
class Server:
    port: int
    heads: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(speech: Speech) -> AsyncIterator[Server]:
    """Answers every request by `speech`, which writes raw bytes."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    server = Server(port=listener.extra(anyio.abc.SocketAttribute.local_port))

    async def handle(stream: SocketStream) -> None:
        async with stream:
            head = b""
            while not _is_whole(head):  # else closing would be a reset, which takes away what was said
                head += await stream.receive()
                if head[0] == TLS_HELLO:
                    return
            server.heads.append(head)
            await speech(stream)

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        try:
            yield server
        finally:
            tasks.cancel_scope.cancel()


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    size = re.search(rb"content-length: (\d+)", head.lower())
    return bool(end) and len(body) >= (int(size[1]) if size else 0)


def saying(*parts: bytes, pause_s: float = 0.0) -> Speech:
    async def speech(stream: SocketStream) -> None:
        for part in parts:
            await stream.send(part)
            await anyio.sleep(pause_s)

    return speech


def answer(body: bytes, *headers: str, status: str = "200 OK", type: str = "application/json") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-type: {type}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def fetch(url: str, call: WireCall, flavour: Any = "httpx2") -> tuple[int, bytes]:
    async with http.http_client(url, flavour) as client:
        with watched_by(call):
            response = await client.send(client.build_request("POST", url, json={"a": 1}), stream=True)
        try:
            return response.status_code, await response.aread()
        finally:
            await response.aclose()


async def trouble(url: str, call: WireCall, flavour: Any = "httpx2") -> ProviderError:
    """What a fetch that goes wrong is told as."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        await fetch(url, call, flavour)
    told = network_error(caught.value, call, vendor="Vendor")
    assert told is not None, repr(caught.value)
    return told


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_the_attempt_travels_along_and_the_headers_are_written_down(flavour: str) -> None:
    call = WireCall(attempt_id="a-77")
    async with serving(saying(answer(b"{}", "x-request-id: r-9", "x-ratelimit-limit-requests: 60"))) as server:
        assert await fetch(server.url, call, flavour) == (200, b"{}")
    head = server.heads[0].lower()
    assert b"idempotency-key: a-77\r\n" in head
    assert b"accept-encoding: identity\r\n" in head
    assert (call.status, call.request_id, call.received_bytes, call.host) == (200, "r-9", 2, "127.0.0.1")
    assert call.limits is not None
    assert call.limits.requests_limit == 60


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_an_answer_that_a_proxy_compressed_is_unpacked(flavour: str, encoding: str) -> None:
    import zlib

    text = b'{"text": "Ada"}' * 1000
    packed = gzip.compress(text) if encoding == "gzip" else zlib.compress(text)
    async with serving(saying(answer(packed, f"content-encoding: {encoding}"))) as server:
        assert await fetch(server.url, WireCall(), flavour) == (200, text)


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_gzip_bomb_is_stopped_while_it_unfolds(flavour: str) -> None:
    bomb = gzip.compress(b"\0" * (body.LONGEST_BODY + 1), 9)
    assert len(bomb) < 100_000
    async with serving(saying(answer(bomb, "content-encoding: gzip"))) as server:
        told = await trouble(server.url, WireCall(), flavour)
    assert isinstance(told, BadAnswer)
    assert "more than 64 MB" in told.message


async def test_a_stream_without_the_end_of_a_line_is_stopped_early() -> None:
    call = WireCall()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    async with serving(saying(head, b"data: 1\n\n", b"x" * (body.LONGEST_LINE + 1), pause_s=0.2)) as server:
        told = await trouble(server.url, call)
    assert isinstance(told, BadAnswer)
    assert "4 MB without the end of a line" in told.message


async def test_a_body_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "LONGEST_BODY", 1_000_000)
    call = WireCall()
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

    async def forever(stream: SocketStream) -> None:
        await stream.send(head)
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            while True:
                await stream.send(chunk)

    async with serving(forever) as server:
        told = await trouble(server.url, call)
    assert isinstance(told, BadAnswer)
    assert call.received_bytes < 2_000_000


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
async def test_a_compression_that_nobody_asked_for_is_one_sentence(encoding: str) -> None:
    async with serving(saying(answer(b"??", f"content-encoding: {encoding}"))) as server:
        told = await trouble(server.url, WireCall())
    assert isinstance(told, BadAnswer)
    assert repr(encoding) in told.message


async def test_damaged_compression_is_one_sentence() -> None:
    async with serving(saying(answer(b"not gzip", "content-encoding: gzip"))) as server:
        told = await trouble(server.url, WireCall())
    assert isinstance(told, BadAnswer)
    assert "can't be unpacked" in told.message


async def test_a_web_page_in_place_of_an_answer_is_said_to_be_one() -> None:
    page = answer(b"<html>Please log in</html>", type="text/html; charset=utf-8")
    async with serving(saying(page)) as server:
        told = await trouble(server.url, WireCall())
    assert isinstance(told, BadAnswer)
    assert "web page" in told.message
    assert not told.retryable


async def test_redirects_are_not_followed_since_keys_would_go_along() -> None:
    async with serving(saying(answer(b"", "location: http://127.0.0.1:9/", status="302 Found"))) as server:
        assert (await fetch(server.url, WireCall()))[0] == 302
    assert len(server.heads) == 1


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_silence_before_and_within_an_answer_have_deadlines_of_their_own(flavour: str) -> None:
    before = WireCall(timeouts=Timeouts(first_byte_s=0.1, idle_s=30.0))
    async with serving(saying(b"", pause_s=5.0)) as server:
        with anyio.fail_after(2.0):
            told = await trouble(server.url, before, flavour)
    assert isinstance(told, ProviderTimeout)
    assert "no answer began" in told.message
    within = WireCall(timeouts=Timeouts(first_byte_s=30.0, idle_s=0.1))
    async with serving(saying(answer(b"abcdef")[:-3], pause_s=5.0)) as server:
        with anyio.fail_after(2.0):
            told = await trouble(server.url, within, flavour)
    assert isinstance(told, ProviderTimeout)
    assert "middle of its answer" in told.message


async def test_every_byte_moves_the_idle_deadline() -> None:
    call = WireCall(timeouts=Timeouts(first_byte_s=5.0, idle_s=0.25))
    whole = answer(b"abcdef")
    parts = [whole[:-6], *(bytes([byte]) for byte in whole[-6:])]
    async with serving(saying(*parts, pause_s=0.1)) as server:
        assert await fetch(server.url, call) == (200, b"abcdef")


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_connection_cut_in_the_middle_is_truncated_and_one_cut_before_unreachable(flavour: str) -> None:
    async with serving(saying(answer(b"abcdef")[:-3])) as server:
        told = await trouble(server.url, WireCall(), flavour)
    assert isinstance(told, StreamTruncated)
    async with serving(saying(b"")) as server:
        told = await trouble(server.url, WireCall(), flavour)
    assert isinstance(told, Unreachable)
    assert (told.retryable, told.rejected) == (True, False)


# asyncio itself leaves the socket of a failed TLS handshake to the collector.
@pytest.mark.filterwarnings("ignore:unclosed (transport|<socket):ResourceWarning")
@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize(
    ("url", "why", "retryable"),
    [
        ("http://127.0.0.1:9", "nothing listens", True),
        ("http://no-such-host.invalid", "no such host", True),
        ("https://127.0.0.1:{port}", "no secure connection", False),
    ],
)
async def test_no_connection_says_why_and_that_nothing_was_billed(
    flavour: str, url: str, why: str, retryable: bool
) -> None:
    async with serving(saying(answer(b"{}"))) as server:
        with anyio.fail_after(10):
            told = await trouble(url.format(port=server.port), WireCall(), flavour)
    assert isinstance(told, Unreachable)
    assert why in told.message
    assert (told.rejected, told.retryable) == (True, retryable)


async def test_the_proxy_of_the_environment_is_used_and_no_proxy_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(saying(answer(b"{}"))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert (await fetch("http://vendor.invalid/v1", WireCall()))[0] == 200
        assert proxy.heads[0].startswith(b"POST http://vendor.invalid/v1 ")
        assert (await fetch(f"{proxy.url}/direct", WireCall()))[0] == 200
        assert proxy.heads[1].startswith(b"POST /direct ")
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(InputError, match="socks5"):
        http.http_client("http://vendor.invalid")
