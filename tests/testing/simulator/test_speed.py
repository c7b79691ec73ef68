"""The simulator is not what a benchmark measures: fast by its own processor time, whatever else the machine does."""

from __future__ import annotations

import time

import pytest

from .wire import Wire, text_of

CHUNKS = 40_000


@pytest.mark.parametrize("vendor", ["openai", "openai-responses", "anthropic", "gemini", "cohere", "ollama"])
def test_50_000_small_chunks_a_second(wire: Wire, vendor: str) -> None:
    psutil = pytest.importorskip("psutil")
    process = psutil.Process(wire.simulator.pid)
    wire.simulator.set_rules([{"reply": {"tokens": CHUNKS}}])
    wire.call(vendor, stream=True, room=10)
    before = process.cpu_times()
    answer = wire.call(vendor, stream=True, room=CHUNKS)
    after = process.cpu_times()
    assert CHUNKS <= answer.body.count(b'" w') <= CHUNKS + 4  # Responses say the whole text again at their end
    assert CHUNKS / (after.user + after.system - before.user - before.system) > 50_000


def test_stamps_say_when_each_chunk_was_sent(wire: Wire) -> None:
    wire.simulator.set_rules([{"reply": {"tokens": 50, "stamps": True}, "pace": {"tokens_per_s": 500}}])
    before = time.monotonic()
    answer = wire.call("openai", stream=True, room=50)
    stamps = [float(stamp) for stamp in text_of("openai", answer.body, stream=True).split()]
    assert len(stamps) == 50
    assert stamps == sorted(stamps)
    assert before < stamps[0] < stamps[-1] < time.monotonic()
    assert stamps[-1] - stamps[0] > 0.08
