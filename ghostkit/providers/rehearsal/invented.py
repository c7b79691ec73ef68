"""People and places for a brief that names none; the same brief always gets the same ones."""

from __future__ import annotations

from dataclasses import replace

from ghostkit.providers.rehearsal.chance import Chance
from ghostkit.providers.rehearsal.facts import Brief
from ghostkit.providers.rehearsal.people import Person
from ghostkit.providers.rehearsal.places import Place

_PEOPLE = {
    "en": (
        ("Nell Harrow", "f"), ("Jonah Pike", "m"), ("Edda Quill", "f"), ("Tobias Wren", "m"), ("Marta Lisle", "f"),
        ("Corin Ashby", "m"), ("Ruth Callow", "f"), ("Anselm Dray", "m"), ("Ivy Fenner", "f"), ("Osric Hale", "m"),
        ("Hester Blythe", "f"), ("Magnus Orde", "m"), ("Petra Vane", "f"), ("Silas Thorne", "m"),
    ),
    "ru": (
        ("Нина Орлова", "f"), ("Егор Белов", "m"), ("Лидия Зимина", "f"), ("Матвей Клюев", "m"),
        ("Тамара Рогова", "f"), ("Глеб Соснин", "m"), ("Зоя Крайнева", "f"), ("Фёдор Лунин", "m"),
        ("Раиса Полякова", "f"), ("Игнат Морозов", "m"), ("Клавдия Вересова", "f"), ("Павел Жданов", "m"),
    ),
}  # fmt: skip
_PLACES = {
    "en": ("Cold Harbour", "the Long Stair", "Weir Street", "the Glass Yard", "Ember Hill", "the Low Ford",
           "Saint Osyth's", "the Tannery", "Marrow Bridge", "the North Shed"),
}  # fmt: skip
_ROLES = {
    "en": ("the one it happens to", "an old friend with a reason", "the one who says no", "a witness"),
    "ru": ("та сторона, с которой всё видно", "давний знакомый", "тот, кто против", "свидетель"),
}


def with_cast(brief: Brief) -> Brief:
    """The brief with people and, for a story, places where it names none; what it names is kept."""
    language = "ru" if brief.language == "ru" else "en"
    chance = Chance("cast", brief.title, brief.text)
    people, places = brief.people, brief.places
    if len(people) < 2 and (brief.is_fiction or not people):
        people += _people(chance, language, taken=people, wanted=4 if brief.is_fiction else 1)
    if brief.is_fiction and not places and language == "en":
        names = [name for name in chance.shuffled(_PLACES[language]) if name not in {p.name for p in places}]
        places += tuple(Place(name=name) for name in names[: 4 - len(places)])
    return replace(brief, people=people, places=places)


def somebody_else(chance: Chance, language: str, taken: set[str]) -> Person:
    """Somebody who is not among those taken."""
    pool = _PEOPLE["ru" if language == "ru" else "en"]
    name, gender = next((entry for entry in chance.shuffled(pool) if entry[0] not in taken), pool[0])
    numbered = next(n for n in (name, *(f"{name} {at}" for at in range(2, len(taken) + 3))) if n not in taken)
    return Person(name=numbered, short=name.split()[0], gender=gender)


def _people(chance: Chance, language: str, taken: tuple[Person, ...], wanted: int) -> tuple[Person, ...]:
    roles = _ROLES[language]
    known = {person.short for person in taken}
    pool = [entry for entry in chance.shuffled(_PEOPLE[language]) if entry[0].split()[0] not in known]
    return tuple(
        Person(name=name, short=name.split()[0], gender=gender, role=roles[min(at + len(taken), len(roles) - 1)])
        for at, (name, gender) in enumerate(pool[: wanted - len(taken)])
    )
