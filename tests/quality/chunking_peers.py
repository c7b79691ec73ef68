"""The chunkers that are compared: ours, and others where they are installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib.metadata import version

from ghostkit.rag.chunking import RecursiveChunker, SentenceChunker

Cut = Callable[[str], list[tuple[int, int]]]
"""A text to (start, end) of its chunks."""
PEERS = {
    "langchain": "langchain-text-splitters",
    "semchunk": "semchunk",
    "chonkie-sentence": "chonkie",
    "chonkie-recursive": "chonkie",
}


def ours(size: int, overlap: int) -> dict[str, Cut]:
    sentence = SentenceChunker(size=size, overlap=overlap)
    recursive = RecursiveChunker(size=size, overlap=overlap)
    return {
        "ghostkit sentence": lambda text: [(span.start, span.end) for span in sentence(text)],
        "ghostkit recursive": lambda text: [(span.start, span.end) for span in recursive(text)],
    }


def peers(size: int, overlap: int) -> tuple[dict[str, Cut], list[str]]:
    """Those that are installed, by name and version, and the names of those that aren't."""
    makers = {"langchain": _langchain, "semchunk": _semchunk}
    makers |= {"chonkie-sentence": _chonkie_sentence, "chonkie-recursive": _chonkie_recursive}
    found, absent = {}, []
    for name, package in PEERS.items():
        if importlib.util.find_spec(package.replace("-", "_")) is None:
            absent.append(name)
        else:
            found[f"{name} {version(package)}"] = makers[name](size, overlap)
    return found, absent


def _langchain(size: int, overlap: int) -> Cut:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=overlap, add_start_index=True)

    def cut(text: str) -> list[tuple[int, int]]:
        made = splitter.create_documents([text])
        return [(one.metadata["start_index"], one.metadata["start_index"] + len(one.page_content)) for one in made]

    return cut


def _semchunk(size: int, overlap: int) -> Cut:
    import semchunk

    chunker = semchunk.chunkerify(len, size)

    def cut(text: str) -> list[tuple[int, int]]:
        _, offsets = chunker(text, offsets=True, overlap=overlap or None)
        return [(start, end) for start, end in offsets]

    return cut


def _chonkie_sentence(size: int, overlap: int) -> Cut:
    import chonkie

    chunker = chonkie.SentenceChunker(tokenizer="character", chunk_size=size, chunk_overlap=overlap)
    return lambda text: [(one.start_index, one.end_index) for one in chunker(text)]


def _chonkie_recursive(size: int, overlap: int) -> Cut:
    """It has no overlap."""
    import chonkie

    chunker = chonkie.RecursiveChunker(tokenizer="character", chunk_size=size)
    return lambda text: [(one.start_index, one.end_index) for one in chunker(text)]
