"""Gates before real SDKs and a server that keeps limits: found out, kept, and nobody fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from ghostkit.errors import ProviderError
from ghostkit.providers import Message, Provider, Request, ResponseStarted, registry
from ghostkit.providers.resilience import Gate, GatePolicy, Gates, RetryPolicy
from ghostkit.testing.simulator import Simulator, running_simulator


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
async def limited(server: Simulator) -> AsyncIterator[Any]:
    providers: list[Provider] = []

    async def make(vendor: str, limits: dict[str, Any], answers_after_s: float = 0.0) -> Provider:
        rule = {"limits": limits, "reply": {"text": "So be it."}, "pace": {"headers_s": answers_after_s}}
        await anyio.to_thread.run_sync(server.set_rules, [rule])
        providers.append(
            registry.create_provider(vendor, {"base_url": server.url(vendor), "api_key": "placeholder-key"})
        )
        return providers[-1]

    yield make
    for provider in providers:
        await provider.aclose()
    await anyio.to_thread.run_sync(server.reset)


class Writer:
    """Asks again as the policy says, through the gate; counts."""

    def __init__(self, provider: Provider, gate: Gate) -> None:
        self.provider, self.gate = provider, gate
        self.answered = self.refused = 0

    async def write(self, number: int) -> None:
        policy = RetryPolicy(retries=50, first_wait_s=0.05, longest_wait_s=0.2)
        request = Request(
            model="sim-small", messages=(Message(role="user", parts=(f"Call {number}.",)),), max_tokens=20
        )
        for attempt in range(1, 52):
            try:
                async with self.gate.admitted(tokens=40, attempt=attempt) as passage:
                    async with self.provider.stream(request) as stream:
                        async for event in stream:
                            if isinstance(event, ResponseStarted):
                                passage.started(event.limits)
                    passage.succeeded()
            except ProviderError as error:
                self.refused += 1
                wait = policy.wait_s(error, attempt)
                if wait is None:
                    raise
                await anyio.sleep(wait)
            else:
                self.answered += 1
                return

    async def write_all(self, calls: int) -> None:
        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                for number in range(calls):
                    tasks.start_soon(self.write, number)


async def test_a_limit_on_calls_at_once_is_found_out(limited: Any) -> None:
    provider = await limited("openai", {"at_once": 3, "retry_after_form": "none"}, 0.06)
    writer = Writer(provider, Gates().gate("a|b|c", GatePolicy(max_concurrency=16)))
    await writer.write_all(40)
    state = writer.gate.state()
    assert writer.answered == 40
    assert writer.refused > 0, "the limit never held anything back"
    assert state.shrinks >= 2
    assert state.places <= 5
    assert writer.refused <= 30, "it did not learn"
    assert (state.breaker, state.in_flight) == ("closed", 0)


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
async def test_headers_keep_calls_within_a_limit_that_nobody_set(vendor: str, limited: Any) -> None:
    provider = await limited(vendor, {"rpm": 1200, "burst": 8})
    writer = Writer(provider, Gates().gate("a|b|c", GatePolicy(max_concurrency=4)))
    await writer.write_all(30)
    assert writer.answered == 30
    assert writer.refused <= 4, "the headers were not followed"
    assert writer.gate.state().vendor_requests is not None
    assert writer.gate.state().waited_s > 0.5
