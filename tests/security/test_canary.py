"""No key comes out anywhere: canaries are set in every way and looked for in every place, in every disguise."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ghostkit.errors import ProviderError
from tests.security.canaries import leaks, new_canaries, new_canary
from tests.security.echo import PATHS, echoing_vendor
from tests.security.places import PLACES, Place
from tests.security.world import WAYS, World, adapters

pytestmark = pytest.mark.slow

Seen = dict[str, str | bytes]
# Without GHOSTKIT_CANARY=full keys are set in the environment only, the way in which every failure is gone through.
TRIED = WAYS if os.environ.get("GHOSTKIT_CANARY") == "full" else ("environment",)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Any]:
    from ghostkit.testing.simulator import running_simulator

    with running_simulator() as running:
        yield running


@pytest.fixture(scope="module", params=TRIED)
def looked(
    request: pytest.FixtureRequest, simulator: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[World, Seen]:
    """A world used up, and what was seen at each place while its keys were still set."""
    world = World(request.param, tmp_path_factory.mktemp("world") / "w")
    with echoing_vendor() as echo, world.entered(echo):
        world.build(echo, simulator)
        seen = {place.name: place.look.see(place.subject(world)) for place in PLACES}
    return world, seen


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_no_key_comes_out(looked: tuple[World, Seen], place: Place) -> None:
    world, seen = looked
    text = seen[place.name]
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    assert raw, "nothing was there to be looked at"
    assert place.expects.encode() in raw, raw[:2000]
    assert leaks(text, world.canaries) == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_key_that_were_there_would_be_seen(place: Place, tmp_path: Path) -> None:
    canary = new_canary("cohere")  # the one without a shape: nothing but the search itself can know it
    assert leaks(place.look.see(place.look.plant(canary.key, tmp_path)), {"cohere": canary}) == ["cohere: as it is"]


def test_every_failure_of_a_vendor_is_one_of_our_errors(looked: tuple[World, Seen]) -> None:
    world, _ = looked
    stopped = [error for error in world.subjects["errors"] if "Cancelled" in type(error).__name__]
    others = [error for error in world.subjects["errors"] if error not in stopped]
    assert len(stopped) == 2 * len(adapters())
    assert len(others) >= 2 * len(adapters())
    assert [error for error in others if not isinstance(error, ProviderError)] == []


def test_there_are_enough_places_and_no_two_have_one_name() -> None:
    assert len({place.name for place in PLACES}) == len(PLACES) >= 40


def test_every_vendor_was_asked() -> None:
    assert adapters() == list(PATHS)


DISGUISES = {
    "as it is": lambda key: key,
    "half": lambda key: key[len(key) // 2 :],
    "folded": lambda key: "\n    ".join(key[at : at + 11] for at in range(0, len(key), 11)),
    "upper": lambda key: key.upper(),
    "reversed": lambda key: key[::-1],
    "half, reversed": lambda key: key[: len(key) // 2][::-1],
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 of a header": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64 of half": lambda key: base64.b64encode(key[len(key) // 2 :].encode()).decode(),
    "urlsafe base64": lambda key: base64.urlsafe_b64encode(f"xx{key}".encode()).decode(),
    "hex": lambda key: key.encode().hex(),
    "percent": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "quoted": lambda key: quote(f"key={key}", safe=""),
    "code points": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "UTF-16": lambda key: key.encode("utf-16"),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("vendor", ["openai", "cohere"])
def test_the_search_knows_a_key_in_disguise(vendor: str, disguise: str) -> None:
    canaries = new_canaries()
    shown = DISGUISES[disguise](canaries[vendor].key)
    framed = b"before " + shown + b" after" if isinstance(shown, bytes) else f"before {shown} after"
    assert leaks(framed, canaries)


def test_the_search_finds_nothing_where_nothing_is() -> None:
    canaries, others = new_canaries(), new_canaries()
    assert leaks(" ".join(canary.key for canary in others.values()), canaries) == []
    assert leaks(f"kept (…{canaries['openai'].key[-4:]}) sk-proj- sk-ant-api03- AIzaSy", canaries) == []
    assert canaries["openai"].key not in repr(canaries)
