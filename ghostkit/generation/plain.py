"""Texts without a place in a book: plain prompts, streams of them, summaries."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, cast

from ghostkit.generation.pieces import TextPieces, complete_text, pieces_of
from ghostkit.generation.prompts import Prompt
from ghostkit.generation.spec import StepResult, StepSpec
from ghostkit.generation.streams import OnText
from ghostkit.ledger import Slot
from ghostkit.providers import Message

if TYPE_CHECKING:
    from ghostkit.generation.service import GenerationService


class PlainTexts(ABC):
    """The part of a `GenerationService` that makes each prompt a step of its own."""

    @abstractmethod
    async def run_step(self, spec: StepSpec, on_text: OnText | None = None) -> StepResult: ...

    async def generate(
        self,
        model: str,
        prompt: str,
        *,
        max_tokens: int = 2048,
        on_text: OnText | None = None,
        cache_prefix: str = "",
        cache_expire_s: float | None = None,
        **parameters: Any,
    ) -> StepResult:
        """Send a plain prompt once, or with a `cache_prefix` have it answered from the cache; see `ending`."""
        messages = (Message(role="user", parts=(prompt,)),)
        stream_id = str(parameters.pop("stream_id", ""))
        spec = StepSpec(
            slot=Slot(object_id="free-" + secrets.token_hex(6), kind="text"),
            model=model,
            prompt=Prompt(template="", messages=messages),
            max_tokens=max_tokens,
            parameters=parameters,
            stream_id=stream_id,
            cache_prefix=cache_prefix,
            cache_expire_s=cache_expire_s,
        )
        return await self.run_step(spec, on_text)

    async def generate_text(self, model: str, prompt: str, **options: Any) -> str:
        """The answer to `prompt`; raises `IncompleteEnding` (or the provider's error) for anything but an answer."""
        return complete_text(await self.generate(model, prompt, **options))

    def stream_text(self, model: str, prompt: str, **options: Any) -> AbstractAsyncContextManager[TextPieces]:
        """`async with service.stream_text(...) as pieces: async for piece in pieces` ; leaving it stops the source.

        The pieces joined equal what `generate_text` returns; an incomplete ending raises after the last piece.
        """
        return pieces_of(lambda on_text: self.generate(model, prompt, on_text=on_text, **options))

    async def summarize_content(
        self, content: str, max_tokens: int, *, model: str = "rehearsal", language: str = "en"
    ) -> str:
        """A summary of at most `max_tokens` by the provider's own count."""
        from ghostkit.generation.summarising import summarize

        return await summarize(cast("GenerationService", self), content, max_tokens, model, language)
