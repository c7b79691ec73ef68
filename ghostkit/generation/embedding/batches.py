"""Texts made ready to be sent: cleaned, prefixed, cut to what the model reads, put together into requests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ghostkit.providers.embeddings import EmbeddingModel, Role
from ghostkit.providers.estimating import calibration
from ghostkit.providers.tokens import count_scripts

MOST_TOKENS: Final = 64_000
"""Of one request, whatever the vendor takes: what fails is paid again."""
AROUND_A_TEXT: Final = 2
"""Tokens that a model puts around a text."""
LONGEST_TOKEN: Final = 16
"""Characters: no text of so many times a model's tokens can be read to its end."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text as it is sent. `place` is where it stood among those given; tokens are estimates."""

    place: int
    text: str
    tokens: int
    most_tokens: int
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The texts of one request."""

    texts: tuple[Text, ...]

    @property
    def tokens(self) -> int:
        return sum(text.tokens for text in self.texts)

    @property
    def most_tokens(self) -> int:
        return sum(text.most_tokens for text in self.texts)

    @property
    def characters(self) -> int:
        return sum(len(text.text) for text in self.texts)

    @property
    def cut(self) -> int:
        """How many of its texts were too long."""
        return sum(text.cut for text in self.texts)


def batches_of(texts: Sequence[str], role: Role, known: EmbeddingModel, most_tokens: int = MOST_TOKENS) -> list[Batch]:
    """In order. Blank texts are in none: they have no vector, and vendors refuse them."""
    bound = min(most_tokens, known.most_tokens or most_tokens)
    found: list[Batch] = []
    held: list[Text] = []
    tokens = 0
    for place, given in enumerate(texts):
        if not given.strip():
            continue
        text = text_for(place, given, role, known)
        if held and (len(held) >= known.most_texts or tokens + text.most_tokens > bound):
            found.append(Batch(texts=tuple(held)))
            held, tokens = [], 0
        held.append(text)
        tokens += text.most_tokens
    return [*found, Batch(texts=tuple(held))] if held else found


def text_for(place: int, given: str, role: Role, known: EmbeddingModel) -> Text:
    """With its prefix, and no longer than the model reads."""
    prefix, limit = known.prefix(role), known.max_tokens
    longest = len(given) if limit is None else limit * LONGEST_TOKEN
    text = prefix + speakable(given[:longest])
    tokens, most = estimated(text, known.name)
    cut = len(given) > longest
    if limit is not None and most > limit:
        if known.cuts:
            cut = cut or tokens > limit
        else:
            text, cut = _shortened(text, limit, most, known.name), True
        tokens, most = estimated(text, known.name)
        tokens, most = min(tokens, limit), min(most, limit)
    return Text(place=place, text=text, tokens=tokens, most_tokens=most, cut=cut)


def _shortened(text: str, limit: int, most: int, name: str) -> str:
    """The longest beginning that surely fits, or nearly."""
    while most > limit and len(text) > 1:
        text = text[: max(1, min(int(len(text) * limit / most), len(text) - 1))]
        most = estimated(text, name)[1]
    return text


def halved(batch: Batch, name: str) -> Batch | None:
    """Every text of the batch cut to half the length of its longest; None where there is nothing left to cut."""
    room = max(len(text.text) for text in batch.texts) // 2
    if room < 1:
        return None

    def cut(text: Text) -> Text:
        if len(text.text) <= room:
            return text
        shorter = text.text[:room]
        tokens, most = estimated(shorter, name)
        return replace(text, text=shorter, tokens=tokens, most_tokens=most, cut=True)

    return Batch(texts=tuple(map(cut, batch.texts)))


def estimated(text: str, name: str) -> tuple[int, int]:
    """Tokens of a text as estimated, and more than it has as far as can be told."""
    found = calibration.estimate(name, count_scripts(text))
    # No tokenizer makes more tokens than there are bytes.
    size = len(text) if text.isascii() else len(text.encode())
    most = min(math.ceil(found.most), size) + AROUND_A_TEXT
    return min(math.ceil(found.tokens) + AROUND_A_TEXT, most), most


def learn(batch: Batch, name: str, tokens: int) -> None:
    """From what the vendor counted: later estimates are closer."""
    characters: dict[str, int] = {}
    for text in batch.texts:
        for script, number in count_scripts(text.text).items():
            characters[script] = characters.get(script, 0) + number
    calibration.observe(name, characters, tokens - AROUND_A_TEXT * len(batch.texts))


def speakable(text: str) -> str:
    """Without halves of surrogate pairs, which no encoding has."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
