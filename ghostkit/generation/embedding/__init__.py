"""Texts go in, vectors with a bill come out: batches, limits, retries, budgets and a record of every call."""

from ghostkit.generation.embedding.purpose import Purpose, embedding_for
from ghostkit.generation.embedding.service import EmbeddingResult, EmbeddingService

__all__ = ["EmbeddingResult", "EmbeddingService", "Purpose", "embedding_for"]
