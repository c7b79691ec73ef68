"""Books for benchmarks: fixed tokens from a provider that does no work of its own."""

from __future__ import annotations

import json
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import ghostkit as gk
from ghostkit.providers import (
    Completion,
    Diagnosis,
    Ending,
    Finished,
    ModelInfo,
    Request,
    StreamEvent,
    TextDelta,
    TokenCount,
    Usage,
    collect,
)

_TASK = re.compile(r'<task kind="(\w+)"[^>]*?(?: number="([\d.]+)")?[^>]*>')
_WORDS = [
    "the",
    "salt",
    "road",
    "ran",
    "west",
    "past",
    "wells",
    "that",
    "had",
    "gone",
    "bitter",
    "one",
    "after",
    "another",
    "and",
    "nobody",
    "said",
    "so",
]


def prose(number: str, tokens: int) -> list[str]:
    """`tokens` pieces of text, different in every section."""
    chance = random.Random(number)
    return [
        f"{chance.choice(_WORDS)} " if chance.random() < 0.9 else f"{chance.choice(_WORDS)}. " for _ in range(tokens)
    ]


class FixedProvider:
    """Answers at once with `tokens` pieces a section; its model's name is the number of pieces."""

    name = "fixed"

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(
            provider=self.name, model=model, context_window=1_000_000, max_output=1_000_000, native_streaming=True
        )

    async def validate(self) -> Diagnosis:
        return Diagnosis(ok=True, message="fixed")

    def answer(self, request: Request) -> list[str]:
        found = _TASK.search(request.messages[-1].text)
        kind, number = (found.group(1), found.group(2) or "1") if found else ("text", "1")
        if kind == "section":
            return prose(number, int(request.model))
        if kind in ("outline", "chapter_outline", "characters"):
            return [self._plan(kind, request.messages[-1].text)]
        return prose(number, 40)

    @staticmethod
    def _plan(kind: str, text: str) -> str:
        asked = dict(re.findall(r'(\w+)="(\d+)"', text[text.index("<task") :]))
        if kind == "outline":
            parts = [
                {"title": f"Chapter {n}", "brief": f"What happens in {n}."}
                for n in range(1, int(asked["chapters"]) + 1)
            ]
            return json.dumps({"summary": "A book.", "chapters": parts})
        if kind == "characters":
            return json.dumps({"characters": [{"name": "Ada"}]})
        parts = [
            {"title": f"Section {n}", "brief": f"What happens in {n}."} for n in range(1, int(asked["sections"]) + 1)
        ]
        return json.dumps({"sections": parts})

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        async def events() -> AsyncIterator[StreamEvent]:
            pieces = self.answer(request)
            for piece in pieces:
                yield TextDelta(text=piece)
            usage = Usage(input_tokens=100, output_tokens=len(pieces), source="reported")
            yield Finished(ending=Ending.COMPLETE, usage=usage)

        yield events()

    async def generate(self, request: Request) -> Completion:
        return await collect(self, request)

    async def count_tokens(self, request: Request) -> TokenCount:
        return TokenCount(tokens=100, exact=True)

    async def aclose(self) -> None:
        return None


def make_book(folder: Path, *, chapters: int, sections: int, tokens: int, title: str = "Bench") -> gk.Book:
    gk.registry.register_provider("fixed", FixedProvider)
    return gk.Book.create(
        folder, title=title, brief="A book for measuring.", chapters=chapters, sections=sections,
        words=max(tokens, 50), model=f"fixed:{tokens}",
    )  # fmt: skip
