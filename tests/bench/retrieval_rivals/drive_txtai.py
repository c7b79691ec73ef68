"""txtai: a hybrid `Embeddings` with contents, over chunks that ghostkit cut, as it cuts none by itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from measuring import TOP_K, Embedding, Pair, main
from txtai import Embeddings


class Txtai:
    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding
        self._store: Any = None
        self.asks: dict[str, Callable[[str], object]] = {}

    def _new(self) -> Any:
        return Embeddings(method="external", transform=self._function(), content=True, hybrid=True)

    def _function(self) -> Callable[[Any], Any]:
        """It takes plain functions only."""
        return lambda texts: self._transform(texts)

    def _transform(self, texts: Any) -> Any:
        """One text is a question here."""
        if isinstance(texts, str):
            return self._embedding.question(texts)
        if len(texts) == 1:
            return [self._embedding.question(texts[0])]
        return self._embedding.passages(texts)

    def build(self, task: dict[str, Any], folder: Path, *, edited: bool) -> None:
        self.fill(task["edited_pieces" if edited else "pieces"], folder)

    def update(self, task: dict[str, Any], folder: Path) -> None:
        """By `delete` and `upsert`; what has changed is for the caller to know, and given here."""
        before, after = dict(task["pieces"]), dict(task["edited_pieces"])
        self._store.delete([name for name in before if name not in after])
        self._store.upsert([(name, text, None) for name, text in after.items() if name not in before])
        self._store.save(str(folder))

    def fill(self, chunks: Sequence[Pair], folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._store = self._new()
        self._store.index([(name, text, None) for name, text in chunks])
        self._store.save(str(folder))
        self._offer()

    def load(self, folder: Path, chunks: Sequence[Pair]) -> None:
        self._store = Embeddings()
        self._store.load(str(folder), config={"transform": self._function()})
        self._offer()

    def _offer(self) -> None:
        self.asks = {"hybrid": lambda question: self._store.search(question, TOP_K)}


if __name__ == "__main__":
    main(Txtai, version("txtai"))
