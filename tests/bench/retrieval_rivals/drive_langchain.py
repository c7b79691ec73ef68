"""LangChain: `RecursiveCharacterTextSplitter`, the FAISS store, and BM25 beside it in an `EnsembleRetriever`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.indexing import InMemoryRecordManager, index
from langchain_text_splitters import RecursiveCharacterTextSplitter
from measuring import OVERLAP, SIZE, TOP_K, Embedding, Pair, main


class _Vectors(Embeddings):
    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return list(self._embedding.passages(texts).tolist())

    def embed_query(self, text: str) -> list[float]:
        return self._embedding.question(text)


class LangChain:
    def __init__(self, embedding: Embedding) -> None:
        self._vectors = _Vectors(embedding)
        self.asks: dict[str, Callable[[str], object]] = {}
        self._store: Any = None
        self._records: Any = None

    def _cut(self, pairs: Sequence[Pair]) -> list[Document]:
        documents = [Document(page_content=text, metadata={"source": name}) for name, text in pairs]
        return RecursiveCharacterTextSplitter(chunk_size=SIZE, chunk_overlap=OVERLAP).split_documents(documents)

    def build(self, task: dict[str, Any], folder: Path, *, edited: bool) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        first = self._cut(task["edited" if edited else "documents"])
        self._store = FAISS.from_documents(first[:1], self._vectors)  # an empty one can't be made in one call
        self._store.delete(list(self._store.index_to_docstore_id.values()))
        self._records = InMemoryRecordManager(namespace="novel")
        self._records.create_schema()
        self._bring_up(first, folder)

    def update(self, task: dict[str, Any], folder: Path) -> None:
        """By the indexing API, which hashes every chunk and leaves what is there alone."""
        self._bring_up(self._cut(task["edited"]), folder)

    def _bring_up(self, documents: list[Document], folder: Path) -> None:
        index(
            documents, self._records, self._store, cleanup="full", source_id_key="source", key_encoder="sha256",
            batch_size=1000,
        )  # fmt: skip
        self._store.save_local(str(folder))

    def fill(self, chunks: Sequence[Pair], folder: Path) -> None:
        self._store = FAISS.from_texts([text for _, text in chunks], self._vectors)
        self._store.save_local(str(folder))
        self._offer(chunks)

    def load(self, folder: Path, chunks: Sequence[Pair]) -> None:
        self._store = FAISS.load_local(str(folder), self._vectors, allow_dangerous_deserialization=True)
        self._offer(chunks)

    def _offer(self, chunks: Sequence[Pair]) -> None:
        meaning = self._store.as_retriever(search_kwargs={"k": TOP_K})
        words = BM25Retriever.from_texts([text for _, text in chunks], k=TOP_K)
        both = EnsembleRetriever(retrievers=[meaning, words], weights=[0.5, 0.5])
        self.asks = {"semantic": meaning.invoke, "hybrid": both.invoke}


if __name__ == "__main__":
    main(LangChain, version("langchain-core"))
