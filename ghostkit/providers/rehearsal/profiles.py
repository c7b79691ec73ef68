"""One person: what is missing of their profile, and what the story has made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ghostkit.providers.rehearsal.cast import described
from ghostkit.providers.rehearsal.chance import Chance
from ghostkit.providers.rehearsal.facts import Brief
from ghostkit.providers.rehearsal.invented import somebody_else
from ghostkit.providers.rehearsal.people import Person, person_named
from ghostkit.providers.rehearsal.sentences import split_sentences, with_end

_VOICES: Final = {
    "en": (
        "Short sentences, and a question at the end of most of them.",
        "Says the number first and the reason afterwards.",
        "Formal until it matters, then very plain.",
        "Talks around a thing twice before naming it.",
    ),
    "ru": (
        "Говорит коротко и чаще спрашивает, чем отвечает.",
        "Сначала называет число, потом причину.",
        "Церемонен, пока не доходит до дела.",
        "Дважды обойдёт предмет, прежде чем назвать его.",
    ),
}
_BACKSTORIES: Final = {
    "en": "{name} was here before the story begins, and has not said all of it.",
    "ru": "{name} знает это место дольше других и говорит об этом не всё.",
}
_DESCRIPTIONS: Final = {
    "en": "{name} is {traits}, and is noticed late.",
    "ru": "{name}: {traits}. Замечают не сразу.",
}
_CHANGED: Final = {
    "en": ("less certain", "quicker to ask", "harder to hurry", "open about the cost", "tired and clear", "unafraid"),
    "ru": ("меньше уверенности", "прямота", "усталость", "ясность", "смелость", "спокойствие"),
}
_SO_FAR: Final = {
    "en": "By chapter {number}: {event} What is left: {arc}",
    "ru": "К главе {number}: {event} Остаётся: {arc}",
}


def write_character(
    brief: Brief, profile: Mapping[str, Any], people: Sequence[Mapping[str, Any]], fields: str, seed: str
) -> dict[str, Any]:
    """The fields that were asked for, in keeping with the profile."""
    language = "ru" if brief.language == "ru" else "en"
    chance = Chance("character", seed, brief.title, str(sorted(profile.items())))
    person = _person(brief, profile, people, chance)
    place = next((at for at, known in enumerate(brief.people) if known.name == person.name), len(brief.people))
    made = described(person, brief, chance, place)
    traits = [str(trait) for trait in profile.get("traits", [])] or made["traits"]
    told = person.about or person.role
    plain = "" if told else _DESCRIPTIONS[language].format(name=person.short, traits=", ".join(traits[:3]))
    whole = {
        **made,
        "traits": traits,
        "description": f"{plain} {made['description']}".strip(),
        "backstory": made["backstory"] or _BACKSTORIES[language].format(name=person.short),
        "voice": chance.pick(_VOICES[language]),
        "relationships": [],
    }  # fmt: skip
    asked = [field.strip() for field in fields.split(",")]
    return {field: whole[field] for field in asked if field in whole}


def _person(brief: Brief, profile: Mapping[str, Any], people: Sequence[Mapping[str, Any]], chance: Chance) -> Person:
    name = str(profile.get("name", "")).strip()
    if name:
        said = " ".join(str(profile.get(field, "")) for field in ("description", "backstory"))
        known = next((person for person in brief.people if person.name == name), None)
        return known or person_named(name, said, brief.language)
    taken = {str(person.get("name", "")) for person in people} | {person.name for person in brief.people}
    return somebody_else(chance, brief.language, taken)


def write_development(brief: Brief, profile: Mapping[str, Any], told: str, number: int, seed: str) -> dict[str, Any]:
    """What the story has made of somebody: traits that came, and an arc that says what has happened to them."""
    language = "ru" if brief.language == "ru" else "en"
    name = str(profile.get("name", "")).strip()
    chance = Chance("development", seed, brief.title, name, str(number))
    before = [str(trait) for trait in profile.get("traits", [])]
    new = [trait for trait in chance.shuffled(_CHANGED[language]) if trait not in before][:1]
    person = person_named(name, "", brief.language)
    arc = with_end(str(profile.get("arc", "")) or " ".join(new))
    event = _event(told, person)
    return {
        "traits": [*before[-2:], *new],
        "arc": _SO_FAR[language].format(number=number, event=event, arc=re.sub(_earlier(language), "", arc)),
    }


def _earlier(language: str) -> str:
    """What an arc that was developed before begins with."""
    return r"^.*What is left: " if language == "en" else r"^.*Остаётся: "


def _event(told: str, person: Person) -> str:
    """The last sentence of the story that speaks of the person; else the last one."""
    sentences = [sentence for sentence in split_sentences(" ".join(told.split())) if not sentence.startswith("#")]
    about = [sentence for sentence in sentences if person.names_occur_in(sentence)] or sentences
    return with_end(about[-1]) if about else ""
