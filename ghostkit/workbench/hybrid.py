"""`create_hybrid_manager`: contexts with retrieval for any book, summed up by a model of the caller's choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ghostkit.rag.config import RAGConfig
from ghostkit.workbench.retrieving import config_from_settings

if TYPE_CHECKING:
    from ghostkit.cache import CacheManager
    from ghostkit.writing.retrieval.hybrid import HybridContextManager


def create_hybrid_manager(
    provider: str | None = None,
    cache_manager: CacheManager | None = None,
    config: RAGConfig | Mapping[str, Any] | None = None,
    max_tokens: int | None = None,
    *,
    language: str = "en",
) -> HybridContextManager:
    """A manager whose `prepare_context(book, current_chapter, book_dir, query)` gives core, passages and summaries.

    `provider` (`provider:model`) sums up chapters that are too far away to be read, and is only asked if there are
    such; without it they are read as planned. Its answers, and embeddings, are kept in `cache_manager`. `config` is
    as the settings say if it isn't given, `max_tokens` MAX_CONTEXT_TOKENS.
    """
    from ghostkit.generation.embedding import EmbeddingService
    from ghostkit.writing.retrieval.hybrid import HybridContextManager

    chosen = RAGConfig.from_dict(config) if isinstance(config, Mapping) else config or config_from_settings()
    return HybridContextManager(
        chosen,
        max_tokens,
        summarize=_summariser(provider, cache_manager, language) if provider else None,
        embedding_services=EmbeddingService(),
        cache=cache_manager,
    )


def _summariser(model: str, cache: CacheManager | None, language: str) -> Any:
    from ghostkit.generation.summarising import summarize
    from ghostkit.workbench.facade import chosen, enhanced_ai

    name = chosen(model)

    async def summed_up(text: str, tokens: int) -> str:
        async with enhanced_ai.service(cache) as service:
            return await summarize(service, text, tokens, name, language)

    return summed_up
