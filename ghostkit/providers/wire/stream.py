"""One answer on its way in, whichever SDK it comes through: its events read, its ending told, its socket closed."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

import anyio

from ghostkit.errors import GhostkitError, ProviderError
from ghostkit.providers.contract import Request, Stream, StreamEvent
from ghostkit.providers.wire.bare import bare
from ghostkit.providers.wire.call import watched_by
from ghostkit.providers.wire.errors import truncated
from ghostkit.providers.wire.reading import VendorError

if TYPE_CHECKING:
    from ghostkit.providers.wire.adapter import VendorProvider

CLOSING_S = 2.0
"""How long closing a socket politely may take."""
DRAIN_S = 0.05
"""After the terminal event the last bytes are waited for this long, so that the connection can be used again."""


class WireStream(Stream):
    """One answer on its way in; iterate over it inside its context."""

    def __init__(self, provider: VendorProvider, request: Request) -> None:
        self._provider = provider
        self._request = request
        self._call = provider._new_call(request)
        self._reader = provider._reader(request)
        self._waiting: deque[StreamEvent] = deque()
        self._source: Any = None
        self._events: Any = None
        self._over = False

    async def __aenter__(self) -> WireStream:
        problem: BaseException | None = None
        try:
            with watched_by(self._call):
                self._source = await self._provider._open(await self._provider.client(), self._request)
        except GhostkitError as error:
            problem = self._provider.addressed(bare(error))
        except Exception as error:
            problem = self._provider.translated(error, self._call, self._request.model)
        except BaseException as stop:
            problem = bare(stop)
        if problem is not None:
            self._call.hang_up()
            await self._close_body()  # an SDK that fails over the first event leaves it open
            raise problem
        self._events = self._source.__aiter__()
        self._waiting.append(self._call.started())
        return self

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return self

    async def __anext__(self) -> StreamEvent:
        waiting, reader = self._waiting, self._reader
        while not waiting:
            if self._over:
                raise StopAsyncIteration
            problem: BaseException | None = None
            try:
                waiting.extend(reader.feed(await self._events.__anext__()))
            except StopAsyncIteration:
                problem = self._ended("the stream ended without its last event")
            except Exception as error:
                problem = self._failed(error)
            except BaseException as stop:
                problem = bare(stop)
            if problem is not None:
                self._over = True
                raise problem
            if reader.finished:
                self._over = True
        return waiting.popleft()

    def _ended(self, why: str) -> ProviderError | None:
        self._over = True
        problem = self._said_at_the_end()
        if problem is not None or self._reader.finished:
            return problem
        return truncated(self._provider.table.vendor, self._call, why)

    def _failed(self, error: Exception) -> ProviderError | None:
        """An answer whose end has been said is whole, whatever befalls the line after it."""
        problem = None if isinstance(error, VendorError) else self._said_at_the_end()
        if problem is None and self._reader.finished:
            self._over = True
            return None
        return problem or self._translated(error)

    def _said_at_the_end(self) -> ProviderError | None:
        """What the reader has kept until now is handed on; it may be a failure."""
        try:
            self._waiting.extend(self._reader.end())
        except Exception as error:
            return self._translated(error)
        return None

    def _translated(self, error: Exception) -> ProviderError:
        return self._provider.translated(error, self._call, self._request.model, in_stream=True)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        source, self._source = self._source, None
        if source is None:
            return
        try:
            if self._reader.finished and kind is None:
                with suppress(Exception), anyio.move_on_after(DRAIN_S):
                    await self._read_on()
        finally:
            self._call.hang_up()
            await self._close_body()  # some SDKs keep it out of reach, and close nothing
            with suppress(Exception), anyio.move_on_after(CLOSING_S, shield=True):
                await (getattr(source, "aclose", None) or source.close)()
            # SDKs nest generators, and none closes the one below: read on, over the closed socket, each of them ends.
            with suppress(Exception), anyio.move_on_after(CLOSING_S, shield=True):
                await self._read_on()

    async def _read_on(self) -> None:
        async for _event in self._events:
            pass

    async def _close_body(self) -> None:
        if self._call.body is not None:
            with suppress(Exception), anyio.move_on_after(CLOSING_S, shield=True):
                await self._call.body.aclose()
