"""Summaries that keep to a length by the provider's own count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ghostkit.errors import InputError
from ghostkit.generation.languages import language_name
from ghostkit.generation.pieces import complete_text
from ghostkit.generation.spec import StepSpec
from ghostkit.ledger import Slot, text_hash
from ghostkit.providers import Message, Provider, Request

if TYPE_CHECKING:
    from ghostkit.generation.service import GenerationService

WORDS_A_TOKEN = 0.6
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


async def summarize(service: GenerationService, content: str, max_tokens: int, model: str, language: str) -> str:
    """A summary of `content`; sentences are dropped from its end until it fits `max_tokens`."""
    if max_tokens < 1:
        raise InputError(f"max_tokens is {max_tokens}.", fix="A summary needs at least 1 token.")
    prompt = service.prompts.render(
        "summary",
        language=language,
        language_name=language_name(language),
        material=content,
        limit=max(1, int(max_tokens * WORDS_A_TOKEN)),
    )
    digest = text_hash(f"{model}\n{max_tokens}\n{content}")
    slot = Slot(object_id=f"text-{digest[:16]}", kind="summary")
    spec = StepSpec(
        slot=slot, model=model, prompt=prompt, max_tokens=max(max_tokens, 16), inputs={"material": text_hash(content)}
    )
    text = complete_text(await service.run_step(spec))
    provider, bare = service.provider_for(model)
    return await _fitted(provider, bare, text, max_tokens)


async def _fitted(provider: Provider, model: str, text: str, max_tokens: int) -> str:
    sentences = _SENTENCE_END.split(text.strip())
    while len(sentences) > 1 and await _count(provider, model, " ".join(sentences)) > max_tokens:
        sentences.pop()
    words = " ".join(sentences).split(" ")
    while len(words) > 1 and await _count(provider, model, " ".join(words)) > max_tokens:
        words.pop()
    return " ".join(words)


async def _count(provider: Provider, model: str, text: str) -> int:
    request = Request(model=model, messages=(Message(role="user", parts=(text,)),), max_tokens=1)
    return (await provider.count_tokens(request)).tokens
