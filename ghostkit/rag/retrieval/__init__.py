"""Find the passages that answer a question: by meaning, by words, or both, and say how."""

from ghostkit.rag.retrieval.reranker import FunctionReranker, Reranker
from ghostkit.rag.retrieval.result import Dropped, Hit, Retrieval
from ghostkit.rag.retrieval.retriever import Retriever

__all__ = ["Dropped", "FunctionReranker", "Hit", "Reranker", "Retrieval", "Retriever"]
