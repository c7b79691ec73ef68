"""What passing a gate costs: open, with limits that do not bind, and for each of a thousand in line."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio
import anyio.lowlevel

from ghostkit.providers import RateLimits
from ghostkit.providers.resilience import Gate, GatePolicy, Gates
from tests.bench.report import Report

KEY = "openai|https://api.example/v1|gpt-5"
LIMITS = RateLimits(
    requests_limit=10**6, requests_remaining=10**6, requests_reset_s=0.0,
    tokens_limit=10**9, tokens_remaining=10**9, tokens_reset_s=0.0,
)  # fmt: skip


async def measure(report: Report, quick: bool) -> None:
    calls = 5_000 if quick else 20_000
    peer = "passing an anyio.Semaphore"
    bare = await _semaphore_us(calls)
    open_gate = await _passing_us(lambda: Gates().gate(KEY), calls, None)
    report.add("gate_open_us", open_gate, 15.0, peer, gated=False, peer_us=bare)
    limits = GatePolicy(requests_per_minute=10**6, tokens_per_minute=10**9, spacing_s=1e-9)
    limited = await _passing_us(lambda: Gates().gate(KEY, limits), calls, LIMITS)
    report.add("gate_with_limits_us", limited, 30.0, peer, gated=False, peer_us=bare)
    in_line = 300 if quick else 1_000
    report.add("gate_in_line_us", await _in_line_us(in_line), 500.0, peer, gated=False, in_line=in_line)


async def _passing_us(make: Callable[[], Gate], calls: int, limits: RateLimits | None) -> float:
    best = 1.0
    for _ in range(5):
        gate = make()
        began = time.perf_counter()
        for _ in range(calls // 5):
            async with gate.admitted(tokens=100) as passage:
                passage.started(limits)
                passage.succeeded(80)
        best = min(best, (time.perf_counter() - began) / (calls // 5))
    return best * 1e6


async def _semaphore_us(calls: int) -> float:
    semaphore = anyio.Semaphore(1)
    began = time.perf_counter()
    for _ in range(calls):
        async with semaphore:
            pass
    return (time.perf_counter() - began) / calls * 1e6


async def _in_line_us(number: int) -> float:
    """CPU for each of many that all have to wait for one of eight places."""
    gate = Gates().gate(KEY, GatePolicy(max_concurrency=8))

    async def call() -> None:
        async with gate.admitted():
            await anyio.lowlevel.checkpoint()

    began = time.process_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(number):
            tasks.start_soon(call)
    return (time.process_time() - began) / number * 1e6


def run(report: Report, quick: bool) -> None:
    anyio.run(measure, report, quick)
