"""What all adapters share, over a vendor of three lines: how streams end, and that nothing stays open behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from ghostkit.errors import ProviderError, ServerError, StreamTruncated
from ghostkit.providers.contract import (
    Completion,
    Diagnosis,
    Ending,
    Finished,
    Message,
    Request,
    StreamEvent,
    TextDelta,
    TokenCount,
)
from ghostkit.providers.wire import ErrorTable, Reader, VendorProvider, VendorWords
from ghostkit.providers.wire.call import current_call
from ghostkit.providers.wire.reading import VendorError

pytestmark = pytest.mark.anyio
REQUEST = Request(model="x", messages=(Message(role="user", parts=("Write.",)),), max_tokens=10)


class Body:
    def __init__(self) -> None:
        self.closed = False

    async def aclose(self) -> None:
        await anyio.lowlevel.checkpoint()
        self.closed = True


class Source:
    """The SDK's stream: texts, an error to raise, or a pause in seconds."""

    def __init__(self, *says: Any) -> None:
        self._says = iter(says)

    def __aiter__(self) -> Source:
        return self

    async def __anext__(self) -> Any:
        for said in self._says:
            if isinstance(said, Exception):
                raise said
            if not isinstance(said, float):
                return said
            await anyio.sleep(said)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        await anyio.lowlevel.checkpoint()


class Words(Reader):
    """`.` finishes; `!` finishes with an error, as soon as that is asked for."""

    def __init__(self) -> None:
        self._ended_badly = False

    def feed(self, event: Any) -> Iterable[StreamEvent]:
        if event == ".":
            self.finished = True
            return (Finished(ending=Ending.COMPLETE),)
        self._ended_badly = self._ended_badly or event == "!"
        return () if event == "!" else (TextDelta(event),)

    def end(self) -> Iterable[StreamEvent]:
        if self._ended_badly:
            raise VendorError(VendorWords(code="broken", message="it broke"))
        return ()


class Vendor(VendorProvider):
    name = "vendor"
    package = extra = "httpx2"
    default_base_url = "http://127.0.0.1:9"
    needs_key = False
    table = ErrorTable(vendor="Vendor", provider="vendor", codes={"broken": ServerError})

    def __init__(self, opened: Callable[[], Any]) -> None:
        super().__init__()
        self.body = Body()
        self._opened = opened

    async def client(self) -> Any:
        return None

    async def _open(self, client: Any, request: Request) -> Any:
        call = current_call()
        assert call is not None
        call.status, call.body = 200, self.body
        await anyio.lowlevel.checkpoint()
        return self._opened()

    def _reader(self, request: Request) -> Reader:
        return Words()

    async def validate(self) -> Diagnosis:
        raise NotImplementedError

    async def count_tokens(self, request: Request) -> TokenCount:
        raise NotImplementedError

    def _base_url_set(self) -> str | None:
        return None

    def _new_client(self, key: str, http: Any) -> Any:
        raise NotImplementedError

    async def _complete(self, client: Any, request: Request) -> Completion:
        raise NotImplementedError

    def _words_of(self, error: BaseException) -> VendorWords | None:
        return None


async def heard(vendor: Vendor) -> list[StreamEvent]:
    async with vendor.stream(REQUEST) as stream:
        return [event async for event in stream][1:]


async def test_a_whole_answer_is_heard_and_its_body_closed() -> None:
    vendor = Vendor(lambda: Source("Salt", "."))
    assert await heard(vendor) == [TextDelta("Salt"), Finished(ending=Ending.COMPLETE)]
    assert vendor.body.closed


@pytest.mark.parametrize("last", [[], [ValueError("garbage")]], ids=["ends", "breaks"])
async def test_a_failure_told_only_at_the_end_is_one_of_ours_and_not_an_end(last: list[Any]) -> None:
    vendor = Vendor(lambda: Source("Salt", "!", *last))
    with pytest.raises(ServerError, match="it broke"):
        await heard(vendor)
    assert vendor.body.closed


async def test_a_body_that_just_ends_is_cut_off() -> None:
    vendor = Vendor(lambda: Source("Salt"))
    with pytest.raises(StreamTruncated):
        await heard(vendor)
    assert vendor.body.closed


async def test_an_answer_that_can_not_be_opened_after_its_headers_leaves_no_socket_open() -> None:
    def broken() -> Any:
        raise ValueError("what came first is no event")

    vendor = Vendor(broken)
    with pytest.raises(ProviderError):
        await heard(vendor)
    assert vendor.body.closed


async def test_stopped_while_the_last_bytes_are_waited_for_it_closes_all_the_same() -> None:
    vendor = Vendor(lambda: Source("Salt", ".", 30.0))
    with anyio.CancelScope() as scope:
        async with vendor.stream(REQUEST) as stream:
            async for event in stream:
                if isinstance(event, Finished):
                    scope.deadline = anyio.current_time() + 0.01
    assert scope.cancelled_caught
    assert vendor.body.closed


@pytest.mark.parametrize("where", ["opening", "reading"])
async def test_a_stopped_answer_closes_its_body(where: str) -> None:
    vendor = Vendor(lambda: Source("Salt", 30.0))
    with anyio.CancelScope() as scope:
        if where == "opening":
            scope.cancel()
        async with vendor.stream(REQUEST) as stream:
            scope.deadline = anyio.current_time() + 0.01
            async for _event in stream:
                pass
    assert scope.cancelled_caught
    assert vendor.body.closed
