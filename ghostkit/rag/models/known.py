"""What is known of public models that their files don't say: languages, prompts, from which cosine on a hit is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ENGLISH: Final = frozenset({"en"})
CHINESE: Final = frozenset({"zh", "en"})


@dataclass(frozen=True, kw_only=True)
class KnownModel:
    """A model on the Hugging Face hub, under the name people call it by.

    `languages` None: about a hundred. `threshold`: cosines of texts that have nothing to do with each other are mostly
    below it; cautious readings of model cards, none of them measured here.
    """

    name: str
    repository: str
    languages: frozenset[str] | None = None
    threshold: float = 0.2
    reranker: bool = False
    about: str = ""


KNOWN: Final = (
    KnownModel(
        name="multilingual-e5-large", repository="intfloat/multilingual-e5-large", threshold=0.75,
        about="about 100 languages, 1024 numbers, 2.2 GB",
    ),
    KnownModel(
        name="bge-m3", repository="BAAI/bge-m3", threshold=0.35, about="about 100 languages, 1024 numbers, 2.3 GB"
    ),
    KnownModel(
        name="multilingual-e5-base", repository="intfloat/multilingual-e5-base", threshold=0.75,
        about="about 100 languages, 768 numbers, 1.1 GB",
    ),
    KnownModel(
        name="multilingual-e5-small", repository="intfloat/multilingual-e5-small", threshold=0.75,
        about="about 100 languages, 384 numbers, 0.5 GB; the one to begin with",
    ),
    KnownModel(
        name="paraphrase-multilingual-MiniLM-L12-v2",
        repository="sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        about="about 50 languages, 384 numbers, 0.5 GB; short texts",
    ),
    KnownModel(
        name="bge-base-en-v1.5", repository="BAAI/bge-base-en-v1.5", languages=ENGLISH, threshold=0.45,
        about="English, 768 numbers, 0.4 GB",
    ),
    KnownModel(
        name="bge-small-en-v1.5", repository="BAAI/bge-small-en-v1.5", languages=ENGLISH, threshold=0.45,
        about="English, 384 numbers, 0.1 GB",
    ),
    KnownModel(
        name="e5-small-v2", repository="intfloat/e5-small-v2", languages=ENGLISH, threshold=0.7,
        about="English, 384 numbers, 0.1 GB",
    ),
    KnownModel(
        name="all-mpnet-base-v2", repository="sentence-transformers/all-mpnet-base-v2", languages=ENGLISH,
        about="English, 768 numbers, 0.4 GB",
    ),
    KnownModel(
        name="all-MiniLM-L6-v2", repository="sentence-transformers/all-MiniLM-L6-v2", languages=ENGLISH,
        about="English, 384 numbers, 0.1 GB; the quickest",
    ),
    KnownModel(
        name="bge-reranker-base", repository="BAAI/bge-reranker-base", languages=CHINESE, reranker=True,
        about="re-ranker, English and Chinese, 1.1 GB",
    ),
    KnownModel(
        name="bge-reranker-v2-m3", repository="BAAI/bge-reranker-v2-m3", reranker=True,
        about="re-ranker, about 100 languages, 2.3 GB",
    ),
    KnownModel(
        name="ms-marco-MiniLM-L6-v2", repository="cross-encoder/ms-marco-MiniLM-L6-v2", languages=ENGLISH,
        reranker=True, about="re-ranker, English, 0.1 GB",
    ),
)  # fmt: skip
"""The best first, as far as published figures tell; `auto` goes by this order."""

_E5: Final = re.compile(r"(^|/)(multilingual-)?e5-(small|base|large)(-v2)?$")
_INSTRUCTED: Final = re.compile(r"e5-.*-instruct$")
_BGE_ENGLISH: Final = re.compile(r"(bge-(small|base|large)-en(-v1\.5)?|mxbai-embed-large-v1|arctic-embed-(xs|s|m|l))$")
_BGE_CHINESE: Final = re.compile(r"bge-(small|base|large)-zh(-v1\.5)?$")
_PROMPTS: Final = (
    (_E5, "query: ", "passage: "),
    (
        _INSTRUCTED,
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ",
        "",
    ),
    (_BGE_ENGLISH, "Represent this sentence for searching relevant passages: ", ""),
    (_BGE_CHINESE, "为这个句子生成表示以用于检索相关文章：", ""),
    (re.compile(r"nomic-embed-text-v1(\.5)?$"), "search_query: ", "search_document: "),
)


def known_model(name: str) -> KnownModel | None:
    """By what people call it, or by its repository; upper and lower case are alike."""
    wanted = name.lower()
    return next((one for one in KNOWN if wanted in (one.name.lower(), one.repository.lower())), None)


def prompts_by_name(name: str) -> tuple[str, str]:
    """(before a query, before a passage) that a model of this name was trained with; its own files go before this."""
    bare = name.lower()
    return next(((query, passage) for pattern, query, passage in _PROMPTS if pattern.search(bare)), ("", ""))
