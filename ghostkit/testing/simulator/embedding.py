"""What the simulator embeds texts as: the same text the same vector, texts with words in common near each other."""

from __future__ import annotations

import hashlib
import math
import re
import time
import uuid
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import anyio.to_thread

from ghostkit.providers.rehearsal.tokens import count_tokens
from ghostkit.testing.simulator.asks import Answer, Ask, Tokens
from ghostkit.testing.simulator.dialects.embeddings import dimension
from ghostkit.testing.simulator.rules import Fault, ReplyRule

_WORD = re.compile(r"\w+")
_SPOTS = 16
"""How many numbers of a vector a word adds to."""
_FILL = {"nan": math.nan, "infinity": math.inf, "zeros": 0.0}


async def compose_embedding(ask: Ask, reply: ReplyRule | None, fault: Fault | None) -> Answer:
    """The whole answer to `ask`: a vector for each text, and what a rule makes of them."""
    return await anyio.to_thread.run_sync(_compose, ask, reply, fault)


def _compose(ask: Ask, reply: ReplyRule | None, fault: Fault | None) -> Answer:
    kind = fault.kind if fault else ""
    size = dimension(ask)
    if reply is not None and reply.dimension is not None:
        size = reply.dimension
    if kind == "length":
        size = max(1, size * 3 // 5)
    length = 1.0 if ask.vendor in ("openai", "openrouter") else 2.0  # not every vendor's have length one
    vectors: list[Any] = [vector_of(text, size, length) for _, text in ask.messages]
    if kind == "empty":
        vectors = []
    elif kind == "not_json":
        vectors = [["no", "numbers"] for _ in vectors]
    elif reply is not None and reply.numbers is not None and vectors:
        vectors[-1] = [*vectors[-1][1:], _FILL[reply.numbers]] if reply.numbers != "zeros" else [0.0] * size
    said = reply.usage if reply is not None else None
    tokens = sum(count_tokens(text) for _, text in ask.messages)
    used = Tokens(
        input=tokens if said is None or said.input is None else said.input,
        output=0,
        cost_usd=said.cost_usd if said is not None else None,
    )
    return Answer(
        id=uuid.uuid4().hex,
        model=ask.model,
        created=int(time.time()),
        pieces=[str(number) for number in range(len(vectors))],
        thoughts=[],
        stop="stop",
        usage=None if kind == "no_usage" else used,
        vectors=vectors,
    )


@lru_cache(maxsize=4096)
def vector_of(text: str, size: int, length: float = 1.0) -> list[float]:
    """`size` numbers, of that length; a text has a little of its own beside what its words have."""
    numbers = [0.0] * size
    for word in _WORD.findall(text.casefold()):
        for spot, sign in _spots(word):
            numbers[spot % size] += sign
    for spot, sign in _spots(f"\0{text}"):
        numbers[spot % size] += 0.5 * sign
    norm = math.sqrt(sum(number * number for number in numbers))
    if not norm:
        numbers[0] = norm = 1.0
    return [round(length * number / norm, 7) for number in numbers]


@lru_cache(maxsize=65_536)
def _spots(word: str) -> tuple[tuple[int, float], ...]:
    return tuple(_drawn(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=4 * _SPOTS).digest()))


def _drawn(digest: bytes) -> Iterator[tuple[int, float]]:
    for start in range(0, len(digest), 4):
        number = int.from_bytes(digest[start : start + 4], "big")
        yield number >> 1, 1.0 if number & 1 else -1.0
