"""A password in a base URL is a secret as a key is: it is in no record, no row and no repr."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio.to_thread
import pytest

from ghostkit.generation import GenerationOptions, GenerationService
from ghostkit.ledger import SqliteLedger, Who
from ghostkit.providers import ModelInfo, ProviderRegistry, registry
from ghostkit.providers.resilience import Gates
from ghostkit.providers.roster import entry_of
from ghostkit.settings import get_settings

PASSWORD = "Zx9kqCanary"
ADDRESS = f"http://me:{PASSWORD}@127.0.0.1:9/v1?token={PASSWORD}"
NAMES = ["openai", "openai-responses", "anthropic", "gemini", "cohere", "openrouter", "ollama"]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_provider_says_of_itself_has_no_password_in_it(name: str) -> None:
    provider = registry.create_provider(name, {"api_key": "k" * 40, "base_url": ADDRESS})
    assert PASSWORD not in repr(provider)
    info = provider.info("x")
    assert info.base_url.startswith("http://127.0.0.1:9")
    assert PASSWORD not in repr(info)
    assert PASSWORD not in repr(replace(info, local=True))


def test_an_address_without_a_password_is_told_as_it_is() -> None:
    for address in ("", "https://api.openai.com/v1", "http://[::1]:8080/v1", "HTTP://Host:1", "https://h/v4/@cf/x"):
        info = ModelInfo(
            provider="p", model="m", context_window=1, max_output=1, native_streaming=True, base_url=address
        )
        assert info.base_url == address


def test_the_list_of_providers_has_no_password_in_it() -> None:
    get_settings().openai_base_url = f"http://me:{PASSWORD}@127.0.0.1:9/v1"
    get_settings().openai_api_key = "sk-" + "k" * 40  # type: ignore[assignment]
    assert PASSWORD not in repr(entry_of("openai"))


def holding(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if PASSWORD.encode() in file.read_bytes()]


@pytest.mark.anyio
async def test_the_ledger_has_no_password_in_it(tmp_path: Path) -> None:
    own = ProviderRegistry()
    made = registry.create_provider("openai", {"api_key": "k" * 40, "base_url": ADDRESS})
    own.register_provider("openai", lambda: made)
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    ledger.acquire_lease({})
    gates = Gates()
    service = GenerationService(
        ledger=ledger, who=Who(actor="Ada", ghostkit_version="0"), providers=own, gates=gates,
        options=lambda: GenerationOptions(max_retries=0),
    )  # fmt: skip
    result = await service.generate("openai:x", "Go.")
    assert result.attempts == 1
    await service.aclose()
    ledger.release_lease()
    ledger.close()
    assert not await anyio.to_thread.run_sync(holding, tmp_path)
    assert PASSWORD not in repr(gates.snapshot())
