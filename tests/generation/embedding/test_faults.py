"""What goes wrong on the wire: told as ghostkit's errors, on record with its cost, tried again where it may be."""

from __future__ import annotations

import time
from typing import Any

import anyio
import pytest

from ghostkit.errors import (
    AuthError,
    BadAnswer,
    BadRequest,
    CircuitOpen,
    GhostkitError,
    ModelNotFound,
    ProviderError,
    ProviderTimeout,
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from ghostkit.providers.resilience import GatePolicy
from ghostkit.testing.simulator import Simulator

from .conftest import VENDORS, asked, full, serving

OPENAI = VENDORS[0]


def rule(fault: Any = None, **more: Any) -> dict[str, Any]:
    return {"match": {"kind": "embed"}, **({"fault": fault} if fault else {}), **more}


@pytest.mark.anyio
@pytest.mark.parametrize("name", VENDORS)
async def test_every_vendors_refusals_are_told_apart(simulator: Simulator, name: str) -> None:
    cases: list[tuple[dict[str, Any], type[ProviderError]]] = [
        ({"kind": "status", "status": 429}, RateLimited),
        ({"kind": "status", "status": 500}, ServerError),
        ({"kind": "status", "status": 400}, BadRequest),
        ({"kind": "status", "status": 401, "code": "key"}, AuthError),
        ({"kind": "status", "status": 404, "code": "model"}, ModelNotFound),
        ({"kind": "status", "status": 429, "code": "quota"}, QuotaExceeded),
    ]
    async with serving(max_retries=0, gate=GatePolicy(breaker_failures=0)) as lab:
        await lab.service.embed(name, ["salt"], "passage")
        for fault, error in cases:
            simulator.set_rules([rule(fault)])
            with pytest.raises(error):
                await lab.service.embed(name, ["salt"], "passage")
    assert len(simulator.faults()) == len(cases)
    failed = lab.on_record("embedding_failed")
    assert [(one["cost_usd"], one["tokens"], one["sent"]) for one in failed] == [(0.0, 0, True)] * len(cases)


@pytest.mark.anyio
@pytest.mark.parametrize("name", VENDORS)
async def test_what_is_no_answer_is_a_bad_answer_and_counts_as_paid(simulator: Simulator, name: str) -> None:
    faults = [rule("garbage"), rule("early_end"), rule("empty"), rule("length"), rule("not_json"), rule("html")]
    broken = [rule(reply={"numbers": "nan"}), rule(reply={"numbers": "infinity"}), rule(reply={"numbers": "zeros"})]
    broken.append(rule(reply={"dimension": 7}))
    async with serving(gate=GatePolicy(breaker_failures=0)) as lab:
        for one in (*faults, *broken):
            simulator.set_rules([one])
            with pytest.raises(BadAnswer) as wrong:
                await lab.service.embed(name, ["salt", "sea", "sand"], "passage")
            assert wrong.value.message.endswith(".")
    assert len(simulator.faults()) == len(faults)
    failed = lab.on_record("embedding_failed")
    assert len(failed) == len(faults) + len(broken)
    assert all(one["tokens"] > 0 for one in failed)
    if name == OPENAI:
        assert all(one["cost_usd"] > 0 for one in failed)


@pytest.mark.anyio
async def test_what_a_vendor_asks_to_wait_is_waited_and_then_tried_again(simulator: Simulator) -> None:
    simulator.set_rules([rule({"kind": "status", "status": 429, "retry_after_s": 0.4}, times=1)])
    async with serving() as lab:
        await lab.service.embed("openai:m@8", ["warm", "up"], "query")
        begun = time.monotonic()
        simulator.set_rules([rule({"kind": "status", "status": 429, "retry_after_s": 0.4}, times=1)])
        result = await lab.service.embed(OPENAI, ["salt"], "passage")
        waited = time.monotonic() - begun
    assert waited >= 0.4
    assert [fault["status"] for fault in simulator.faults()] == [429, 429]
    assert result.vectors.any()
    begun_events = [one for one in lab.on_record("embedding_started") if one["model"] != "openai:m"]
    assert [one["attempt"] for one in begun_events] == [1, 2]
    assert len({one["embedding"] for one in begun_events}) == 2
    sent = {line["attempt_id"] for line in simulator.bill() if line["model"] != "m"}
    assert sent == {one["embedding"] for one in begun_events}


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["drop", "cut_first", "cut_mid", {"kind": "status", "status": 503}])
async def test_one_failure_on_the_way_is_not_seen_above(simulator: Simulator, fault: Any) -> None:
    simulator.set_rules([rule(fault, nth=1)])
    async with serving() as lab:
        result = await lab.service.embed(OPENAI, ["salt"], "passage")
    assert len(simulator.faults()) == 1
    assert result.vectors.any()
    assert result.calls == 2


@pytest.mark.anyio
async def test_a_vendor_that_hangs_is_given_up(simulator: Simulator) -> None:
    async with serving() as lab:
        await lab.service.embed(OPENAI, ["warm"], "query")
    for kind in ("stall_first", "silent_mid"):
        simulator.set_rules([rule(kind)])
        async with serving(timeout_s=0.3, max_retries=0) as lab:
            with pytest.raises(ProviderTimeout):
                await lab.service.embed(OPENAI, ["salt"], "passage")
        assert [fault["kind"] for fault in simulator.faults()][-1] == kind
        (failed,) = lab.on_record("embedding_failed")
        assert failed["kind"] == "timeout"
        assert failed["cost_usd"] > 0


@pytest.mark.anyio
async def test_a_cancelled_call_is_on_record_with_what_it_may_cost(simulator: Simulator) -> None:
    simulator.set_rules([rule("stall_first")])
    async with serving() as lab:
        with anyio.move_on_after(1.5) as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lab.service.embed, OPENAI, ["salt"], "passage")
                while not simulator.bill():
                    await anyio.sleep(0.02)
                tasks.cancel_scope.cancel()
        assert not scope.cancelled_caught
        assert lab.service.budget.spent_usd > 0
    (failed,) = lab.on_record("embedding_failed")
    assert (failed["kind"], failed["sent"]) == ("cancelled", True)
    assert failed["cost_usd"] > 0


@pytest.mark.anyio
async def test_the_breaker_opens_and_says_so_on_record(simulator: Simulator) -> None:
    simulator.set_rules([rule({"kind": "status", "status": 500})])
    async with serving(max_retries=0, gate=GatePolicy(breaker_failures=2)) as lab:
        for _ in range(2):
            with pytest.raises(ServerError):
                await lab.service.embed(OPENAI, ["salt"], "passage")
        with pytest.raises(CircuitOpen):
            await lab.service.embed(OPENAI, ["salt"], "passage")
    assert len(asked(simulator)) == 2
    assert [one["state"] for one in lab.on_record("provider_state")] == ["open"]
    assert len(lab.on_record("embedding_started")) == 2


@pytest.mark.anyio
async def test_our_limits_hold_calls_back(simulator: Simulator) -> None:
    simulator.set_rules([rule(limits={"at_once": 1})])
    async with serving(gate=GatePolicy(max_concurrency=1)) as lab:
        await lab.service.embed(OPENAI, [f"text {n}" for n in range(200)], "passage")
    assert len(asked(simulator)) == 7
    assert simulator.faults() == []
    assert lab.on_record("embedding_failed") == []


@pytest.mark.anyio
async def test_usage_that_nobody_reported_is_estimated(simulator: Simulator) -> None:
    simulator.set_rules([rule("no_usage")])
    async with serving() as lab:
        result = await lab.service.embed(OPENAI, ["The salt road ran on to the sea."], "passage")
    assert result.usage.source == "estimated"
    assert 4 <= result.usage.input_tokens <= 20
    assert lab.on_record("embedding_completed")[0]["tokens_from"] == "estimated"
    assert len(simulator.faults()) == 1


@full
@pytest.mark.anyio
async def test_an_answer_of_hundreds_of_megabytes_is_given_up(simulator: Simulator) -> None:
    simulator.set_rules([rule({"kind": "gzip_bomb", "bytes": 100_000_000})])
    async with serving(timeout_s=20) as lab:
        with pytest.raises(BadAnswer):
            await lab.service.embed(OPENAI, ["salt"], "passage")
    assert [fault["kind"] for fault in simulator.faults()] == ["gzip_bomb"]


@pytest.mark.anyio
async def test_no_key_is_told_before_anything_is_sent(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    from ghostkit.settings import reset_settings

    monkeypatch.delenv("COHERE_API_KEY", raising=False)
    monkeypatch.delenv("CO_API_KEY", raising=False)
    reset_settings()
    async with serving() as lab:
        with pytest.raises(AuthError) as missing:
            await lab.service.embed("cohere:embed-v4.0@256", ["salt"], "passage")
    assert "COHERE_API_KEY" in missing.value.fix
    assert simulator.bill() == []
    (failed,) = lab.on_record("embedding_failed")
    assert (failed["sent"], failed["cost_usd"]) == (False, 0.0)


@pytest.mark.anyio
async def test_a_failure_of_one_batch_loses_none_that_is_paid(simulator: Simulator) -> None:
    simulator.set_rules([rule({"kind": "status", "status": 400}, nth=3)])
    paid: list[int] = []

    async def told(places: Any, vectors: Any) -> None:
        assert len(places) == len(vectors)
        paid.extend(places)

    async with serving(gate=GatePolicy(max_concurrency=2)) as lab:
        with pytest.raises(GhostkitError):
            await lab.service.embed(OPENAI, [f"text {n}" for n in range(32 * 9)], "passage", on_batch=told)
    done = lab.on_record("embedding_completed")
    assert len(paid) == sum(one["texts"] for one in done)
    assert len(paid) >= 64
    assert len(asked(simulator)) < 9


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Requested 330000 tokens, max 300000 tokens per request"),
        (429, "Request too large for text-embedding-3-small on tokens per min (TPM): Limit 40000, Requested 64000."),
        (413, "batch size 32 > maximum allowed batch size 4"),
    ],
)
async def test_a_batch_that_is_too_much_is_halved_until_it_is_not(
    simulator: Simulator, status: int, message: str
) -> None:
    simulator.set_rules([rule({"kind": "status", "status": status, "message": message}, times=3)])
    texts = [f"text {n}" for n in range(32)]
    async with serving() as lab:
        result = await lab.service.embed(OPENAI, texts, "passage")
    sizes = [len(body["input"]) for body in asked(simulator)]
    assert sizes[:4] == [32, 16, 8, 4]
    assert len(simulator.faults()) == 3
    assert (len(result.vectors), result.cut) == (32, ())
    assert result.vectors.any(axis=1).all()
    assert sum(sizes[3:]) == 32


@pytest.mark.anyio
@pytest.mark.parametrize("status", [400, 500])
async def test_a_server_that_finds_a_text_too_long_in_its_own_words_gets_less_of_it(
    simulator: Simulator, status: int
) -> None:
    said = "input is too large to process. increase the physical batch size (current batch size: 512)"
    simulator.set_rules([rule({"kind": "status", "status": status, "message": said}, times=2)])
    async with serving() as lab:
        result = await lab.service.embed("openai:own@8", ["salt " * 100, "sea"], "passage")
    assert [len(body["input"][0]) for body in asked(simulator)] == [500, 250, 125]
    assert result.cut == (0,)
