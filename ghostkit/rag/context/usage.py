"""How much of a passage that a section was given is in its prose: computed from the two texts, no model asked.

Two signs count. A run of words that both have is *verbatim*. Else the passage's rare words are looked for close
together in the prose: the share of them that is there, by weight, is the score. A word weighs the more the rarer it is
in prose at large, and little or nothing if the section was told it anyway.

On 200 labelled pairs it finds too few of the paraphrases to be called use; so it is called overlap, in whatever shows
it. `verbatim` alone was never wrong. docs/decisions/0018-whether-it-was-used.md has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal

from ghostkit.rag.store.terms import terms_of, tokens_of

How = Literal["verbatim", "paraphrased", "unused"]

MEASURE_NAME: Final = "overlap"
"""What to call it before people: `used` from 0.8 of both precision and recall on the held-out half; a test holds it to
that."""

STEM: Final = 6
"""Letters of a stem that are compared: `верблюжий` is of a `верблюд`."""
RAREST: Final = 6.0
"""What a term weighs that stands in no list of common ones: -ln of how often it would turn up by chance."""
STRETCH: Final = 50
"""Terms of a stretch by which commonness is counted, in the lists and in what is known."""
PROSE_WINDOW: Final = 60
"""Terms of the prose that are looked at together: about 120 words."""
PASSAGE_WINDOW: Final = 36
"""The same of the passage: about 70 words, so that one thing used of a long passage is seen."""
SEED: Final = 4
MOST_PLACES: Final = 32
"""Of one seed: a text that says the same over and over must not take for ever."""
RUN: Final = 5
"""Words in a row that both texts must have at least."""
RUN_WEIGHT: Final = 9.0
"""And what they must weigh together: `at the end of the day` is nobody's."""
LEAST_SCORE: Final = 0.11
PER_WINDOW: Final = 0.015
"""`LEAST_SCORE` + this × ln(windows of the prose): in a longer text more is alike by chance."""
LEAST_TERMS: Final = 2
KNOWN_FACTOR: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Use:
    """`score` 0 to 1: the share, by weight, of what the passage says beyond what was known that is in the prose."""

    score: float
    used: bool
    """Whether the score is high enough; where people see it, it is `MEASURE_NAME`."""
    how: How
    """`verbatim` can be relied on; `paraphrased` means that much is alike, and `unused` that little is."""
    run: int = 0
    """Words of the longest run that both have, and that isn't common."""
    shared: tuple[str, ...] = ()
    """The stems that count most, the heaviest first; at most eight."""

    @property
    def told(self) -> str:
        """For people: `verbatim, 7 words` or `overlap 0.23`."""
        return f"verbatim, {self.run} words" if self.how == "verbatim" else f"{MEASURE_NAME} {self.score:.2f}"


class Prose:
    """A section's text, prepared once for all of its passages.

    `known` is what the section was told apart from them: brief, plan, people, the chapters before.
    """

    def __init__(self, text: str, language: str = "", *, known: str = "") -> None:
        self.language = language
        self.tokens = tokens_of(text)
        self._seeds: dict[tuple[str, ...], list[int]] = {}
        for at in range(len(self.tokens) - SEED + 1):
            places = self._seeds.setdefault(tuple(self.tokens[at : at + SEED]), [])
            if len(places) < MOST_PLACES:
                places.append(at)
        told = tokens_of(known)
        self._told = {tuple(told[at : at + SEED]) for at in range(len(told) - SEED + 1)}
        self._known = _rates(_stems(known, language))
        self._windows: dict[str, int] = {}
        windows = list(_windows(_stems(text, language), PROSE_WINDOW))
        self.least_score = LEAST_SCORE + PER_WINDOW * math.log(len(windows))
        """From here on a passage counts as paraphrased."""
        for number, window in enumerate(windows):
            for stem in window:
                self._windows[stem] = self._windows.get(stem, 0) | 1 << number

    def weight(self, stem: str) -> float:
        """0 for what was told, up to `RAREST`."""
        weight = _rarity(stem)
        rate = self._known.get(stem)
        return weight if rate is None else min(weight, -math.log(min(1.0, KNOWN_FACTOR * rate)))

    def longest_run(self, tokens: Sequence[str]) -> tuple[int, int]:
        """(begin, length) of the longest run of `tokens` that is in the prose and not in what was told."""
        best = (0, 0)
        for begin in range(len(tokens) - SEED + 1):
            if begin + best[1] >= len(tokens):
                break
            seed = tuple(tokens[begin : begin + SEED])
            if seed in self._told:
                continue
            for at in self._seeds.get(seed, ()):
                length = SEED
                while (
                    begin + length < len(tokens)
                    and at + length < len(self.tokens)
                    and tokens[begin + length] == self.tokens[at + length]
                ):
                    length += 1
                if length > best[1]:
                    best = (begin, length)
        return best

    def coverage(self, stems: Sequence[str]) -> tuple[float, list[str]]:
        """(share by weight, the stems shared) of the best pair of windows of passage and prose."""
        best: tuple[float, list[str]] = (0.0, [])
        for window in _windows(stems, PASSAGE_WINDOW):
            weights = {stem: weight for stem in window if (weight := self.weight(stem)) > 0}
            total = sum(weights.values())
            sums: dict[int, float] = {}
            for stem, weight in weights.items():
                places, number = self._windows.get(stem, 0), 0
                while places:
                    if places & 1:
                        sums[number] = sums.get(number, 0.0) + weight
                    places, number = places >> 1, number + 1
            if not sums:
                continue
            number = max(sums, key=lambda one: (sums[one], -one))
            if sums[number] / total > best[0]:
                shared = [stem for stem in weights if self._windows.get(stem, 0) >> number & 1]
                best = (sums[number] / total, sorted(shared, key=lambda stem: (-weights[stem], stem)))
        return best


def use_of(passage: str, prose: str | Prose, language: str = "", *, known: str = "") -> Use:
    """Whether `prose` used `passage`. Of many passages, make a `Prose` once and give that; `known` is then its own."""
    ready = prose if isinstance(prose, Prose) else Prose(prose, language, known=known)
    tokens = tokens_of(passage)
    begin, run = ready.longest_run(tokens)
    of_run = _stems(" ".join(tokens[begin : begin + run]), ready.language)
    verbatim = run >= RUN and sum(map(ready.weight, of_run)) >= RUN_WEIGHT
    share, shared = ready.coverage(_stems(passage, ready.language))
    score = round(min(1.0, max(share, 0.5 + share / 2) if verbatim else share), 4)
    how: How = "verbatim" if verbatim else "unused"
    if not verbatim and share >= ready.least_score and len(shared) >= LEAST_TERMS:
        how = "paraphrased"
    return Use(score=score, used=how != "unused", how=how, run=run if verbatim else 0, shared=tuple(shared[:8]))


def _stems(text: str, language: str) -> list[str]:
    return [_NUMBERS.get(term, term)[:STEM] for term in terms_of(text, language)]


def _windows(stems: Sequence[str], size: int) -> Iterable[dict[str, None]]:
    """Each stem once, in order, so that sums come out the same in every process. They overlap by half; the last one
    reaches to the end and is as long as the others."""
    if len(stems) <= size * 5 // 4:
        yield dict.fromkeys(stems)
        return
    for begin in range(0, len(stems) - size, size // 2):
        yield dict.fromkeys(stems[begin : begin + size])
    yield dict.fromkeys(stems[-size:])


def _rates(stems: Sequence[str]) -> dict[str, float]:
    """In what share of its stretches a stem stands."""
    stretches = [set(stems[at : at + STRETCH]) for at in range(0, len(stems), STRETCH)]
    counts: dict[str, int] = {}
    for stretch in stretches:
        for stem in stretch:
            counts[stem] = counts.get(stem, 0) + 1
    return {stem: count / len(stretches) for stem, count in counts.items()}


def _rarity(stem: str) -> float:
    if stem.isdigit():
        return 3.0 if len(stem) == 1 else 4.0 if len(stem) == 2 else RAREST
    return _common().get(stem, RAREST)


@cache
def _common() -> Mapping[str, float]:
    """-ln of the share of stretches of 50 terms that a stem stands in, for common stems of English and Russian."""
    weights: dict[str, float] = {}
    for language in ("en", "ru"):
        text = resources.files(__package__).joinpath(f"common_terms_{language}.txt").read_text("utf-8")
        for line in text.splitlines():
            of_1000, _, stems = line.partition(":")
            for stem in stems.split():
                weights[stem] = min(RAREST, -math.log(int(of_1000) / 1000))
    return weights


_FROM_TWO: Final = (
    ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelv", "thirteen", "fourteen",
     "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenti"),
    ("дв", "тр", "четыр", "пят", "шест", "сем", "восем", "девя", "деся"),
)  # fmt: skip
_TENS_FROM_30: Final = ("thirti", "forti", "fifti", "sixti", "seventi", "eighti", "nineti")
_NUMBERS: Final[Mapping[str, str]] = {
    **{word: str(number) for words in _FROM_TWO for number, word in enumerate(words, 2)},
    **{word: str(10 * number) for number, word in enumerate(_TENS_FROM_30, 3)},
}
"""Stems of number words; 1 is left out, which is mostly no number."""
