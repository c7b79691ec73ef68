"""What LiteLLM adds to the openai SDK, in µs of CPU: run by a Python that has it, `litellm_cost.py URL WHAT FEW MANY`.

WHAT is `stream` (for each of MANY - FEW chunks) or `request`. The simulator at URL gives answers of as many tokens as
the model's name says. Both are asked in turns; the figure is the median of the differences.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
ROUNDS = 9
MESSAGES: list[Any] = [{"role": "user", "content": "Go on."}]
Ask = Callable[[str, bool], Awaitable[None]]


async def main(url: str, what: str, few: int, many: int) -> float:
    import litellm
    import openai

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    sdk = openai.AsyncOpenAI(api_key="sk-bench", base_url=url, max_retries=0)

    async def bare(model: str, stream: bool) -> None:
        options: dict[str, Any] = {"stream_options": {"include_usage": True}} if stream else {}
        answer = await sdk.chat.completions.create(
            model=model, messages=MESSAGES, max_tokens=16_000, stream=stream, **options
        )
        if stream:
            async for _chunk in answer:
                pass

    async def lite(model: str, stream: bool) -> None:
        options: dict[str, Any] = {"stream_options": {"include_usage": True}} if stream else {}
        answer: Any = await litellm.acompletion(
            model=f"openai/{model}", messages=MESSAGES, max_tokens=16_000, stream=stream, api_base=url,
            api_key="sk-bench", max_retries=0, **options,
        )  # fmt: skip
        if stream:
            async for _chunk in answer:
                pass

    asks: list[Ask] = [bare, lite]
    if what == "request":
        return await added(asks, f"t-{few}", False, 40) * 1e6
    long, short = await added(asks, f"t-{many}", True, 1), await added(asks, f"t-{few}", True, 10)
    return (long - short) / (many - few) * 1e6


async def added(asks: list[Ask], model: str, stream: bool, times: int) -> float:
    """Seconds that the second of `asks` takes more than the first."""
    for ask in asks:
        for _ in range(3):
            await ask(model, stream)
    differences = []
    for _ in range(ROUNDS):
        took = []
        for ask in asks:
            gc.collect()
            started = time.process_time()
            for _ in range(times):
                await ask(model, stream)
            took.append((time.process_time() - started) / times)
        differences.append(took[1] - took[0])
    return statistics.median(differences)


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
