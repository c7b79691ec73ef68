"""Summaries out of the text itself: its own sentences, chosen and shortened, so that no fact is added."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ghostkit.providers.rehearsal.sentences import (
    count_words,
    names_in,
    numbers_in,
    split_sentences,
    upper_first,
    with_end,
)

_SPOKEN = re.compile(r"^[\"“«—–-]|[“\"«].*[”\"»]")
_LEAD = re.compile(r"^(?:And|But|So|Then|Still|Now|И|А|Но|Потом|Теперь),?\s+(?=\w)")
_ASIDE = re.compile(r"\s*\([^)]*\)")
_LISTED = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+", re.M)


def summarise(text: str, words: int) -> str:
    """At most `words` words of `text`: who, where and what first, in the text's order."""
    sentences = _told(text)
    if not sentences:
        return " ".join(text.split()[:words])
    names = Counter(name for sentence in sentences for name in names_in(sentence))
    chosen = _choose(sentences, names, words)
    if not chosen:
        return _clipped(sentences[0], words)
    return " ".join(sentences[at] for at in sorted(chosen))


def count_all(text: str) -> int:
    return len(text.split())


def _told(text: str) -> list[str]:
    """The narrated sentences; where all is dialogue, that."""
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", _LISTED.sub("", text)) if p.strip()]
    sentences = [s for p in paragraphs for s in split_sentences(re.sub(r"^#+\s.*$", "", p))]
    told = [s for s in sentences if not _SPOKEN.search(s)] or sentences
    return list(dict.fromkeys(_tidied(sentence) for sentence in told if count_words(sentence) > 2))


def _tidied(sentence: str) -> str:
    return with_end(upper_first(_LEAD.sub("", _ASIDE.sub("", sentence))))


def _choose(sentences: Sequence[str], names: Counter[str], words: int) -> list[int]:
    """Greedy: each time the sentence that adds most not yet said per word, while there is room."""
    said: set[str] = set()
    chosen: list[int] = []
    facts = [{*names_in(sentence), *numbers_in(sentence)} for sentence in sentences]
    sizes = [count_all(sentence) for sentence in sentences]
    room = words
    left = set(range(len(sentences)))
    while left:
        best = max(left, key=lambda at: (_worth(at, facts, said, names, len(sentences)) / (sizes[at] + 6), -at))
        left.discard(best)
        if sizes[best] > room:
            continue
        chosen.append(best)
        said |= facts[best]
        room -= sizes[best]
        if room < 4:
            break
    return chosen


def _worth(at: int, facts: Sequence[set[str]], said: set[str], names: Counter[str], total: int) -> float:
    fresh = sum(1.0 + min(names.get(fact, 2), 6) / 3 for fact in facts[at] if fact not in said)
    known = 0.2 * len(facts[at] & said)
    edge = 1.5 if at in (0, total - 1) else 0.0
    return 0.5 + fresh + known + edge


def _clipped(sentence: str, words: int) -> str:
    return with_end(" ".join(sentence.split()[:words])) if words > 0 else ""
