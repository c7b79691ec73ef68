"""LlamaIndex: `SentenceSplitter` and `VectorStoreIndex` with its own store. Its search by words is another package."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llama_index.core import Document, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import TextNode
from measuring import TOP_K, Embedding, Pair, main
from pydantic import PrivateAttr

TOKENS, OVERLAP_TOKENS = 250, 32
"""It counts tokens; of English four characters each."""


class _Vectors(BaseEmbedding):
    _embedding: Embedding = PrivateAttr()

    def __init__(self, embedding: Embedding) -> None:
        super().__init__(model_name="given", embed_batch_size=512)
        self._embedding = embedding

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return list(self._embedding.passages(texts).tolist())

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._embedding.question(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._embedding.question(query)


class LlamaIndex:
    def __init__(self, embedding: Embedding) -> None:
        self._vectors = _Vectors(embedding)
        self._index: Any = None
        self.asks: dict[str, Callable[[str], object]] = {}

    def build(self, task: dict[str, Any], folder: Path, *, edited: bool) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._index = VectorStoreIndex.from_documents(
            _documents(task["edited" if edited else "documents"]),
            transformations=[SentenceSplitter(chunk_size=TOKENS, chunk_overlap=OVERLAP_TOKENS)],
            embed_model=self._vectors,
        )
        self._index.storage_context.persist(str(folder))

    def update(self, task: dict[str, Any], folder: Path) -> None:
        """By `refresh_ref_docs`, which cuts and embeds documents anew whose hash has changed."""
        self._index.refresh_ref_docs(_documents(task["edited"]))
        self._index.storage_context.persist(str(folder))

    def fill(self, chunks: Sequence[Pair], folder: Path) -> None:
        nodes = [TextNode(id_=name, text=text) for name, text in chunks]
        self._index = VectorStoreIndex(nodes, embed_model=self._vectors)
        self._index.storage_context.persist(str(folder))
        self._offer()

    def load(self, folder: Path, chunks: Sequence[Pair]) -> None:
        context = StorageContext.from_defaults(persist_dir=str(folder))
        self._index = load_index_from_storage(context, embed_model=self._vectors)
        self._offer()

    def _offer(self) -> None:
        self.asks = {"semantic": self._index.as_retriever(similarity_top_k=TOP_K).retrieve}


def _documents(pairs: Sequence[Pair]) -> list[Document]:
    return [Document(id_=name, text=text) for name, text in pairs]


if __name__ == "__main__":
    main(LlamaIndex, version("llama-index-core"))
