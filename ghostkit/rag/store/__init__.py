"""Documents, chunks and their words in one SQLite file; keyword search over what may be seen."""

from ghostkit.rag.store.chunk_store import ChunkStore
from ghostkit.rag.store.terms import terms_of
from ghostkit.rag.store.values import Changes, ChunkedDocument, KeywordAnswer, KnownDocument
from ghostkit.rag.store.view import StoreView

__all__ = ["Changes", "ChunkStore", "ChunkedDocument", "KeywordAnswer", "KnownDocument", "StoreView", "terms_of"]
