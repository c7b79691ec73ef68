"""Vectors of chunks: an exact search that files and approximations only make faster."""

from ghostkit.rag.index.limits import LIMITS, IndexLimits
from ghostkit.rag.index.status import IndexStatus
from ghostkit.rag.index.vector_index import VectorIndex

__all__ = ["LIMITS", "IndexLimits", "IndexStatus", "VectorIndex"]
