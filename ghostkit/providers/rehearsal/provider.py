"""The embedded provider: the contract, kept by an author that needs no network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

from ghostkit.errors import InputError, UnknownName
from ghostkit.providers.contract import (
    Completion,
    Diagnosis,
    Ending,
    ModelInfo,
    Request,
    Stream,
    TokenCount,
    Usage,
    collect,
)
from ghostkit.providers.rehearsal.scripted import Script
from ghostkit.providers.rehearsal.settings import read_settings
from ghostkit.providers.rehearsal.stream import Answer, RehearsalStream, StreamContext
from ghostkit.providers.rehearsal.tokens import count_tokens, join_into_pieces, split_tokens

MODELS: Final[Mapping[str, str]] = {
    "novelist": "writes in the register the brief asks for; the default",
    "storyteller": "writes scenes, whatever the brief says",
    "teacher": "explains, step by step, whatever the brief says",
}
LANGUAGES: Final = ("en", "ru")
CONTEXT_WINDOW: Final = 128_000
MAX_OUTPUT: Final = 16_384
_REFUSAL: Final = "I will not write this one."
_GARBAGE: Final = "Certainly! Here is what you asked for, more or less: {chapters: eight, or so"


class RehearsalProvider:
    """A deterministic offline author: the same request gives the same text on every machine.

    Every argument left None is read from `GHOSTKIT_REHEARSAL_…` when the provider is made.
    """

    name = "rehearsal"

    def __init__(
        self,
        *,
        tokens_per_s: float | None = None,
        first_token_s: float | None = None,
        jitter: float | None = None,
        bill: str | os.PathLike[str] | None = None,
        faults: str | None = None,
        price: str | None = None,
    ) -> None:
        from ghostkit.providers.rehearsal.bill import Bill

        self.settings = read_settings(
            tokens_per_s=tokens_per_s,
            first_token_s=first_token_s,
            jitter=jitter,
            bill=bill,
            faults=faults,
            price=price,
        )
        self.script = Script(self.settings.faults)
        self._bill = Bill(self.settings.bill)
        self._opened: set[RehearsalStream] = set()

    @property
    def open_streams(self) -> int:
        """How many streams are inside their context now."""
        return len(self._opened)

    def info(self, model: str) -> ModelInfo:
        """What is known of `model`.

        :raises UnknownName: there is no such model.
        """
        return ModelInfo(
            provider=self.name,
            model=_known(model),
            context_window=CONTEXT_WINDOW,
            max_output=MAX_OUTPUT,
            native_streaming=True,
            input_usd_per_million=self.settings.input_usd,
            output_usd_per_million=self.settings.output_usd,
            pretends=True,
        )

    async def validate(self) -> Diagnosis:
        """Always well: there is no key and no network. Says which languages have a grammar."""
        return Diagnosis(
            ok=True,
            message=f"rehearsal writes offline; its grammars are {' and '.join(LANGUAGES)}.",
            fix="For other languages, or for real prose, choose another provider.",
        )

    def stream(self, request: Request) -> AbstractAsyncContextManager[Stream]:
        """The answer as it is written; leaving the context closes it.

        :raises UnknownName: there is no such model.
        :raises StreamTruncated: a scripted `cut`.
        """
        _known(request.model)
        return StreamContext(request, self._compose, self._bill, self._opened)

    async def generate(self, request: Request) -> Completion:
        """The whole answer at once."""
        return await collect(self, request)

    async def count_tokens(self, request: Request) -> TokenCount:
        """Exact: the rehearsal cuts its own tokens."""
        return TokenCount(tokens=_input_tokens(request), exact=True)

    async def aclose(self) -> None:
        """Close what is still open."""
        for stream in list(self._opened):
            stream.closed = True
        self._opened.clear()

    def text_for(self, request: Request) -> str:
        """The answer as plain text, unpaced, uncut, unbilled and without scripted failures."""
        from ghostkit.providers.rehearsal.author import write

        return write(self._named(request))

    def paced_seconds(self, request: Request) -> float:
        """Exactly how long the stream of `request` sleeps: the least time it can take."""
        due = self._due(request, self._cut_to_length(self.text_for(request), request)[0])
        return due[-1] if due else 0.0

    def _named(self, request: Request) -> Request:
        """The request with its model's full name, so that the default and its name write the same text."""
        from dataclasses import replace

        known = _known(request.model)
        return request if request.model == known else replace(request, model=known)

    def _compose(self, request: Request) -> Answer:
        from ghostkit.providers.rehearsal.reading import read_prompt

        if request.max_tokens < 1:
            raise InputError(
                f"max_tokens is {request.max_tokens}; an answer needs room for at least one token.",
                fix="Ask for one token or more.",
            )
        action = self.script.action_for(request.slot, read_prompt(request).kind)
        tokens, ending = self._cut_to_length(self._words_for(request, action), request)
        if action == "length":
            tokens, ending = tokens[: max(1, len(tokens) * 3 // 5)], Ending.LENGTH
        elif action == "refuse":
            ending = Ending.REFUSED
        due = self._due(request, tokens)
        pieces = tokens if self.settings.pace.is_paced else join_into_pieces(tokens)
        usage = Usage(input_tokens=_input_tokens(request), output_tokens=len(tokens), source="reported")
        breaks_at = len(pieces) // 2 if action in ("cut", "stall") else -1
        return Answer(
            pieces=pieces, due=due[: len(pieces)], ending=ending, usage=usage, action=action, breaks_at=breaks_at
        )

    def _words_for(self, request: Request, action: str) -> str:
        if action in ("empty", "refuse", "garbage"):
            return {"empty": "", "refuse": _REFUSAL, "garbage": _GARBAGE}[action]
        return self.text_for(request)

    def _due(self, request: Request, tokens: list[str]) -> list[float]:
        pace = self.settings.pace
        if not pace.is_paced and not pace.first_token_s:
            return []
        return pace.due_times(self._named(request).fingerprint(self.name), len(tokens))

    @staticmethod
    def _cut_to_length(text: str, request: Request) -> tuple[list[str], Ending]:
        tokens = split_tokens(text)
        room = min(request.max_tokens, MAX_OUTPUT)
        return (tokens[:room], Ending.LENGTH) if len(tokens) > room else (tokens, Ending.COMPLETE)


def _known(model: str) -> str:
    known = model or next(iter(MODELS))
    if known not in MODELS:
        raise UnknownName(
            f"The rehearsal has no model called {model!r}.",
            fix=f"There is: {', '.join(f'rehearsal:{name}' for name in MODELS)}.",
        )
    return known


def _input_tokens(request: Request) -> int:
    return sum(count_tokens(part) for message in request.messages for part in message.parts)
