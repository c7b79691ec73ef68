"""A first call that nobody hears: SDKs build their types when they are first used, which holds an event loop up.

So that is done in the thread where the client is made, with an answer that is kept here.
"""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import anyio

from ghostkit.providers.contract import Message, Request
from ghostkit.providers.wire.call import WireCall, watched_by
from ghostkit.providers.wire.logs import unheard

if TYPE_CHECKING:
    from ghostkit.providers.wire.adapter import VendorProvider

_REQUEST: Final = Request(
    model="m",
    messages=(Message(role="system", parts=("Write.",)), Message(role="user", parts=("Go on.",))),
    max_tokens=16,
)


def dry_run(provider: VendorProvider) -> None:
    """Open a stream and read it, with no network; in a thread without an event loop. What fails here is no trouble."""
    if provider.sample:
        with suppress(Exception), unheard():
            anyio.run(_stream, provider)


async def _stream(provider: VendorProvider) -> None:
    httpx: Any = importlib.import_module(provider.flavour)
    headers = {"content-type": "text/event-stream"}
    answer = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, content=provider.sample.encode()))
    async with httpx.AsyncClient(transport=answer) as http:
        with watched_by(WireCall()):
            source = await provider._open(provider._new_client("none", http), _REQUEST)
            reader = provider._reader(_REQUEST)
            async for event in source:
                list(reader.feed(event))
