"""The HTTP client that every SDK is given: deadlines, bounds and a watch, the same for all vendors.

The SDKs sit on `httpx2`, Cohere's on `httpx`; the two are alike in everything used here.
"""

from __future__ import annotations

import functools
import importlib
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from ghostkit.errors import BadAnswer, InputError
from ghostkit.providers.wire.body import Body
from ghostkit.providers.wire.call import WireCall, current_call
from ghostkit.settings.model import shown

Flavour = Literal["httpx2", "httpx"]
_CONNECTIONS: Final = 200


def http_client(base_url: str, flavour: Flavour = "httpx2") -> Any:
    """An `AsyncClient` for one vendor's service; redirects are not followed, since keys would go along."""
    httpx: Any = importlib.import_module(flavour)
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=20, keepalive_expiry=30.0)
    plain = urlsplit(base_url).scheme == "http"
    inner = httpx.AsyncHTTPTransport(limits=limits, verify=not plain, proxy=proxy_for(base_url))
    return httpx.AsyncClient(transport=_guarded(flavour)(inner), timeout=None, follow_redirects=False)


def proxy_for(base_url: str) -> str | None:
    """The proxy that the environment names for this service; a client with a transport of its own doesn't look."""
    there = urlsplit(base_url)
    if urllib.request.proxy_bypass(there.hostname or ""):
        return None
    proxies = urllib.request.getproxies()
    proxy = (proxies.get(there.scheme) or proxies.get("all") or "").strip()
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"  # as curl and the others take it
    if proxy and not _can_be_spoken_to(proxy):
        raise InputError(
            f"The proxy for {there.hostname} is {shown(proxy)!r}, which ghostkit can't speak to.",
            fix="Set HTTP_PROXY and HTTPS_PROXY to an address like http://host:port, or NO_PROXY to that host.",
        )
    return proxy or None


def _can_be_spoken_to(proxy: str) -> bool:
    try:
        parts = urlsplit(proxy)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@functools.cache
def _guarded(flavour: Flavour) -> Callable[[Any], Any]:
    httpx: Any = importlib.import_module(flavour)

    class GuardedStream(httpx.AsyncByteStream):  # type: ignore[misc]
        """Hands on what `Body` makes of what comes."""

        def __init__(self, inner: Any, body: Body, call: WireCall) -> None:
            self._inner = inner
            self._body = body
            self._call = call

        async def __aiter__(self) -> AsyncIterator[bytes]:
            body = self._body
            async for chunk in self._inner:
                for piece in body.take(chunk):
                    yield piece
            self._call.line = None  # from now on it may be another call's
            if rest := body.rest():
                yield rest

        async def aclose(self) -> None:
            await self._inner.aclose()

    class GuardedTransport(httpx.AsyncBaseTransport):  # type: ignore[misc]
        """Reports each exchange to the call it belongs to."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        async def handle_async_request(self, request: Any) -> Any:
            call = current_call() or WireCall()
            timeouts = _prepare(request, call)
            response = await self._inner.handle_async_request(request)
            call.status = response.status_code
            call.headers = _lowered(response.headers.raw)
            timeouts["read"] = call.timeouts.idle_s  # read anew for the body: from now on it is the idle deadline
            try:
                response.stream = call.body = GuardedStream(response.stream, _acceptable(call), call)
            except BaseException:
                await response.aclose()
                raise
            call.line = response.extensions.get("network_stream")
            if "content-encoding" in call.headers:
                del response.headers["content-encoding"]  # `Body` has unpacked it
            return response

        async def aclose(self) -> None:
            await self._inner.aclose()

    return GuardedTransport


def _lowered(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in lower case; those that came twice are joined."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, said = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {said}" if key in headers else said
    return headers


def _prepare(request: Any, call: WireCall) -> dict[str, float | None]:
    """Our deadlines in place of the SDK's, and the attempt's own key."""
    call.host = request.url.host
    if call.attempt_id:
        request.headers["Idempotency-Key"] = call.attempt_id
    request.headers["Accept-Encoding"] = "identity"
    first = call.timeouts.first_byte_s
    timeouts: dict[str, float | None] = {
        "connect": call.timeouts.connect_s, "read": first, "write": first, "pool": first,
    }  # fmt: skip
    request.extensions["timeout"] = timeouts
    return timeouts


def _acceptable(call: WireCall) -> Body:
    """What takes the body in; raises `BadAnswer` for what can't be a vendor's answer."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if 200 <= call.status < 300 and kind in ("text/html", "application/xhtml+xml"):
        raise BadAnswer(
            f"{call.host} answered with a web page and not with a model's answer.",
            fix="A proxy or a login page stands in between, or the base URL is wrong: check the address.",
        )
    return Body(call, call.headers.get("content-encoding", "").strip().lower(), kind)
