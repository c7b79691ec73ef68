"""When the address is wrong: told from a model that isn't there, and the base URL named, without credentials."""

from __future__ import annotations

import pytest

from ghostkit.errors import BadAnswer, ModelNotFound, ProviderError, Unreachable
from ghostkit.providers.contract import Message, Request
from ghostkit.providers.registry import registry
from ghostkit.providers.wire import VendorProvider, VendorWords
from ghostkit.providers.wire.addresses import is_wrong_address
from ghostkit.providers.wire.http import proxy_for
from ghostkit.testing.simulator import running_simulator

pytestmark = pytest.mark.anyio
PREFIXES = {
    "openai": "/openai/v1/v1", "openai-responses": "/openai/v1/v1", "anthropic": "/anthropic/v1",
    "gemini": "/gemini/v1beta", "cohere": "/cohere/v2", "openrouter": "/openrouter/api/v1/v1", "ollama": "/ollama/v1",
}  # fmt: skip
A_PROMPT = (Message(role="user", parts=("A lamp.",)),)


async def failure(provider: VendorProvider, model: str = "some-name") -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await provider.generate(Request(model=model, messages=A_PROMPT, max_tokens=20))
    await provider.aclose()
    return caught.value


def made(name: str, base_url: str) -> VendorProvider:
    keyed = {} if name == "ollama" else {"api_key": "sk-any"}
    provider = registry.create_provider(name, {"base_url": base_url, **keyed})
    assert isinstance(provider, VendorProvider)
    return provider


@pytest.mark.parametrize("name", PREFIXES)
async def test_a_base_url_with_one_part_too_many_is_said_to_be_wrong(name: str) -> None:
    with running_simulator() as simulator:
        error = await failure(made(name, f"http://127.0.0.1:{simulator.port}{PREFIXES[name]}"))
    assert isinstance(error, Unreachable)
    assert "has nothing for" in error.message
    assert (error.status, error.rejected, error.retryable) == (404, True, False)
    assert PREFIXES[name] in error.fix
    assert ("OLLAMA_HOST" if name == "ollama" else "_URL") in error.fix


@pytest.mark.parametrize("name", PREFIXES)
async def test_a_model_that_is_not_there_is_still_the_models_fault(name: str) -> None:
    with running_simulator() as simulator:
        base_url = f"http://127.0.0.1:{simulator.port}{PREFIXES[name].rpartition('/')[0]}"
        assert isinstance(await failure(made(name, base_url), "no-such-one"), ModelNotFound)


async def test_no_credentials_of_an_address_are_shown() -> None:
    error = await failure(made("openai", "http://me:geheim@127.0.0.1:9/v1"))
    assert isinstance(error, Unreachable)
    assert "geheim" not in str(error)
    assert "127.0.0.1:9/v1" in error.fix


async def test_a_web_page_in_place_of_an_answer_names_the_address() -> None:
    with running_simulator(rules=[{"fault": "html"}]) as simulator:
        error = await failure(made("openai", f"http://127.0.0.1:{simulator.port}/openai/v1"))
    assert isinstance(error, BadAnswer)
    assert "OPENAI_BASE_URL" in error.fix


@pytest.mark.parametrize(
    ("status", "message", "wrong"),
    [
        (404, "Not Found", True),
        (404, "Invalid URL (POST /chat/completions)", True),
        (404, "No vendor has POST /v1/v1/models/name-1:generateContent", True),
        (405, "Method Not Allowed", True),
        (301, "", True),
        (404, "The model `name-1` does not exist", False),
        (404, "No endpoints found for name-1.", False),
        (404, "models/name-1 is not found for API version v1beta", False),
        (400, "Not Found", False),
    ],
)
def test_what_is_said_of_an_address(status: int, message: str, wrong: bool) -> None:
    assert is_wrong_address(VendorWords(status=status, message=message), "name-1") is wrong


@pytest.mark.parametrize(("set_to", "is_taken_as"), [("proxy:3128", "http://proxy:3128"), ("", None)])
def test_a_proxy_without_a_scheme_is_an_http_one(
    monkeypatch: pytest.MonkeyPatch, set_to: str, is_taken_as: str | None
) -> None:
    for name in ("no_proxy", "NO_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", set_to)
    assert proxy_for("https://api.openai.com/v1") == is_taken_as


async def test_a_way_through_a_proxy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "me:geheim@127.0.0.1:9")
    error = await failure(made("openai", "http://192.0.2.1/v1"))
    assert "through the proxy http://[redacted]@127.0.0.1:9" in error.fix


async def test_half_an_installation_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> object:
        raise ImportError(f"cannot import name 'x' from {name!r}")

    monkeypatch.setattr("ghostkit.providers.wire.adapter.importlib.import_module", broken)
    error = await failure(made("openai", "http://127.0.0.1:9/v1"))
    assert error.message.startswith("The package openai is installed and can't be loaded: ImportError")
    assert "ghostkit[openai]" in error.fix
