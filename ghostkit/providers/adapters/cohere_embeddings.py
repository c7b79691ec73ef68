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
        said = await self._parsed(await _sent(client, self.body(request)))
        try:
            vectors = list(said["embeddings"]["float"])
            counted = ((said.get("meta") or {}).get("billed_units") or {}).get("input_tokens")
        except (KeyError, TypeError, AttributeError):
            raise self._misshapen() from None
        return self._embedded(vectors, counted)

    def body(self, request: EmbeddingRequest) -> dict[str, Any]:
        """What is sent; Cohere cuts the end of what is too long."""
        body: dict[str, Any] = {
            "model": request.model,
            "texts": list(request.texts),
            "input_type": _INPUT_TYPES[request.role],
            "embedding_types": ["float"],
            "truncate": "END",
        }
        return body if request.dimension is None else body | {"output_dimension": request.dimension}


async def _sent(client: Any, body: dict[str, Any]) -> bytes:
    """What the SDK's own `embed` sends, by the SDK's own sender, without its reading of every single number."""
    from cohere.core.api_error import ApiError

    response = await client._client_wrapper.httpx_client.request(
        "v2/embed",
        method="POST",
        json=body,
        headers={"content-type": "application/json"},
        request_options={"max_retries": 0},
    )
    content: bytes = response.content
    if 200 <= response.status_code < 300:
        return content
    try:
        said = response.json()
    except ValueError:
        said = response.text
    raise ApiError(status_code=response.status_code, headers=dict(response.headers), body=said)
