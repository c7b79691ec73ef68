"""Counts the lists of common stems that the measure of overlap weighs words by: `python -m tests.quality.common_terms`.

Writes `ghostkit/rag/context/common_terms_{en,ru}.txt`: lines of `of 1,000 stretches: stems`.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ghostkit.rag.context.usage import STEM, STRETCH
from ghostkit.rag.store.terms import terms_of
from tests.quality.chunking_data import data_folder

TARGET = Path(__file__).parents[2] / "ghostkit/rag/context"
LEAST_OF_1000 = 2.5
LEAST_TEXTS = {"en": 3, "ru": 2}
_WITHIN_A_SENTENCE = re.compile(r"(?<![.!?»\"'“”—–\-]\s)(?<![.!?])(?<=\s)[^\W\d_]+")
NAMES = 0.7
"""What is written with a capital within a sentence more often than this is a name."""


def texts(language: str) -> Iterator[str]:
    novels = data_folder(f"novels-{language}")
    assert novels is not None
    for path in sorted(novels.glob("*.txt")):
        yield path.read_bytes().decode("latin-1" if path.name.startswith("gitenberg") else "utf-8")
    if language == "en":
        corpora, abstracts = data_folder("chunking-eval"), data_folder("scifact")
        assert corpora is not None
        assert abstracts is not None
        for name in ("wikitexts.md", "state_of_the_union.md", "chatlogs.md"):
            yield (corpora / name).read_text("utf-8")
        with (abstracts / "corpus.jsonl").open(encoding="utf-8") as lines:
            yield "\n".join(json.loads(line)["text"] for _, line in zip(range(600), lines, strict=False))


def count(language: str) -> str:
    held: Counter[str] = Counter()
    within: Counter[str] = Counter()
    capitals: Counter[str] = Counter()
    words: Counter[str] = Counter()
    stretches = 0
    for text in texts(language):
        stems = [term[:STEM] for term in terms_of(text, language)]
        for at in range(0, len(stems), STRETCH):
            held.update(set(stems[at : at + STRETCH]))
            stretches += 1
        within.update(set(stems))
        for found in _WITHIN_A_SENTENCE.finditer(text):
            for term in terms_of(found.group(), language)[:1]:
                words[term[:STEM]] += 1
                capitals[term[:STEM]] += found.group()[0].isupper()
    rows: dict[int, list[str]] = {}
    for stem, times in held.items():
        of_1000 = 1000 * times / stretches
        name = capitals[stem] >= NAMES * max(1, words[stem])
        common = of_1000 >= LEAST_OF_1000 and within[stem] >= LEAST_TEXTS[language]
        if common and not name and not any(map(str.isdigit, stem)):
            rows.setdefault(round(of_1000), []).append(stem)
    return "".join(f"{of_1000}: {' '.join(sorted(rows[of_1000]))}\n" for of_1000 in sorted(rows, reverse=True))


def main() -> int:
    if None in (data_folder(name) for name in ("novels-en", "novels-ru", "chunking-eval", "scifact")):
        print("common terms: the texts aren't there; set GHOSTKIT_DATA to a folder that holds them.", file=sys.stderr)
        return 1
    for language in LEAST_TEXTS:
        (TARGET / f"common_terms_{language}.txt").write_text(count(language), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
