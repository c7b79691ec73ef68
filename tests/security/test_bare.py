"""Errors and cancellations leave an adapter without the frames that hold headers, and still do what they are for."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import anyio
import pytest

from ghostkit.errors import AuthError, BadAnswer, GhostkitError
from ghostkit.providers import registry
from ghostkit.providers.wire.bare import bare
from tests.security.canaries import leaks, new_canaries
from tests.security.echo import PATHS, base_url, echoing_vendor
from tests.security.world import adapters, request_to


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    with echoing_vendor() as address:
        yield address


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "plain"])
async def test_a_call_that_is_stopped_stops_and_shows_no_key(echo: str, name: str, streamed: bool) -> None:
    assert name in adapters()
    canaries = new_canaries()
    vendor = name.removesuffix("-responses")
    address = base_url(echo, "stall", name)
    provider = registry.create_provider(name, {"base_url": address, "api_key": canaries[vendor].key})
    seen: list[BaseException] = []
    with anyio.move_on_after(0.3) as scope:
        try:
            if streamed:
                async with provider.stream(request_to(name)):
                    pytest.fail("it answered")
            await provider.generate(request_to(name))
        except anyio.get_cancelled_exc_class() as stop:
            seen.append(stop)
            raise
    assert scope.cancelled_caught
    await provider.aclose()
    frames = [frame for frame, _ in traceback.walk_tb(seen[0].__traceback__)]
    assert leaks("\n".join(repr(frame.f_locals) for frame in frames), canaries) == []
    files = [frame.f_code.co_filename for frame in frames]
    assert [file for file in files if "site-packages" in file] == []


@pytest.mark.parametrize(("mode", "kind"), [("401", AuthError), ("page", BadAnswer)])
async def test_an_error_of_ours_begins_its_traceback_at_the_adapter(
    echo: str, mode: str, kind: type[GhostkitError]
) -> None:
    provider = registry.create_provider(
        "openai", {"base_url": base_url(echo, mode, "openai"), "api_key": "sk-0123456789"}
    )
    with pytest.raises(kind) as caught:
        await provider.generate(request_to("openai"))
    await provider.aclose()
    assert [str(entry.path) for entry in caught.traceback if "site-packages" in str(entry.path)] == []
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_what_was_raised_from_something_foreign_stands_alone() -> None:
    def fail() -> None:
        try:
            raise ValueError("with a key")
        except ValueError as error:
            raise AuthError("no") from error

    with pytest.raises(AuthError) as caught:
        fail()
    error = bare(caught.value)
    assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)


def test_of_a_chain_of_one_kind_only_the_frames_go() -> None:
    class Stop(BaseException):
        pass

    first, second, foreign = Stop("first"), Stop("second"), ValueError("foreign")
    for error, before in ((first, foreign), (second, first)):
        try:
            raise error
        except Stop as raised:
            raised.__context__ = before
    stripped = bare(second)
    assert stripped is second
    assert stripped.__context__ is first
    assert first.__context__ is None
    assert (first.__traceback__, second.__traceback__) == (None, None)
