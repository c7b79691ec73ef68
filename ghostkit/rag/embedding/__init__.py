"""Texts into vectors, on this machine or at a vendor's, each of them once."""

from ghostkit.rag.embedding.contract import Embedder, EmbedderInfo, Role
from ghostkit.rag.embedding.create import create_embedder
from ghostkit.rag.embedding.hashing import HashingEmbedder
from ghostkit.rag.embedding.kept import Counts, KeptEmbedder
from ghostkit.rag.embedding.vector_store import VectorStore

__all__ = [
    "Counts",
    "Embedder",
    "EmbedderInfo",
    "HashingEmbedder",
    "KeptEmbedder",
    "Role",
    "VectorStore",
    "create_embedder",
]
