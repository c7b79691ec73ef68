"""Embeddings of OpenAI, OpenRouter, and every server that speaks like them: vLLM, llama.cpp, LM Studio, TEI.

Source: the `openai` SDK's types, https://openrouter.ai/docs/api_reference/embeddings
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from ghostkit.providers.adapters.openai_models import is_openai
from ghostkit.providers.adapters.openai_service import words_from
from ghostkit.providers.adapters.sdk_embeddings import OUR_MOST_TEXTS, SdkEmbeddings
from ghostkit.providers.embedding_models import facts_of
from ghostkit.providers.embeddings import Embedded, EmbeddingModel, EmbeddingRequest, Numbers
from ghostkit.providers.wire.reading import VendorError

OPENAI_MOST_TOKENS: Final = 300_000
"""Of all texts of a request together."""
SERVERS_MOST_TEXTS: Final = 32
"""What servers of one's own take at least, by their defaults."""


class OpenAIEmbeddings(SdkEmbeddings):
    """`openai:MODEL`, and of another server at `OPENAI_BASE_URL`."""

    loads = ("openai.resources.embeddings",)

    async def known(self, model: str, dimension: int | None = None) -> EmbeddingModel:
        """A server of one's own takes smaller batches."""
        facts = facts_of(self.provider.name, model)
        if is_openai(self.provider.base_url):
            return self._model(model, facts, dimension, most_tokens=OPENAI_MOST_TOKENS // 2)
        return self._model(model, facts, dimension, most_texts=SERVERS_MOST_TEXTS)

    async def _ask(self, client: Any, request: EmbeddingRequest) -> Embedded:
        answer = await client.embeddings.with_raw_response.create(**self.body(request))
        said = await self._parsed(answer.content)
        if said.get("error"):  # some services say what failed in an answer with a good status
            raise VendorError(words_from(said))
        try:
            found = sorted(said["data"], key=lambda one: one["index"])
            if [one["index"] for one in found] != list(range(len(found))):
                raise self._misshapen()
            vectors = [_numbers(one["embedding"]) for one in found]
            usage = said.get("usage") or {}
            tokens, cost = usage.get("prompt_tokens"), usage.get("cost")
        except (AttributeError, KeyError, TypeError, binascii.Error):
            raise self._misshapen() from None
        return self._embedded(vectors, tokens, cost)

    def body(self, request: EmbeddingRequest) -> dict[str, Any]:
        """What is sent, as arguments of the SDK's `create`. Base64 is a quarter as long; not every server knows it."""
        body: dict[str, Any] = {
            "model": request.model,
            "input": list(request.texts),
            "encoding_format": "base64" if is_openai(self.provider.base_url) else "float",
        }
        return body if request.dimension is None else body | {"dimensions": request.dimension}


class OpenRouterEmbeddings(OpenAIEmbeddings):
    """`openrouter:MAKER/MODEL`. What it costs is what OpenRouter says."""

    most_texts = OUR_MOST_TEXTS // 2

    async def known(self, model: str, dimension: int | None = None) -> EmbeddingModel:
        return self._model(model, facts_of(self.provider.name, model), dimension)


def _numbers(given: Any) -> Numbers:
    return base64.b64decode(given, validate=True) if isinstance(given, str) else given
