"""Gemini's embeddings, by Google's Developer API: `batchEmbedContents`.

Source: the `google-genai` SDK's types, https://ai.google.dev/gemini-api/docs/embeddings
"""

from __future__ import annotations

from typing import Any, Final

from ghostkit.providers.adapters.sdk_embeddings import SdkEmbeddings
from ghostkit.providers.embeddings import Embedded, EmbeddingRequest

_TASKS: Final = {"query": "RETRIEVAL_QUERY", "passage": "RETRIEVAL_DOCUMENT"}
_KNOW_TASKS: Final = ("gemini-embedding-001", "gemini-embedding-exp", "text-embedding-", "embedding-001")
"""Later models are told by words before the text what it is for, and refuse to be told otherwise."""


class GeminiEmbeddings(SdkEmbeddings):
    """`gemini:MODEL`."""

    most_texts = 100

    async def _ask(self, client: Any, request: EmbeddingRequest) -> Embedded:
        answer = await client.aio.models.embed_content(**self.asked(request))
        try:
            found = answer.embeddings or []
            vectors = [one.values or [] for one in found]
            counted = answer.usage_metadata.prompt_token_count if answer.usage_metadata else None
        except (AttributeError, TypeError):
            raise self._misshapen() from None
        return self._embedded(vectors, counted)

    def asked(self, request: EmbeddingRequest) -> dict[str, Any]:
        """What is sent, as arguments of the SDK's `embed_content`; texts that share a content share a vector."""
        config: dict[str, Any] = {}
        if request.model.removeprefix("models/").startswith(_KNOW_TASKS):
            config["task_type"] = _TASKS[request.role]
        if request.dimension is not None:
            config["output_dimensionality"] = request.dimension
        contents = [{"role": "user", "parts": [{"text": text}]} for text in request.texts]
        return {"model": request.model, "contents": contents, "config": config}
