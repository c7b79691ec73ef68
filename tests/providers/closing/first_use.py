"""How long a vendor's first call holds the event loop up: `python -m tests.providers.closing.first_use VENDOR URL`.

Prints the longest pause in ms; in a process of its own, since only one call in each is the first.
"""

from __future__ import annotations

import sys
import time

import anyio

from ghostkit.generation import GenerationOptions, GenerationService
from ghostkit.ledger import SqliteLedger, Who
from ghostkit.providers import ProviderRegistry, registry
from ghostkit.providers.resilience import Gates

BEAT_S = 0.001


async def longest_pause_ms(vendor: str, url: str) -> float:
    providers = ProviderRegistry()
    providers.register_provider(
        vendor, lambda: registry.create_provider(vendor, {"api_key": "sk-first", "base_url": url})
    )
    ledger = SqliteLedger(None)
    ledger.acquire_lease({})
    service = GenerationService(
        ledger=ledger, who=Who(actor="first", ghostkit_version="0"), providers=providers, gates=Gates(),
        options=lambda: GenerationOptions(max_retries=0),
    )  # fmt: skip
    pauses: list[float] = []

    async def beat() -> None:
        before = time.monotonic()
        while True:
            await anyio.sleep(BEAT_S)
            now = time.monotonic()
            pauses.append(now - before - BEAT_S)
            before = now

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(beat)
        await anyio.sleep(0.05)
        pauses.clear()
        answer = await service.generate(f"{vendor}:a-model", "Tell me about a ferry.", max_tokens=60)
        assert answer.text, answer.error
        await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    await service.aclose()
    ledger.release_lease()
    return max(pauses) * 1e3


if __name__ == "__main__":
    print(anyio.run(longest_pause_ms, sys.argv[1], sys.argv[2]))
