"""Our own 200 pairs of a passage and a section's text, labelled verbatim, paraphrased or unused.

Both halves were written before there was a measure. `development` set its thresholds, and by `held_out` it is judged.
A file holds groups: `== name language genre`, then `@known` (what the section was told anyway), `@passage`, and the
section's text for each label.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "usage_passages"
LABELS = ("verbatim", "paraphrased", "unused")
HALVES = ("development", "held_out")


@dataclass(frozen=True, kw_only=True)
class Pair:
    name: str
    language: str
    genre: str
    known: str
    passage: str
    prose: str
    label: str


def pairs(half: str) -> list[Pair]:
    return [pair for language in ("en", "ru") for pair in _read(FOLDER / f"{half}_{language}.txt")]


def _read(path: Path) -> list[Pair]:
    found = []
    for block in re.split(r"^== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        head, _, rest = block.partition("\n")
        name, language, genre = head.split()
        texts = re.split(r"^@(\w+)\n", rest, flags=re.MULTILINE)[1:]
        parts = {part: text.strip() for part, text in zip(texts[::2], texts[1::2], strict=True)}
        found += [
            Pair(name=name, language=language, genre=genre, known=parts["known"], passage=parts["passage"],
                 prose=parts[label], label=label)
            for label in LABELS if label in parts
        ]  # fmt: skip
    return found


def within_a_longer_text(pair: Pair, everything: list[Pair], words: int, seed: int = 0) -> str:
    """The pair's prose somewhere among texts of other groups of its language, about `words` words in all."""
    shuffled = random.Random(f"{pair.name}{seed}")
    others = [one for one in everything
              if one.language == pair.language and one.name != pair.name and one.label == "unused"]  # fmt: skip
    shuffled.shuffle(others)
    texts = [pair.prose]
    for other in others:
        if sum(len(text.split()) for text in texts) > words:
            break
        texts.append(other.prose)
    shuffled.shuffle(texts)
    return "\n\n".join(texts)
