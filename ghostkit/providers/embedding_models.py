"""Facts of models of embeddings, by the beginning of their names: dimensions, longest texts, what stands before them.

Sources: the vendors' pages and the model cards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ghostkit.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class EmbeddingFacts:
    """`smallest` is the least dimension that may be asked for; None: only its own. `offered`: only these may be."""

    dimension: int | None = None
    smallest: int | None = None
    offered: tuple[int, ...] = ()
    max_tokens: int | None = None
    query_prefix: str = ""
    passage_prefix: str = ""


_QUERY, _PASSAGE = "task: search result | query: ", "title: none | text: "
_BGE: Final = "Represent this sentence for searching relevant passages: "
_QWEN: Final = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
_COHERE_4: Final = EmbeddingFacts(dimension=1536, offered=(256, 512, 1024, 1536), max_tokens=128_000)

OF_VENDORS: Final[Mapping[str, Mapping[str, EmbeddingFacts]]] = {
    "openai": {
        "text-embedding-3-small": EmbeddingFacts(dimension=1536, smallest=1, max_tokens=8_191),
        "text-embedding-3-large": EmbeddingFacts(dimension=3072, smallest=1, max_tokens=8_191),
        "text-embedding-ada-002": EmbeddingFacts(dimension=1536, max_tokens=8_191),
    },
    "cohere": {
        "embed-v4": _COHERE_4,
        "embed-english-v3": EmbeddingFacts(dimension=1024, max_tokens=512),
        "embed-multilingual-v3": EmbeddingFacts(dimension=1024, max_tokens=512),
        "embed-english-light-v3": EmbeddingFacts(dimension=384, max_tokens=512),
        "embed-multilingual-light-v3": EmbeddingFacts(dimension=384, max_tokens=512),
    },
    "gemini": {
        "gemini-embedding-001": EmbeddingFacts(dimension=3072, smallest=128, max_tokens=2_048),
        "gemini-embedding": EmbeddingFacts(
            dimension=3072, smallest=128, max_tokens=8_192, query_prefix=_QUERY, passage_prefix=_PASSAGE
        ),
    },
}
"""By ghostkit's name of the maker."""
OPEN: Final[Mapping[str, EmbeddingFacts]] = {
    "nomic-embed-text-v2": EmbeddingFacts(query_prefix="search_query: ", passage_prefix="search_document: "),
    "nomic-embed-text": EmbeddingFacts(query_prefix="search_query: ", passage_prefix="search_document: "),
    "embeddinggemma": EmbeddingFacts(query_prefix=_QUERY, passage_prefix=_PASSAGE),
    "mxbai-embed": EmbeddingFacts(query_prefix=_BGE),
    "snowflake-arctic-embed2": EmbeddingFacts(query_prefix="query: "),
    "snowflake-arctic-embed-l-v2": EmbeddingFacts(query_prefix="query: "),
    "snowflake-arctic-embed-m-v2": EmbeddingFacts(query_prefix="query: "),
    "snowflake-arctic-embed": EmbeddingFacts(query_prefix=_BGE),
    "bge-m3": EmbeddingFacts(),
    "bge-small-en": EmbeddingFacts(query_prefix=_BGE),
    "bge-base-en": EmbeddingFacts(query_prefix=_BGE),
    "bge-large-en": EmbeddingFacts(query_prefix=_BGE),
    "bge-large": EmbeddingFacts(query_prefix=_BGE),
    "qwen3-embedding": EmbeddingFacts(query_prefix=_QWEN),
    "multilingual-e5-large-instruct": EmbeddingFacts(query_prefix=_QWEN.replace("Query:", "Query: ")),
    "multilingual-e5": EmbeddingFacts(query_prefix="query: ", passage_prefix="passage: "),
    "e5-": EmbeddingFacts(query_prefix="query: ", passage_prefix="passage: "),
}
"""Models that anyone may serve: what their cards want before a text."""
_OUR_NAMES: Final[Mapping[str, str]] = {"google": "gemini", "openai-responses": "openai"}


def facts_of(provider: str, model: str) -> EmbeddingFacts:
    """What is known of a model, whoever serves it; nothing where the name says nothing."""
    bare = model.lower().removeprefix("models/")
    maker, _, own = bare.rpartition("/")
    maker = maker.rpartition("/")[2] or provider
    own = own.partition(":")[0]
    return _longest(OF_VENDORS.get(_OUR_NAMES.get(maker, maker), {}), own) or _longest(OPEN, own) or EmbeddingFacts()


def checked_dimension(facts: EmbeddingFacts, name: str, wish: int | None) -> int | None:
    """The dimension that vectors will have: the one wished for, else the model's own, else None.

    Raises `ConfigError` for one that the model is known not to have.
    """
    if wish is None or facts.dimension is None or wish == facts.dimension:
        return wish or facts.dimension
    if facts.offered and wish not in facts.offered:
        raise _no_such(name, wish, f"one of {', '.join(map(str, facts.offered))}")
    if not facts.offered and (facts.smallest is None or not facts.smallest <= wish <= facts.dimension):
        least = "" if facts.smallest is None else f"{facts.smallest} to "
        raise _no_such(name, wish, f"{least}{facts.dimension}")
    return wish


def _no_such(name: str, wish: int, there: str) -> ConfigError:
    return ConfigError(f"{name} makes no vectors of {wish} numbers.", fix=f"Choose {there}, or leave @{wish} out.")


def _longest(table: Mapping[str, EmbeddingFacts], model: str) -> EmbeddingFacts | None:
    fitting = [beginning for beginning in table if model.startswith(beginning)]
    return table[max(fitting, key=len)] if fitting else None
