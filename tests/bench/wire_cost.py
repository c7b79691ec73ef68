"""What ghostkit adds to the bare SDKs, against one simulator in the same run: CPU a chunk and a request, delay.

Bare and ours take turns, so that both meet the same weather; compared are medians, or quartiles where that is said.
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
import anyio.to_thread

from ghostkit.generation.fanout import fan_out
from ghostkit.testing.simulator import Simulator, running_simulator
from tests.bench.report import Report
from tests.bench.wire_subjects import PROMPT, Seen, Subjects, delays_into, subjects_of, unseen

FEW, MANY = 50, 2050
WARM_UP = 10
STAMPED = 400
Work = Callable[[str, Seen], Awaitable[None]]


async def measure(report: Report, quick: bool) -> None:
    with running_simulator() as simulator:
        for vendor in ("openai", "anthropic"):
            async with subjects_of(simulator, vendor) as subjects:
                await _rules(simulator)
                await _per_chunk(report, subjects, 5 if quick else 15)
                await _per_request(report, subjects, 100 if quick else 300)
        _beside(report, simulator)
        async with subjects_of(simulator, "openai") as subjects:
            await _delay(report, simulator, subjects, 16 if quick else 40)
            await _losers(report, simulator, subjects, 20 if quick else 60)


async def _rules(simulator: Simulator, *more: dict[str, Any]) -> None:
    """A model for each length of answer: `t-50` writes 50 tokens, as fast as it goes."""
    sized = [{"match": {"model": f"t-{size}"}, "reply": {"tokens": size}} for size in (FEW, MANY)]
    await anyio.to_thread.run_sync(simulator.set_rules, [*sized, *more])


async def cpu_s(work: Work, model: str, times: int = 1) -> float:
    """CPU seconds of this process, its threads included, for one `work`."""
    gc.collect()
    started = time.process_time()
    for _ in range(times):
        await work(model, unseen)
    return (time.process_time() - started) / times


async def _per_chunk(report: Report, subjects: Subjects, rounds: int) -> None:
    ours: dict[str, Work] = {
        "adapter": subjects.adapter, "generate": subjects.generate, "stream": subjects.stream,
    }  # fmt: skip
    for work in (subjects.bare, *ours.values()):
        for _ in range(WARM_UP):
            await work(f"t-{FEW}", unseen)
    added: dict[str, list[float]] = {name: [] for name in ours}
    bare: list[float] = []
    for _ in range(rounds):
        for name, work in ours.items():
            bare.append(await _a_chunk(subjects.bare))
            added[name].append(await _a_chunk(work) - bare[-1])
    peer = f"CPU of the bare {subjects.vendor} SDK on the same streams"
    for name, limit in (("adapter", None), ("generate", 15.0), ("stream", 30.0)):
        report.add(
            f"wire_added_cpu_per_chunk_{name}_{subjects.vendor}_us", statistics.median(added[name]), limit, peer,
            gated=False, least=min(added[name]), bare_us=statistics.median(bare), rounds=rounds,
        )  # fmt: skip


async def _a_chunk(work: Work) -> float:
    """CPU µs a chunk, without what belongs to the request."""
    few, many = await cpu_s(work, f"t-{FEW}", 2), await cpu_s(work, f"t-{MANY}")
    return (many - few) / (MANY - FEW) * 1e6


async def _per_request(report: Report, subjects: Subjects, rounds: int) -> None:
    peer = f"CPU of the bare {subjects.vendor} SDK on the same requests"
    for name, bare, ours, limit in (
        ("wire_added_cpu_per_request", subjects.bare_request, subjects.request, 300.0),
        ("wire_added_cpu_per_stream", subjects.bare, subjects.adapter, None),
        ("service_added_cpu_per_request", subjects.bare, subjects.generate, None),
    ):
        took: dict[Work, list[float]] = {bare: [], ours: []}
        for _ in range(rounds):
            for work, values in took.items():
                started = time.process_time()
                await work(f"t-{FEW}", unseen)
                values.append((time.process_time() - started) * 1e6)
        tenth, half = (_at(took[ours], part) - _at(took[bare], part) for part in (0.1, 0.5))
        report.add(
            f"{name}_{subjects.vendor}_us", half, limit, peer, gated=False, tenth=tenth, bare_us=_at(took[bare], 0.5),
            rounds=rounds,
        )  # fmt: skip


def _at(values: list[float], part: float) -> float:
    return sorted(values)[int(len(values) * part)]


def _beside(report: Report, simulator: Simulator) -> None:
    python = os.environ.get("GHOSTKIT_BENCH_LITELLM")
    for what, name in (("stream", "chunk"), ("request", "request")):
        if python:
            script = Path(__file__).with_name("litellm_cost.py")
            command = [python, str(script), simulator.url("openai"), what, str(FEW), str(MANY)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            peer = "the openai SDK of its own venv, on the same simulator"
            report.add(f"litellm_added_cpu_per_{name}_us", float(said.split()[-1]), None, peer, gated=False)


async def _delay(report: Report, simulator: Simulator, subjects: Subjects, rounds: int) -> None:
    """At half of the bare SDK's highest rate: how much later than it was sent the 99th piece of 100 comes."""
    await _rules(simulator)
    took = []
    for _ in range(3):
        started = time.perf_counter()
        await subjects.bare(f"t-{MANY}", unseen)
        took.append(time.perf_counter() - started)
    rate = MANY / max(took) / 2
    stamped = {"reply": {"tokens": STAMPED, "stamps": True}, "pace": {"tokens_per_s": rate}}
    await _rules(simulator, {"match": {"model": "stamped"}, **stamped})
    p99: dict[str, list[float]] = {"bare": [], "ours": []}
    everyone: dict[str, list[float]] = {"bare": [], "ours": []}
    for round_ in range(rounds):
        pair: list[tuple[str, Work]] = [("bare", subjects.bare), ("ours", subjects.stream)]
        for name, work in pair if round_ % 2 else reversed(pair):
            late: list[float] = []
            await work("stamped", delays_into(late))
            assert len(late) == STAMPED, f"{len(late)} stamps"
            p99[name].append(statistics.quantiles(late, n=100)[98])
            everyone[name] += late
    ratios = [ours / bare for ours, bare in zip(p99["ours"], p99["bare"], strict=True)]
    quiet = _at(p99["ours"], 0.25) / _at(p99["bare"], 0.25)  # the rounds in which the machine let both of them be
    more = {
        f"{name}_{part}_ms": statistics.quantiles(late, n=100)[at] * 1e3
        for name, late in everyone.items()
        for part, at in (("p50", 49), ("p99", 98))
    }
    report.add(
        "wire_p99_delay_over_bare", quiet, 1.25, "the bare openai SDK at half of its highest rate",
        gated=False, median_of_pairs=statistics.median(ratios), chunks_per_s=rate, rounds=rounds, **more,
    )  # fmt: skip


async def _losers(report: Report, simulator: Simulator, subjects: Subjects, races: int) -> None:
    """How long after the winner is handed over the server sees the loser's socket close; before it is less than 0."""
    rules = [
        {"match": {"model": "slow"}, "reply": {"tokens": 2000}, "pace": {"tokens_per_s": 200}},
        {"match": {"model": "fast"}, "reply": {"tokens": 5}, "pace": {"first_token_s": 0.05}},
    ]
    after: list[float] = []
    for _ in range(races):
        await anyio.to_thread.run_sync(simulator.reset)
        await anyio.to_thread.run_sync(simulator.set_rules, rules)
        fanned = await fan_out(subjects.service, PROMPT, ["openai:fast", "openai:slow"], mode="first")
        won = time.monotonic()
        assert fanned.winner is not None
        closings: list[Any] = []
        while not closings:
            everything = await anyio.to_thread.run_sync(simulator.closings)
            closings = [one for one in everything if one["during"] == "answer"]
        after.append((closings[0]["monotonic"] - won) * 1e3)
    worst = statistics.quantiles(after, n=100)[98]
    report.add("race_loser_closed_ms_p99", worst, 10.0, "the winner handed over", gated=False, races=races)


def run(report: Report, quick: bool) -> None:
    anyio.run(measure, report, quick)
