"""A provider of somebody else's: registered in one call or found by its entry point, without native streaming too."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from ghostkit.errors import StreamTruncated, UnknownName
from ghostkit.generation import GenerationService
from ghostkit.ledger import SqliteLedger, Who
from ghostkit.providers import (
    Completion,
    Diagnosis,
    Ending,
    Finished,
    Message,
    ModelInfo,
    Provider,
    ProviderRegistry,
    ReasoningDelta,
    Request,
    ResponseStarted,
    Stream,
    StreamEvent,
    TextDelta,
    TokenCount,
    Usage,
    stream_by_generating,
)

from .contract import ProviderContract, everything, text_of

WORDS = "It was  a quiet\nmorning on the salt road."


class Slowpoke:
    """Answers in one piece: as many of its words as there is room for."""

    name = "slowpoke"

    def __init__(self, text: str = WORDS, ending: Ending | None = None) -> None:
        self._text = text
        self._ending = ending
        self.asked: list[Request] = []

    def info(self, model: str) -> ModelInfo:
        if model == "no-such-model":
            raise UnknownName("slowpoke has no model 'no-such-model'.", fix="Take 'tortoise'.")
        return ModelInfo(
            provider=self.name, model=model or "tortoise", context_window=8_000, max_output=800,
            native_streaming=False, input_usd_per_million=0.0, output_usd_per_million=0.0,
        )  # fmt: skip

    async def validate(self) -> Diagnosis:
        return Diagnosis(ok=True, message="It is awake.")

    def stream(self, request: Request) -> AbstractAsyncContextManager[Stream]:
        return stream_by_generating(self.generate, request)

    async def generate(self, request: Request) -> Completion:
        from ghostkit.providers.adapters.parameters import read_parameters

        read_parameters(request)
        self.info(request.model)
        self.asked.append(request)
        words = self._text.split(" ")
        cut = words[: request.max_tokens]
        ending = self._ending or (Ending.COMPLETE if len(cut) == len(words) else Ending.LENGTH)
        return Completion(
            text=" ".join(cut), ending=ending, reasoning="Hm.", reason="the end", request_id="r-1",
            usage=Usage(input_tokens=7, output_tokens=len(cut), source="reported"),
        )  # fmt: skip

    async def count_tokens(self, request: Request) -> TokenCount:
        return TokenCount(tokens=7, exact=True)

    async def aclose(self) -> None: ...


class TestKeepsTheContract(ProviderContract):
    @pytest.fixture
    async def provider(self) -> Provider:
        return Slowpoke()

    def ask(self, max_tokens: int = 400) -> Request:
        return Request(model="tortoise", messages=(Message(role="user", parts=("Go.",)),), max_tokens=max_tokens)


REQUEST = TestKeepsTheContract().ask()


@pytest.mark.anyio
async def test_a_whole_reply_comes_in_pieces_with_everything_that_it_said() -> None:
    events = await everything(Slowpoke(), REQUEST)
    assert events[:2] == [ResponseStarted(request_id="r-1"), ReasoningDelta("Hm.")]
    assert (text_of(events), sum(isinstance(event, TextDelta) for event in events)) == (WORDS, 9)
    assert isinstance(events[-1], Finished)
    assert (events[-1].reason, events[-1].usage) == (
        "the end",
        Usage(input_tokens=7, output_tokens=9, source="reported"),
    )


@pytest.mark.anyio
async def test_a_reply_whose_end_is_missing_is_no_success() -> None:
    heard: list[StreamEvent] = []

    async def hear() -> None:
        async with Slowpoke(ending=Ending.TRUNCATED).stream(REQUEST) as stream:
            async for event in stream:
                heard.append(event)

    with pytest.raises(StreamTruncated) as caught:
        await hear()
    assert text_of(heard) == WORDS
    assert caught.value.retryable


def test_registering_creating_and_listing_go_together() -> None:
    own = ProviderRegistry()
    built_in = own.list_providers()
    assert {"rehearsal", "openai", "anthropic", "gemini", "cohere", "openrouter", "ollama"} <= set(built_in)
    own.register_provider("slowpoke", Slowpoke)
    assert own.list_providers() == sorted([*built_in, "slowpoke"])
    made = own.create_provider("slowpoke", {"text": "Slow."})
    assert isinstance(made, Slowpoke)
    assert made._text == "Slow."
    assert "slowpoke" not in ProviderRegistry().list_providers()
    with pytest.raises(UnknownName) as caught:
        own.create_provider("slowcoach")
    assert "slowpoke" in caught.value.fix
    for wrong in ("", "a:b"):
        with pytest.raises(UnknownName):
            own.register_provider(wrong, Slowpoke)


@pytest.fixture
def a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with a provider, as pip would have installed it."""
    (tmp_path / "tortoises.py").write_text(
        "from tests.providers.test_plugins import Slowpoke\n\nclass Tortoise(Slowpoke):\n    name = 'tortoise'\n"
    )
    dist = tmp_path / "tortoises-1.0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: tortoises\nVersion: 1.0\n")
    (dist / "entry_points.txt").write_text("[ghostkit.providers]\ntortoise = tortoises:Tortoise\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "tortoise"


@pytest.mark.anyio
async def test_a_package_brings_a_provider_without_an_edit_of_ghostkit(a_package: str) -> None:
    own = ProviderRegistry()
    assert a_package in own.list_providers()
    ledger = SqliteLedger(None)
    ledger.acquire_lease({})
    service = GenerationService(ledger=ledger, who=Who(actor="Ada", ghostkit_version="0"), providers=own)
    pieces: list[str] = []
    result = await service.generate("tortoise:x", "Go.", on_text=pieces.append)
    assert (result.text, result.model, result.ending) == (WORDS, "tortoise:x", "complete")
    assert "".join(pieces) == WORDS
    assert len(pieces) > 1
    await service.aclose()
    ledger.release_lease()
    ledger.close()


def test_an_entry_point_goes_behind_what_is_registered_and_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    own = ProviderRegistry()
    other: Any = EntryPoint("rehearsal", "nowhere:Nobody", "ghostkit.providers")
    monkeypatch.setattr(own, "_entry_points", lambda: {"rehearsal": other})
    assert own.create_provider("rehearsal").name == "rehearsal"
    assert replace(own.create_provider("rehearsal").info(""), model="").pretends
