"""Every fault × every vendor's format × {stream, plain}: its end, what is kept, what was billed, and that it fired."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anyio
import pytest

from ghostkit.generation import Budget, GenerationOptions, GenerationService, StepResult
from ghostkit.ledger import Attempt, SqliteLedger, Who
from ghostkit.providers import ProviderRegistry, registry
from ghostkit.providers.resilience import GatePolicy, Gates
from ghostkit.testing.simulator import Simulator, running_simulator
from tests.providers.matrix.cells import TROUBLES, VENDORS, End, Trouble

KEY = "sk-simulated"
PROMPT = "Tell of a courier who crosses a dry sea, and of who waits for her, in some sixty words."
OPTIONS = GenerationOptions(max_retries=1, first_wait_s=0.0, gate=GatePolicy(breaker_failures=0))
CLOSED_PORT = 9

# asyncio leaves the socket of a failed TLS handshake to the collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed (transport|<socket|<ssl):ResourceWarning")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture(scope="module")
def undisturbed(simulator: Simulator) -> str:
    """The simulator's whole answer, the same in every format."""
    texts = {ask(vendor, simulator.url(vendor), replace(OPTIONS, timeout_s=20.0))[0].text for vendor in VENDORS}
    assert len(texts) == 1
    return texts.pop()


def address(trouble: Trouble, simulator: Simulator, vendor: str) -> str:
    url = simulator.url(vendor)
    if trouble.address == "a closed port":
        return url.replace(f":{simulator.port}", f":{CLOSED_PORT}")
    if trouble.address == "no such host":
        return url.replace(f"127.0.0.1:{simulator.port}", "no-such-host.invalid")
    return url.replace("http://", "https://") if trouble.address == "https" else url


def ask(vendor: str, url: str, options: GenerationOptions) -> tuple[StepResult, list[Attempt]]:
    """One prompt to one vendor at `url`, and the attempts that the ledger has of it."""

    async def asking() -> tuple[StepResult, list[Attempt]]:
        providers = ProviderRegistry()
        providers.register_provider(vendor, lambda: registry.create_provider(vendor, {"api_key": KEY, "base_url": url}))
        ledger = SqliteLedger(None)
        ledger.acquire_lease({})
        service = GenerationService(
            ledger=ledger, who=Who(actor="Ada", ghostkit_version="0"), providers=providers, budget=Budget(),
            options=lambda: options, gates=Gates(random=lambda: 0.0),
        )  # fmt: skip
        try:
            with anyio.fail_after(60):
                result = await service.generate(f"{vendor}:a-model", PROMPT, max_tokens=400)
            return result, ledger.attempts(result.slot)
        finally:
            await service.aclose()
            ledger.release_lease()
            ledger.close()

    return anyio.run(asking)


ALL = [(vendor, mode, name) for vendor in VENDORS for mode in ("stream", "plain") for name in TROUBLES]
# Without GHOSTKIT_MATRIX=full each fault meets one vendor: two of three a stream, the third a whole answer.
SOME = [
    (VENDORS[place % len(VENDORS)], "plain" if place % 3 == 2 else "stream", name)
    for place, name in enumerate(TROUBLES)
]  # fmt: skip
CELLS = ALL if os.environ.get("GHOSTKIT_MATRIX") == "full" else SOME


@pytest.mark.parametrize(("vendor", "mode", "name"), CELLS, ids=["-".join(cell) for cell in CELLS])
def test_a_fault_ends_as_what_it_is(simulator: Simulator, undisturbed: str, vendor: str, mode: str, name: str) -> None:
    trouble = TROUBLES[name]
    simulator.set_rules([{"fault": dict(trouble.fault)}] if trouble.fault else [])
    seen = {line["attempt_id"] for line in simulator.bill()}
    options = replace(
        OPTIONS, streaming=mode == "stream", timeout_s=trouble.timeout_s, stall_timeout_s=1.2 * trouble.timeout_s,
        first_byte_timeout_s=trouble.timeout_s,
    )  # fmt: skip
    result, attempts = ask(vendor, address(trouble, simulator, vendor), options)
    bill = [line for line in simulator.bill() if line["attempt_id"] not in seen]
    check(trouble, trouble.end(vendor, mode), result, attempts, bill, undisturbed)


def check(
    trouble: Trouble, end: End, result: StepResult, attempts: list[Attempt], bill: list[dict[str, Any]], whole: str
) -> None:
    fired = [line for line in bill if line["event"] == "fault"]
    begun = [line for line in bill if line["event"] == "begun"]
    assert bool(fired) == bool(trouble.fault), f"the fault fired {len(fired)} times"
    assert str(result.ending) == end.ending, result.error
    assert type(result.error) is (end.error or type(None)), result.error
    assert len(begun) == end.calls
    # Every call that was begun is an attempt, and the newest attempt says how it ended.
    assert {line["attempt_id"] for line in begun} <= {attempt.id for attempt in attempts}
    assert str(attempts[-1].state) == end.ending
    said = fired[-1].get("said", "") if fired else ""
    kept = {"nothing": "", "everything": whole, "a beginning": whole[: len(result.text)]}.get(end.kept, said)
    assert result.text == kept or (end.kept == "a refusal" and "can't help" in result.text)
    assert bool(result.text) == (end.kept != "nothing") or end.kept == "whatever came"
    if result.error is not None:
        assert trouble.says in f"{result.error.message} {result.error.fix}"
        assert KEY not in str(result.error)
        assert "\n" not in str(result.error)
    if not begun:
        assert sum(attempt.cost_usd for attempt in attempts) == 0.0


def test_the_matrix_is_as_large_as_promised() -> None:
    assert len(TROUBLES) >= 24
    assert len(set(ALL)) == len(TROUBLES) * len(VENDORS) * 2
    assert {name for _, _, name in SOME} == set(TROUBLES)
    assert {vendor for vendor, _, _ in SOME} == set(VENDORS)
