"""A glossary out of what is there: the terms that a brief defines, and nothing made up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from ghostkit.providers.rehearsal.sentences import plain, split_sentences, upper_first, with_end

_DEFINED: Final = re.compile(
    r"^\s*[-*•]\s+(?:\*\*|\*|_)([^*_\n]{2,60}?)(?:\*\*|\*|_)\s*(?:[:,—–-]|is|are|это)\s+(.+)$", re.M
)
_EXPLAINED: Final = re.compile(
    r"^(?:An? |The )?([A-Za-z][a-z]+(?: [a-z]+){0,2}) (?:is (?:the|an?|one)|are the|means|stands for|is called) .{12,}$"
)
_NO_TERM: Final = re.compile(
    r"^(?:it|this|that|there|here|what|which|who|nothing|one|you|they|these|he|she|we)\b", re.I
)
_PEOPLE: Final = re.compile(r"people|characters|cast\b|люд|геро", re.I)


def write_glossary(brief: str, most: int) -> dict[str, Any]:
    """The answer to a `glossary` task."""
    text = _outside_people(brief)
    found: dict[str, dict[str, str]] = {}
    for term, definition in list(_defined(text)) or _explained(text):
        if len(found) < most:
            found.setdefault(term.casefold(), {"term": term, "definition": definition})
    return {"terms": list(found.values())}


def _defined(text: str) -> Iterator[tuple[str, str]]:
    """The items of lists that begin with a term: `- **neaps**: the smaller tides …`."""
    for term, rest in _DEFINED.findall(text):
        yield plain(term).strip(" .:"), with_end(upper_first(plain(rest).strip()))


def _explained(text: str) -> Iterator[tuple[str, str]]:
    """Where the brief lists no terms: its sentences that say what something is."""
    prose = "\n\n".join(p for p in text.split("\n\n") if not p.lstrip().startswith("#"))
    for sentence in split_sentences(plain(prose)):
        said = _EXPLAINED.match(sentence.strip())
        if said and not _NO_TERM.match(said[1]) and len(sentence.split()) <= 30:
            yield said[1][0].lower() + said[1][1:], with_end(upper_first(sentence.strip()))


def _outside_people(text: str) -> str:
    """The brief without the lists of its people, whose names are set off in the same way."""
    kept, skipping = [], False
    for line in text.splitlines():
        if line.startswith("#"):
            skipping = _PEOPLE.search(line) is not None
        if not skipping:
            kept.append(line)
    return "\n".join(kept)
