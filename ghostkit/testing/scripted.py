"""A provider that says what a test tells it to, piece by piece."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio

from ghostkit.errors import StreamTruncated
from ghostkit.providers import (
    Completion,
    Diagnosis,
    Ending,
    Finished,
    Message,
    ModelInfo,
    ReasoningDelta,
    Request,
    ResponseStarted,
    StreamEvent,
    TextDelta,
    TokenCount,
    Usage,
    UsageUpdate,
    collect,
)

Event = ResponseStarted | ReasoningDelta | UsageUpdate
Answer = str | Exception | Iterable[str | Exception | Ending | float | Event]
"""A text; an error to raise; or pieces in order: text, a pause in seconds, an error, an event, or an ending."""

_TASK = re.compile(r'<task kind="(\w+)"([^>]*)>')


def default_answer(kind: str, attributes: Mapping[str, str]) -> str:
    """A plausible answer of each kind: small, valid, and different from place to place."""
    if kind == "outline":
        chapters = [
            {"title": f"Chapter title {n}", "brief": f"Ada meets Bo at place {n}.", "points": [f"Fact {n}"]}
            | ({"part": f"Part title {-(-n // 2)}", "goals": [f"Do {n}."]} if "genre" in attributes else {})
            for n in range(1, int(attributes["chapters"]) + 1)
        ]
        return json.dumps({"summary": "Ada and Bo.", "chapters": chapters})
    if kind == "chapter_outline":
        number = attributes["number"]
        sections = [
            {"title": f"Scene {number}.{n}", "brief": f"Ada does thing {number}.{n}.", "points": []}
            for n in range(1, int(attributes["sections"]) + 1)
        ]
        return json.dumps({"sections": sections})
    if kind == "characters":
        return json.dumps({"characters": [{"name": "Ada", "role": "protagonist"}, {"name": "Bo"}], "relationships": []})
    if kind == "glossary":
        return json.dumps({"terms": [{"term": "going on", "definition": "What Ada does."}]})
    if kind == "section":
        return f"Ada went on with {attributes['number']}. Bo watched her do it."
    return f"A {kind or 'text'} of {attributes.get('number', 'it')}."


class ScriptedProvider:
    """`answer` is called with the task's kind and the request for each call; None gives `default_answer`.

    `requests` lists what was asked, `open_streams` counts sources not yet closed.
    """

    name = "scripted"

    def __init__(
        self, answer: Callable[[str, Request], Answer | None] | None = None, *, usd_per_million: float = 0.0
    ) -> None:
        self._answer = answer or (lambda kind, request: None)
        self._price = usd_per_million
        self.requests: list[Request] = []
        self.open_streams = 0

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(
            provider=self.name,
            model=model or "default",
            context_window=128_000,
            max_output=8192,
            native_streaming=True,
            input_usd_per_million=self._price,
            output_usd_per_million=self._price,
        )

    async def validate(self) -> Diagnosis:
        return Diagnosis(ok=True, message="scripted")

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        self.requests.append(request)
        self.open_streams += 1
        events = self._events(request)
        try:
            yield events
        finally:
            await events.aclose()
            self.open_streams -= 1

    async def _events(self, request: Request) -> Any:
        found = _TASK.search(request.messages[-1].text) or _TASK.search(
            request.messages[min(1, len(request.messages) - 1)].text
        )
        kind = found.group(1) if found else ""
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', found.group(2))) if found else {}
        answer = self._answer(kind, request)
        answer = default_answer(kind, attributes) if answer is None else answer
        pieces = re.findall(r"\S+\s*", answer) if isinstance(answer, str) else answer
        if isinstance(pieces, Exception):
            raise pieces
        spoken = ""
        for piece in pieces:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, Ending):
                yield self._finished(request, spoken, piece)
                return
            if isinstance(piece, float):
                await anyio.sleep(piece)
            elif isinstance(piece, ResponseStarted | ReasoningDelta | UsageUpdate):
                yield piece
            else:
                await anyio.lowlevel.checkpoint()
                spoken += piece
                yield TextDelta(text=piece)
        if isinstance(answer, str):
            yield self._finished(request, spoken, Ending.COMPLETE)
            return
        raise StreamTruncated("The stream ended without a terminal event.", partial=spoken)

    def _finished(self, request: Request, spoken: str, ending: Ending) -> Finished:
        asked = sum(len(message.text) for message in request.messages) // 4
        return Finished(
            ending=ending,
            usage=Usage(input_tokens=asked, output_tokens=len(spoken.split()), source="reported"),
        )

    async def generate(self, request: Request) -> Completion:
        return await collect(self, request)

    async def count_tokens(self, request: Request) -> TokenCount:
        return TokenCount(tokens=sum(len(_text(m)) for m in request.messages) // 4 + 1, exact=True)

    async def aclose(self) -> None:
        return None


def _text(message: Message) -> str:
    return message.text
