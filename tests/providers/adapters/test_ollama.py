"""Ollama: its window, its thinking, its host, and what is said when a model or the server is missing."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import anyio.to_thread
import pytest

from ghostkit.errors import AuthError, BadAnswer, ContextTooLong, InputError, ModelNotFound, Unreachable
from ghostkit.providers.adapters.ollama import OllamaProvider
from ghostkit.providers.adapters.ollama_host import answers_here, base_url_of
from ghostkit.providers.adapters.ollama_reading import OllamaReader, PullState, completion_from
from ghostkit.providers.contract import (
    Ending,
    Finished,
    Message,
    Provider,
    ReasoningDelta,
    Request,
    StreamEvent,
    TextDelta,
    Usage,
)
from ghostkit.providers.estimating import estimate_range
from ghostkit.providers.wire.reading import VendorError
from ghostkit.settings import get_settings
from ghostkit.testing.simulator import Simulator

from ..contract import CLOSED_PORT, KEY, WireContract, everything


async def sent(simulator: Simulator) -> dict[str, Any]:
    requests = await anyio.to_thread.run_sync(simulator.requests)
    found: dict[str, Any] = next(one["body"] for one in reversed(requests) if one["path"].endswith("/api/chat"))
    return found


class TestContract(WireContract):
    name = "ollama"
    takes_keys = False
    can_refuse = False

    async def test_a_missing_model_says_what_to_type(self, provider: Provider) -> None:
        request = replace(self.ask(), model="no-such-model")
        for stream in (True, False):
            error = await self.fails(provider, request, stream=stream)
            assert type(error) is ModelNotFound
            assert "`ollama pull no-such-model`" in error.fix

    async def test_a_server_that_does_not_run_says_how_to_start_it(self) -> None:
        provider = self.made(CLOSED_PORT)
        error = await self.fails(provider, self.ask(), stream=True)
        diagnosis = await provider.validate()
        assert type(error) is Unreachable
        assert "at 127.0.0.1: nothing listens there" in error.message
        assert "ollama serve" in error.fix
        assert "ollama serve" in diagnosis.fix

    async def test_who_is_not_let_in_is_not_sent_to_set_a_key(self, provider: Provider, simulator: Simulator) -> None:
        await anyio.to_thread.run_sync(simulator.set_rules, [{"fault": {"kind": "status", "status": 401}}])
        error = await self.fails(provider, self.ask(), stream=True)
        assert type(error) is AuthError
        assert "ollama signin" in error.fix
        assert "keys set" not in error.fix

    async def test_it_says_which_models_there_are(self, provider: Provider) -> None:
        assert "has sim-small, sim-large." in (await provider.validate()).message

    async def test_a_short_prompt_gets_the_least_window(self, provider: Provider, simulator: Simulator) -> None:
        await everything(provider, self.ask())
        body = await sent(simulator)
        assert body["options"] == {"num_predict": 400, "num_ctx": 4_096}
        assert (body["truncate"], body["shift"], body["stream"]) == (False, False, True)
        assert body["think"] is False

    async def test_it_is_asked_once_what_the_model_can_do(self, provider: Provider, simulator: Simulator) -> None:
        for _ in range(3):
            await provider.generate(self.ask())
        paths = [one["path"] for one in await anyio.to_thread.run_sync(simulator.requests)]
        assert [path.rsplit("/", 1)[1] for path in paths] == ["show", "chat", "chat", "chat"]

    @pytest.mark.parametrize("status", [404, 500])
    async def test_a_server_with_a_part_of_the_api_will_do(
        self, provider: Provider, simulator: Simulator, status: int
    ) -> None:
        fault = {"kind": "status", "status": status, "message": "page not found"}
        await self.rules(simulator, {"match": {"kind": ["show"]}, "fault": fault})
        assert (await provider.generate(self.ask())).ending is Ending.COMPLETE
        assert "think" not in await sent(simulator)

    async def test_the_window_grows_by_doubling_until_all_fits(self, provider: Provider, simulator: Simulator) -> None:
        long = replace(self.ask(), messages=(Message(role="user", parts=("word " * 9_000,)),))
        await provider.generate(long)
        window, needed = (await sent(simulator))["options"]["num_ctx"], estimate_range(long, "ollama")[2] + 400
        assert window in (8_192, 16_384, 32_768)
        assert window / 2 < needed <= window

    async def test_what_no_window_holds_is_told_before_it_is_sent(
        self, provider: Provider, simulator: Simulator
    ) -> None:
        long = replace(self.ask(), messages=(Message(role="user", parts=("a word " * 120_000,)),))
        with pytest.raises(ContextTooLong, match="131,072"):
            await everything(provider, long)
        assert await anyio.to_thread.run_sync(simulator.bill) == []
        assert provider.info(self.model).context_window == 131_072

    async def test_it_thinks_as_it_is_asked_to(self, provider: Provider, simulator: Simulator) -> None:
        for reasoning, think in (("low", True), ("none", False)):
            await provider.generate(replace(self.ask(), parameters={"reasoning": reasoning}))
            assert (await sent(simulator))["think"] is think
        await provider.generate(replace(self.ask(), model="gpt-oss:20b", parameters={"reasoning": "high"}))
        assert (await sent(simulator))["think"] == "high"
        await provider.generate(replace(self.ask(), model="gpt-oss:20b"))
        body = await sent(simulator)
        assert (body["think"], body["options"]["num_predict"]) == ("low", 400 + 2_048)

    async def test_a_model_that_cannot_think_is_not_asked_to(self, provider: Provider, simulator: Simulator) -> None:
        assert isinstance(provider, OllamaProvider)
        provider._shown[self.model] = {"capabilities": ["completion"]}
        await provider.generate(replace(self.ask(), parameters={"reasoning": "high"}))
        assert "think" not in await sent(simulator)

    async def test_extra_reaches_it_and_its_options(self, provider: Provider, simulator: Simulator) -> None:
        extra = {"keep_alive": "5m", "options": {"num_ctx": 2_048, "top_k": 40}}
        await provider.generate(replace(self.ask(), parameters={"extra": extra, "seed": 3, "stop": "END"}))
        body = await sent(simulator)
        assert body["keep_alive"] == "5m"
        options = {"num_predict": 400, "num_ctx": 2_048, "seed": 3, "stop": ["END"], "top_k": 40}
        assert body["options"] == options

    async def test_a_model_is_fetched_and_says_how_far_it_is(self, provider: Provider) -> None:
        assert isinstance(provider, OllamaProvider)
        told: list[PullState] = []
        await provider.pull("llama3.2", told.append)
        assert told[-1] == PullState(status="success")
        assert max(state.completed for state in told) == max(state.total for state in told) > 0

    async def test_a_model_that_cannot_be_fetched_is_told(self, provider: Provider, simulator: Simulator) -> None:
        assert isinstance(provider, OllamaProvider)
        await self.rules(simulator, {"match": {"kind": ["pull"]}, "fault": {"kind": "status", "status": 404}})
        with pytest.raises(ModelNotFound, match=r"'nowhere'\. Check its name"):
            await provider.pull("nowhere")

    async def test_no_key_is_sent_that_was_not_given(self, simulator: Simulator) -> None:
        provider = OllamaProvider(base_url=simulator.url("ollama"))
        await provider.generate(self.ask())
        await provider.aclose()
        headers = (await anyio.to_thread.run_sync(simulator.requests))[-1]["headers"]
        assert "authorization" not in str(headers).lower()

    async def test_another_server_in_its_place_is_told(self, simulator: Simulator) -> None:
        provider = OllamaProvider(base_url=simulator.url("openai"))
        diagnosis = await provider.validate()
        await provider.aclose()
        assert not diagnosis.ok


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434"),
        (":9000", "http://127.0.0.1:9000"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:11434", "http://[::1]:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("box.local", "http://box.local:11434"),
        ("http://box.local", "http://box.local:80"),
        ("https://ollama.example.com", "https://ollama.example.com:443"),
        ("https://example.com/ollama/", "https://example.com:443/ollama"),
        (' "localhost:1" ', "http://localhost:1"),
    ],
)
def test_its_host_is_read_in_every_form(host: str, url: str) -> None:
    assert base_url_of(host) == url
    assert base_url_of(url) == url


@pytest.mark.parametrize("host", ["ftp://box", "box:port", "http://box:99999", "two words"])
def test_what_is_no_host_is_told(host: str) -> None:
    with pytest.raises(InputError, match="OLLAMA_HOST"):
        base_url_of(host)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost:1", True),
        ("http://box:1", False),
        ("http://192.168.1.9:1", False),
        ("https://ollama.com:443", False),
    ],
)
def test_what_stays_on_this_machine_is_known(url: str, here: bool) -> None:
    assert answers_here(url) is here
    info = OllamaProvider(base_url=url).info("llama3.2")
    assert info.local is here
    assert info.prices_known
    assert not OllamaProvider(base_url=url).info("gpt-oss:120b-cloud").local


def test_the_setting_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "ollama_host", "box:4")
    assert OllamaProvider().base_url == "http://box:4"


def test_it_needs_no_sdk() -> None:
    assert OllamaProvider.package == "httpx2"
    assert "ollama" not in sys.modules


def read(*events: dict[str, Any]) -> list[StreamEvent]:
    reader = OllamaReader()
    return [said for event in events for said in reader.feed(event)]


def test_lines_are_read() -> None:
    said = read(
        {"message": {"content": "", "thinking": "Hmm."}, "done": False},
        {"message": {"content": "Hi"}, "done": False},
        {"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 1},
    )
    usage = Usage(input_tokens=3, output_tokens=1, source="reported")
    assert said == [
        ReasoningDelta("Hmm."),
        TextDelta("Hi"),
        Finished(ending=Ending.COMPLETE, usage=usage, reason="stop"),
    ]


@pytest.mark.parametrize(("reason", "ending"), [("length", "length"), ("load", "error"), (None, "complete")])
def test_the_reason_is_read(reason: str | None, ending: str) -> None:
    (finished,) = read({"done": True, "done_reason": reason})
    assert finished == Finished(ending=Ending(ending), usage=None, reason=reason or "")


def test_a_prompt_that_was_not_counted_is_no_report() -> None:
    (finished,) = read({"done": True, "eval_count": 7})
    assert isinstance(finished, Finished)
    assert finished.usage == Usage(output_tokens=7, source="estimated")


def test_an_error_line_is_an_error() -> None:
    with pytest.raises(VendorError, match="out of memory"):
        read({"error": "out of memory"})


def test_a_pull_that_fails_on_the_way_is_an_error() -> None:
    with pytest.raises(VendorError, match="does not exist"):
        PullState.read({"error": "pull model manifest: file does not exist"})


def test_what_has_no_message_is_no_answer() -> None:
    with pytest.raises(BadAnswer):
        completion_from({"done": True}, "Ollama")


@pytest.mark.parametrize("line", ["[1, 2]", '"text"', "3"])
async def test_a_line_that_is_no_object_is_no_answer(line: str) -> None:
    import httpx2

    from ghostkit.providers.adapters.ollama_wire import Lines

    with pytest.raises(BadAnswer):
        await Lines(httpx2.Response(200, content=f"\n{line}\n".encode())).__anext__()


async def test_a_key_that_was_given_is_sent(simulator: Simulator) -> None:
    provider = OllamaProvider(base_url=simulator.url("ollama"), api_key=KEY)
    request = Request(model="sim-small", messages=(Message(role="user", parts=("Hi.",)),), max_tokens=9)
    await provider.generate(request)
    await provider.aclose()
    assert "authorization" in str((await anyio.to_thread.run_sync(simulator.requests))[-1]["headers"]).lower()
