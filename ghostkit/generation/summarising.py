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
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")
_WORD_END = re.compile(r"\s+")
_CHARACTER_END = re.compile(r"(?<=.)", re.DOTALL)


async def summarize(service: GenerationService, content: str, max_tokens: int, model: str, language: str) -> str:
    """A summary of `content`; sentences, then words, are dropped from its end until it fits `max_tokens`."""
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
        slot=slot, model=model, prompt=prompt, max_tokens=max(max_tokens, 16), inputs={"material": text_hash(content)},
        cache_prefix="text:summary", cache_kind="summaries",
    )  # fmt: skip
    text = complete_text(await service.run_step(spec))
    provider, bare = service.provider_for(model)
    return await _fitted(provider, bare, text, max_tokens)


async def _fitted(provider: Provider, model: str, text: str, max_tokens: int) -> str:
    counts = _Counts(provider, model)
    text = text.strip()
    for ends in (_SENTENCE_END, _WORD_END, _CHARACTER_END):
        text = await _longest_beginning(counts, text, ends, max_tokens)
    return text


async def _longest_beginning(counts: _Counts, text: str, ends: re.Pattern[str], max_tokens: int) -> str:
    """Cut at the last of `ends` where it fits; where not even the first piece does, that piece. Halves the search."""
    if await counts.of(text) <= max_tokens:
        return text
    cuts = [end.start() for end in ends.finditer(text) if end.start()]
    low, high = 0, len(cuts)
    while low < high:
        middle = (low + high) // 2
        if await counts.of(text[: cuts[middle]]) <= max_tokens:
            low = middle + 1
        else:
            high = middle
    return text[: cuts[max(low - 1, 0)]] if cuts else text


class _Counts:
    """The provider's counts of one text's beginnings; none is asked for twice, since a vendor's is a request."""

    def __init__(self, provider: Provider, model: str) -> None:
        self._provider = provider
        self._model = model
        self._by_length: dict[int, int] = {}

    async def of(self, text: str) -> int:
        if len(text) not in self._by_length:
            message = Message(role="user", parts=(text,))
            request = Request(model=self._model, messages=(message,), max_tokens=1)
            self._by_length[len(text)] = (await self._provider.count_tokens(request)).tokens
        return self._by_length[len(text)]
