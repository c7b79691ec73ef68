"""Places a brief speaks of, in its order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ghostkit.providers.rehearsal.people import Person
from ghostkit.providers.rehearsal.reading import bullets
from ghostkit.providers.rehearsal.sentences import PLAIN_STARTS, plain

_LATIN: Final = re.compile(
    r"\b(?:at|in|to|from|near|into|reach(?:es)?|leaves?)\s+((?:the\s+)?[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+){0,2})"
)
_RUSSIAN: Final = re.compile(
    r"\b(остров|маяк|город|деревня|посёлок|порт|мыс|станция|улица|село|дом|река|озеро)[аеуыиом]{0,2}\s+"
    r"([А-ЯЁ][а-яё]+)"
)
_TIMES: Final = re.compile(
    r"^(?:January|February|March|April|May|June|July|August|September|October|November|December|Chapter|English"
    r"|Russian|\w+day)\b"
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """`note` is what stands beside the name in the brief ("day 9, bitter since 644")."""

    name: str
    note: str = ""


def places_from_list(text: str) -> tuple[Place, ...]:
    """Places of a list, or of one paragraph with commas between them."""
    if not text:
        return ()
    listed = re.search(r"^\s*(?:[-*•]|\d+[.)])\s+", text, re.M)
    items = bullets(text) if listed else re.split(r",\s*(?![^()]*\))", " ".join(text.split()))
    found = []
    for item in items:
        entry = re.match(r"^\s*(?:and\s+|и\s+)?([^(:—]+?)\s*(?:\(([^)]*)\)|[:—]\s*(.*))?\s*\.?\s*$", plain(item))
        if entry and re.search(r"[A-ZА-ЯЁ]", entry[1]):
            name = re.split(r",\s", entry[1])[0].strip(" .")
            found.append(Place(name=name, note=(entry[2] or entry[3] or "").strip(" .")))
    return tuple({place.name: place for place in found}.values())


def places_from_text(text: str, people: Sequence[Person], language: str) -> tuple[Place, ...]:
    """Capitalised names after a preposition that aren't people; in Russian, names after a word like «остров»."""
    body = plain(re.sub(r"^#.*$", "", text, flags=re.M))
    if language == "ru":
        found = [f"{kind} {name}" for kind, name in _RUSSIAN.findall(body)]
        return tuple(Place(name=name) for name in dict.fromkeys(found))
    known = {part for person in people for part in person.name.split()}
    names: list[str] = []
    for name in _LATIN.findall(body):
        bare = re.sub(r"^the\s+", "", name)
        bare = re.sub(r"[’']s$", "", bare)
        if bare.split()[0] in known or bare.lower() in PLAIN_STARTS or _TIMES.match(bare):
            continue
        names.append(re.sub(r"[’']s$", "", name))
    return tuple(Place(name=name) for name in dict.fromkeys(names))
