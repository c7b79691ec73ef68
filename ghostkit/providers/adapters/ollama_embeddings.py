"""Ollama's embeddings, by its own `/api/embed`.

Source: https://docs.ollama.com/api/embed
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ghostkit.providers.adapters.ollama import OllamaProvider
from ghostkit.providers.adapters.ollama_host import answers_here, is_cloud
from ghostkit.providers.adapters.sdk_embeddings import SdkEmbeddings
from ghostkit.providers.embedding_models import facts_of
from ghostkit.providers.embeddings import Embedded, EmbeddingModel, EmbeddingRequest
from ghostkit.providers.wire import VendorProvider, WireCall
from ghostkit.providers.wire.adapter import CHECKING


class OllamaEmbeddings(SdkEmbeddings):
    """`ollama:MODEL`, with or without a tag."""

    most_texts = 32
    cuts = True

    def __init__(self, provider: VendorProvider) -> None:
        super().__init__(provider)
        assert isinstance(provider, OllamaProvider)
        self._ollama = provider
        self._revisions: dict[str, str] = {}

    async def known(self, model: str, dimension: int | None = None) -> EmbeddingModel:
        """What Ollama says of the model, asked once.

        :raises ModelNotFound: it has not been fetched; the fix is the command that does.
        """
        shown = await self._ollama.show(model)
        told = shown.get("model_info") or {}
        own, window = _ending(told, ".embedding_length"), _ending(told, ".context_length")
        facts = replace(facts_of("ollama", model), dimension=own, smallest=1, max_tokens=window)
        return self._model(
            model, facts, dimension,
            revision=await self._revision(model),
            local=answers_here(self.provider.base_url, model),
            free=not is_cloud(model),
        )  # fmt: skip

    async def _revision(self, model: str) -> str:
        """The beginning of the digest of what was fetched: another fetch of the same name may be another model."""
        if model not in self._revisions:
            wanted = model if ":" in model else f"{model}:latest"
            files = await self.provider.asked(lambda client: client.files(), WireCall(timeouts=CHECKING), model=model)
            digest = next((str(one.get("digest") or "") for one in files if one.get("name") == wanted), "")
            self._revisions[model] = digest.removeprefix("sha256:")[:12]
        return self._revisions[model]

    async def _ask(self, client: Any, request: EmbeddingRequest) -> Embedded:
        answer = await client.embed(self.body(request))
        vectors = answer.get("embeddings")
        if not isinstance(vectors, list):
            raise self._misshapen()
        return self._embedded(vectors, answer.get("prompt_eval_count"))

    def body(self, request: EmbeddingRequest) -> dict[str, Any]:
        """What is sent; Ollama cuts the end of what is too long."""
        body: dict[str, Any] = {"model": request.model, "input": list(request.texts), "truncate": True}
        return body if request.dimension is None else body | {"dimensions": request.dimension}


def _ending(facts: dict[str, Any], end: str) -> int | None:
    found = next((value for name, value in facts.items() if name.endswith(end)), None)
    return found if isinstance(found, int) and found > 0 else None
