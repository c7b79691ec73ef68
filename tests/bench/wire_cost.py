"""What ghostkit adds to the bare `openai` SDK, against one simulator in the same run: CPU a chunk and a request, delay.

With `GHOSTKIT_BENCH_LITELLM` naming a Python that has LiteLLM, its figures stand beside ours; it is no dependency.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio

from ghostkit.generation import GenerationOptions, GenerationService
from ghostkit.generation.fanout import fan_out
from ghostkit.ledger import SqliteLedger, Who
from ghostkit.providers import Message, ProviderRegistry, Request, TextDelta, registry
from ghostkit.providers.resilience import Gates
from ghostkit.testing.simulator import Simulator, running_simulator
from tests.bench.report import Report

PROMPT = "Go on."
KEY = "sk-bench"
FEW, MANY = 50, 4050
WARM_UP = 20
Work = Callable[[], Awaitable[int]]


class Bench:
    """One simulator; the bare SDK, our adapter and our service, all pointed at it."""

    def __init__(self, simulator: Simulator) -> None:
        import openai

        self.simulator = simulator
        url = simulator.url("openai")
        self.sdk = openai.AsyncOpenAI(api_key=KEY, base_url=url, max_retries=0)
        self.provider = registry.create_provider("openai", {"api_key": KEY, "base_url": url})
        providers = ProviderRegistry()
        providers.register_provider("openai", lambda: self.provider)
        self.ledger = SqliteLedger(None)
        self.ledger.acquire_lease({})
        self.service = GenerationService(
            ledger=self.ledger, who=Who(actor="bench", ghostkit_version="0"), providers=providers, gates=Gates(),
            options=lambda: GenerationOptions(max_retries=0),
        )  # fmt: skip
        self.request = Request(
            model="m", messages=(Message(role="user", parts=(PROMPT,)),), max_tokens=16_000, attempt_id="a-bench"
        )

    async def say(self, tokens: int, **pace: Any) -> None:
        rule: dict[str, Any] = {"reply": {"tokens": tokens}}
        await anyio.to_thread.run_sync(self.simulator.set_rules, [{**rule, **({"pace": pace} if pace else {})}])

    async def bare_stream(self, seen: list[float] | None = None) -> int:
        stream = await self.sdk.chat.completions.create(
            model="m", messages=[{"role": "user", "content": PROMPT}], max_tokens=16_000, stream=True,
            stream_options={"include_usage": True},
        )  # fmt: skip
        pieces = []
        async with stream:
            async for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    pieces.append(chunk.choices[0].delta.content)
                    if seen is not None:
                        seen.append(time.monotonic())
        return len(pieces)

    async def our_adapter(self) -> int:
        pieces = []
        async with self.provider.stream(self.request) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    pieces.append(event.text)
        return len(pieces)

    async def our_generate(self) -> int:
        return len((await self.service.generate("openai:m", PROMPT, max_tokens=16_000)).text)

    async def our_stream(self, seen: list[float] | None = None) -> int:
        pieces = []
        async with self.service.stream_text("openai:m", PROMPT, max_tokens=16_000) as stream:
            async for piece in stream:
                pieces.append(piece)
                if seen is not None:
                    seen.append(time.monotonic())
        return len(pieces)

    async def bare_request(self) -> int:
        answer = await self.sdk.chat.completions.create(
            model="m", messages=[{"role": "user", "content": PROMPT}], max_tokens=16_000
        )
        return len(answer.choices[0].message.content or "")

    async def our_request(self) -> int:
        return len((await self.provider.generate(self.request)).text)

    async def aclose(self) -> None:
        await self.service.aclose()
        await self.sdk.close()
        self.ledger.release_lease()
        self.ledger.close()


async def cpu_s(work: Work, times: int) -> float:
    """CPU seconds of this process for one `work`, the least of three rounds."""
    rounds = []
    for _ in range(3):
        gc.collect()
        started = time.process_time()
        for _ in range(times):
            await work()
        rounds.append((time.process_time() - started) / times)
    return min(rounds)


async def measure(report: Report, quick: bool) -> None:
    with running_simulator() as simulator:
        bench = Bench(simulator)
        try:
            await _per_chunk(report, bench, 2 if quick else 5)
            await _per_request(report, bench, 60 if quick else 200)
            await _delay(report, bench, 2 if quick else 4)
            await _losers(report, simulator, 20 if quick else 60)
        finally:
            await bench.aclose()


async def _per_chunk(report: Report, bench: Bench, times: int) -> None:
    works: dict[str, Work] = {
        "bare": bench.bare_stream, "adapter": bench.our_adapter, "generate": bench.our_generate,
        "stream": bench.our_stream,
    }  # fmt: skip
    chunk: dict[str, float] = {}
    few, many = {}, {}
    for tokens, kept in ((FEW, few), (MANY, many)):
        await bench.say(tokens)
        for name, work in works.items():
            await work()
            kept[name] = await cpu_s(work, times * (10 if tokens == FEW else 1))
    for name in works:
        chunk[name] = (many[name] - few[name]) / (MANY - FEW) * 1e6
    peer = "CPU of the bare openai SDK on the same streams"
    for name, limit in (("adapter", None), ("generate", 15.0), ("stream", 30.0)):
        report.add(
            f"wire_added_cpu_per_chunk_{name}_us", chunk[name] - chunk["bare"], limit, peer, gated=False,
            bare_us=chunk["bare"], ratio=chunk[name] / chunk["bare"],
        )  # fmt: skip
    lite = _litellm(bench, "stream")
    if lite is not None:
        report.add("litellm_added_cpu_per_chunk_us", lite, None, "the openai SDK of its own venv", gated=False)


async def _per_request(report: Report, bench: Bench, times: int) -> None:
    await bench.say(FEW)
    for work in (bench.bare_request, bench.our_request, bench.our_generate):
        for _ in range(WARM_UP):
            await work()
    bare = await cpu_s(bench.bare_request, times)
    peer = "CPU of the bare openai SDK on the same requests"
    ours = await cpu_s(bench.our_request, times)
    report.add(
        "wire_added_cpu_per_request_us", (ours - bare) * 1e6, 300.0, peer, gated=False, bare_us=bare * 1e6,
        ratio=ours / bare,
    )  # fmt: skip
    streamed, whole = await cpu_s(bench.bare_stream, times), await cpu_s(bench.our_generate, times)
    report.add(
        "service_added_cpu_per_request_us", (whole - streamed) * 1e6, None,
        "CPU of the bare SDK's stream; ours with gate, ledger, events and receipt", gated=False,
    )  # fmt: skip
    lite = _litellm(bench, "request")
    if lite is not None:
        report.add("litellm_added_cpu_per_request_us", lite, None, "the openai SDK of its own venv", gated=False)


async def _delay(report: Report, bench: Bench, rounds: int) -> None:
    """At half of the bare SDK's highest rate: how late the 99th chunk of 100 is, beside the bare SDK."""
    await bench.say(MANY)
    started = time.perf_counter()
    await bench.bare_stream()
    rate = MANY / (time.perf_counter() - started) / 2
    await bench.say(MANY, tokens_per_s=rate)
    late: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(rounds):
        for name, work in (("bare", bench.bare_stream), ("ours", bench.our_stream)):
            seen: list[float] = []
            await work(seen)
            per_event = MANY / len(seen)
            due = [moment - place * per_event / rate for place, moment in enumerate(seen)]
            first = min(due)
            late[name].append(statistics.quantiles([one - first for one in due], n=100)[98])
    ours, bare = statistics.median(late["ours"]), statistics.median(late["bare"])
    report.add(
        "wire_p99_delay_over_bare", ours / bare, 1.25, "the bare openai SDK at half of its highest rate", gated=False,
        chunks_per_s=rate, ours_ms=ours * 1e3, bare_ms=bare * 1e3,
    )  # fmt: skip


async def _losers(report: Report, simulator: Simulator, races: int) -> None:
    """How long after the winner's end the server sees the loser's socket close."""
    simulator_rules = [
        {"match": {"model": "slow"}, "reply": {"tokens": 2000}, "pace": {"tokens_per_s": 200}},
        {"match": {"model": "fast"}, "reply": {"tokens": 5}, "pace": {"first_token_s": 0.02}},
    ]
    await anyio.to_thread.run_sync(simulator.set_rules, simulator_rules)
    bench = Bench(simulator)
    after: list[float] = []
    try:
        for _ in range(races):
            await anyio.to_thread.run_sync(simulator.reset)
            await anyio.to_thread.run_sync(simulator.set_rules, simulator_rules)
            fanned = await fan_out(bench.service, PROMPT, ["openai:fast", "openai:slow"], mode="first")
            won = time.monotonic()
            closings: list[Any] = []
            while not closings:
                everything = await anyio.to_thread.run_sync(simulator.closings)
                closings = [one for one in everything if one["during"] == "answer"]
            assert fanned.winner is not None
            after.append((closings[0]["monotonic"] - won) * 1e3)
    finally:
        await bench.aclose()
    worst = statistics.quantiles(after, n=100)[98]
    report.add("race_loser_closed_ms_p99", worst, 10.0, "the winner handed over", gated=False, races=races)


def _litellm(bench: Bench, what: str) -> float | None:
    python = os.environ.get("GHOSTKIT_BENCH_LITELLM")
    if not python:
        return None
    script = Path(__file__).with_name("litellm_cost.py")
    output = subprocess.run(
        [python, str(script), bench.simulator.url("openai"), what, str(FEW), str(MANY)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return float(output.stdout.split()[-1]) if output.returncode == 0 else None


def run(report: Report, quick: bool) -> None:
    anyio.run(measure, report, quick)
