"""What retrieval is measured with: a novel of 200,000 words by chapters, an edit of one paragraph, 10,000 chunks."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence
from dataclasses import replace

from ghostkit.rag.document import Document
from ghostkit.rag.store import ChunkedDocument
from tests.bench import keyword
from tests.quality.chunking_data import data_folder

NOVEL = "litbank_2489_moby_dick.txt"
CHUNKS, QUICK_CHUNKS = 10_000, 2_000
_CHAPTER = re.compile(r"^CHAPTER \d+", re.MULTILINE)
_NEW_PARAGRAPH = "The bell of the harbour rang twice that evening, and nobody on board would say who had rung it.\n\n"


def novel() -> list[Document]:
    """A document a chapter; empty where the data isn't there."""
    folder = data_folder("novels-en")
    if folder is None or not (folder / NOVEL).is_file():
        return []
    text = keyword.decoded(folder / NOVEL).replace("\r\n", "\n")
    starts = [0, *(found.start() for found in _CHAPTER.finditer(text)), len(text)]
    parts = [text[start:end].strip() for start, end in itertools.pairwise(starts)]
    return [
        Document(id=f"chapter-{number}", text=part, chapter=number, section=1, language="en")
        for number, part in enumerate(filter(None, parts), start=1)
    ]


def with_an_edit(documents: Sequence[Document], chance: random.Random) -> list[Document]:
    """One of them has one paragraph written anew."""
    chosen = chance.choice([one for one in documents if one.text.count("\n\n") > 8])
    paragraphs = chosen.text.split("\n\n")
    at = chance.randrange(2, len(paragraphs) - 2)
    edited = replace(chosen, text="\n\n".join([*paragraphs[:at], _NEW_PARAGRAPH.strip(), *paragraphs[at + 1 :]]))
    return [edited if one is chosen else one for one in documents]


def many_chunks(quick: bool) -> list[ChunkedDocument]:
    """10,000 chunks of English and Russian novels."""
    return keyword.cut(keyword.sections(), QUICK_CHUNKS if quick else CHUNKS)


def asked(chunked: Sequence[ChunkedDocument]) -> list[str]:
    """200 different questions: a few words in a row of some chunk."""
    found = (" ".join(question.split()) for question in keyword.questions(chunked, random.Random(1)))
    return list(dict.fromkeys(found))
