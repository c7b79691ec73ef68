"""Cohere's embeddings, version 2.

Source: the `cohere` SDK's types, https://docs.cohere.com/v2/reference/embed
"""

from __future__ import annotations

from typing import Any, Final

from ghostkit.providers.adapters.sdk_embeddings import SdkEmbeddings
from ghostkit.providers.embeddings import Embedded, EmbeddingRequest

_INPUT_TYPES: Final = {"query": "search_query", "passage": "search_document"}


class CohereEmbeddings(SdkEmbeddings):
    """`cohere:MODEL`."""

    most_texts = 96
    cuts = True

    async def _ask(self, client: Any, request: EmbeddingRequest) -> Embedded:
        answer = (await client.with_raw_response.embed(**self.body(request))).response.json()
        try:
            vectors = list(answer["embeddings"]["float"])
            counted = ((answer.get("meta") or {}).get("billed_units") or {}).get("input_tokens")
        except (KeyError, TypeError, AttributeError):
            raise self._misshapen() from None
        return self._embedded(vectors, counted)

    def body(self, request: EmbeddingRequest) -> dict[str, Any]:
        """What is sent, as arguments of the SDK's `embed`; Cohere cuts the end of what is too long."""
        body: dict[str, Any] = {
            "model": request.model,
            "texts": list(request.texts),
            "input_type": _INPUT_TYPES[request.role],
            "embedding_types": ["float"],
            "truncate": "END",
            "request_options": {"max_retries": 0},
        }
        return body if request.dimension is None else body | {"output_dimension": request.dimension}
