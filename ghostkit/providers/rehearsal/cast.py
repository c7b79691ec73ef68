"""The people of a book, as the `characters` task wants them."""

from __future__ import annotations

import re
from typing import Any

from ghostkit.providers.rehearsal.chance import Chance
from ghostkit.providers.rehearsal.facts import Brief
from ghostkit.providers.rehearsal.numerals import chapters_named
from ghostkit.providers.rehearsal.people import Person
from ghostkit.providers.rehearsal.sentences import split_sentences, upper_first, with_end

_ADVERSARY = re.compile(
    r"\b(?:relentless|enemy|villain|hunts|antagonist|audit|inspector|rival)\b|враг|злодей|противник", re.I
)
_WHOSE = re.compile(
    r"\b(?:her|his|their|её|его|их)\b(?: \w+)? (?:brother|sister|father|mother|son|daughter|wife|husband|friend"
    r"|брат|сестра|отец|мать|сын|дочь|муж|жена|друг)",
    re.I,
)
_ONE_SIDED = frozenset({"parent", "child", "mentor"})
_MENTOR = re.compile(r"\b(?:mentor|teacher|doctor|master|guide)\b|учител|наставник", re.I)


def write_characters(brief: Brief, seed: str) -> dict[str, Any]:
    """Everybody the brief names, and what it says lies between them."""
    chance = Chance("characters", seed, brief.title)
    people = [described(person, brief, chance, at) for at, person in enumerate(brief.people)]
    return {"characters": people, "relationships": _relationships(brief)}


def described(person: Person, brief: Brief, chance: Chance, at: int) -> dict[str, Any]:
    """Somebody as the brief has them, with what it leaves open; `at` is their place among its people."""
    from ghostkit.providers.rehearsal.outline import wording_for

    wording = wording_for(brief.language)
    about = [with_end(sentence) for sentence in person.about]
    traits = _traits(person) or chance.shuffled(wording.TRAITS)[:3]
    told = [sentence for sentence in brief.premise if person.names_occur_in(sentence)]
    description = " ".join(about) or (with_end(upper_first(person.role)) if person.role else "")
    arc = [sentence for sentence in (p.text for p in brief.musts) if person.names_occur_in(sentence)]
    return {
        "name": person.name,
        "role": _role(person, brief, at),
        "description": _gendered(description, person, brief.language),
        "traits": traits,
        "backstory": " ".join(with_end(s) for s in told[:2]) or " ".join(about[-1:]) or description,
        "arc": " ".join(arc) or with_end(f"{person.short} {chance.pick(wording.ARCS)}"),
    }


def _gendered(description: str, person: Person, language: str) -> str:
    """Say he or she where nothing else does, so that whoever reads the list agrees."""
    if language == "ru" or re.search(r"\b(?:she|her|he|his|him)\b", description, re.I):
        return description
    pronoun = "She" if person.gender == "f" else "He"
    return f"{description} {pronoun} is called {person.short}.".strip()


def _role(person: Person, brief: Brief, at: int) -> str:
    about = " ".join((person.role, *person.about))
    if brief.narrator is not None and person.name == brief.narrator.name:
        return "narrator"
    if at == 0:
        return "protagonist"
    if _ADVERSARY.search(f"{person.name} {about}"):
        return "antagonist"
    return "mentor" if _MENTOR.search(f"{person.name} {about}") else ("supporting" if at < 6 else "minor")


def _traits(person: Person) -> list[str]:
    """Short phrases of what is said: "Cheerful, evasive, burned on both palms." are three."""
    found: list[str] = []
    for sentence in person.about:
        for part in re.split(r"[,;]", re.sub(r"\([^)]*\)", "", sentence)):
            phrase = part.strip(" .")
            if 1 <= len(phrase.split()) <= 4 and not re.search(r"\d", phrase) and not chapters_named(sentence):
                found.append(phrase[:1].lower() + phrase[1:] if phrase.split()[0] not in person.calls else phrase)
    return list(dict.fromkeys(found))[:6]


def _relationships(brief: Brief) -> list[dict[str, Any]]:
    """Pairs that one sentence of the brief names together, with the word that says how."""
    from ghostkit.providers.rehearsal.outline import wording_for

    kin = wording_for(brief.language).KIN
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for owner, sentence in _told_of(brief):
        for one, other in _pairs(owner, sentence, brief):
            word = next((word for word in kin if re.search(rf"\b{word}", sentence, re.I)), "")
            if word and (one, other) not in found and (other, one) not in found:
                it = one if owner is None and kin[word] in _ONE_SIDED and _nearer(one, other, word, sentence) else other
                source, to = (it, one if it is other else other) if kin[word] in _ONE_SIDED else (one, other)
                found[one, other] = _relationship(source, to, kin[word], sentence)
    for one, other in _same_family(brief):
        if (one, other) not in found and (other, one) not in found:
            found[one, other] = _relationship(one, other, "family", f"{one}, {other}.")
    return list(found.values())


def _nearer(one: str, other: str, word: str, sentence: str) -> bool:
    """Whether the word stands nearer to the first one's name: "Tomas, her father, waits" is about Tomas."""
    at = sentence.lower().find(word)
    places = [sentence.find(name.split()[0]) for name in (one, other)]
    return places[0] >= 0 and (places[1] < 0 or abs(places[0] - at) < abs(places[1] - at))


def _told_of(brief: Brief) -> list[tuple[Person | None, str]]:
    """Sentences of the brief, each with the person it goes on about, where it says "her brother" and not whose."""
    told: list[tuple[Person | None, str]] = []
    about: Person | None = None
    for text in (*brief.premise, *(point.text for point in brief.musts)):
        for sentence in split_sentences(text):
            whose = about if _WHOSE.search(sentence) else None
            told.append((whose, sentence))
            about = next((person for person in brief.people if person.names_occur_in(sentence)), about)
    told += [(person, s) for person in brief.people for text in person.about for s in split_sentences(text)]
    return told


def _relationship(one: str, other: str, kind: str, sentence: str) -> dict[str, Any]:
    chapters = [number for number in chapters_named(sentence) if number > 0]
    return {
        "from": one, "to": other, "kind": kind, "description": with_end(sentence),
        "since_chapter": chapters[0] if chapters else 1,
    }  # fmt: skip


def _pairs(owner: Person | None, sentence: str, brief: Brief) -> list[tuple[str, str]]:
    named = [person for person in brief.people if person.names_occur_in(sentence)]
    named += [person for person in brief.people if person not in named and _stem_occurs(person, sentence, brief)]
    if owner is not None:
        return [(owner.name, person.name) for person in named if person.name != owner.name]
    return [(named[0].name, person.name) for person in named[1:2]]


def _stem_occurs(person: Person, sentence: str, brief: Brief) -> bool:
    """A declined Russian name: "Петра Ильича", "Аню"."""
    if brief.language != "ru":
        return False
    return any(
        len(call) > 2 and re.search(rf"(?<!\w){re.escape(call[:-1])}[а-яё]{{1,2}}(?!\w)", sentence)
        for call in person.calls
        if " " not in call
    )


def _same_family(brief: Brief) -> list[tuple[str, str]]:
    pairs = []
    for at, one in enumerate(brief.people):
        for other in brief.people[at + 1 :]:
            if len(one.name.split()) > 1 and one.surname[:5] == other.surname[:5] and len(one.surname) > 3:
                pairs.append((one.name, other.name))
    return pairs
