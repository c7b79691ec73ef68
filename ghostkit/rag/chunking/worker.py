"""A process that cuts texts for another: JSON lines in, JSON lines out (`python -m ghostkit.rag.chunking.worker`).

First line: {"strategy", "size", "overlap", "tokens"}. Each further line [text, language] is answered by one line
[language, starts, ends, importances].
"""

from __future__ import annotations

import json
import sys
from typing import TextIO

from ghostkit.rag.chunking.choice import chunker_for
from ghostkit.rag.chunking.documents import weighed
from ghostkit.rag.config import RAGConfig


def serve(lines: TextIO, answers: TextIO) -> None:
    asked = json.loads(lines.readline())
    chunker = chunker_for(
        RAGConfig(
            chunk_strategy=asked["strategy"],
            chunk_size=asked["size"],
            chunk_overlap=asked["overlap"],
            chunk_unit="tokens" if asked["tokens"] else "characters",
        )
    )
    for line in lines:
        text, language = json.loads(line)
        found, spans = weighed(text, language, chunker)
        columns = [[one.start for one in spans], [one.end for one in spans], [one.importance for one in spans]]
        answers.write(json.dumps([found, *columns]) + "\n")


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
