"""What a section is about, read out of its prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ghostkit.providers.rehearsal.chance import Chance
from ghostkit.providers.rehearsal.facts import Brief
from ghostkit.providers.rehearsal.outline import nouns_of, statements_in, topics_in
from ghostkit.providers.rehearsal.people import Person, person_named
from ghostkit.providers.rehearsal.reading import Prompt, people_in
from ghostkit.providers.rehearsal.sentences import names_in, numbers_in, split_sentences, words_in


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`statements` have to be said; `index` is the section's place in the book, from 0."""

    brief: Brief
    title: str
    lead: Person | None
    second: Person | None
    place: str
    things: tuple[str, ...]
    topics: tuple[str, ...]
    statements: tuple[str, ...]
    planned: frozenset[str]
    """The statements that come from the section's brief; the others are its points."""
    asked: str
    """The section's brief and points as they came: what has to be found again in the text."""
    words: int
    index: int
    first_person: bool


def read_scene(prompt: Prompt, brief: Brief) -> Scene:
    """The scene a `section` task asks for."""
    task = prompt.task
    section_brief = prompt.task_brief
    points = list(prompt.task_points)
    people = known_people(prompt, brief)
    asked = "\n".join([section_brief, *points])
    lead, second = _leads(people, section_brief, asked, brief)
    chapter, section = _number(task.attributes.get("number", "1.1"))
    per_chapter = prompt.block("book").number("sections", max(section, 4))
    sentences = [s for s in split_sentences(section_brief) if len(words_in(s)) > 3]
    place = _place(brief, section_brief, prompt.block("chapter").text)
    return Scene(
        brief=brief,
        title=task.attributes.get("title", ""),
        lead=lead,
        second=second,
        place=place,
        things=_things(asked, brief, chapter, section),
        topics=tuple(topics_in(points)) if not brief.is_fiction else (),
        planned=frozenset(_distinct(sentences)),
        statements=_distinct([*sentences, *(statements_in(points) if not brief.is_fiction else points)]),
        asked=asked,
        words=task.number("words", prompt.block("book").number("words", 400)),
        index=(chapter - 1) * per_chapter + section - 1,
        first_person=brief.narrator is not None and lead is not None and lead.name == brief.narrator.name,
    )


def free_scene(brief: Brief, words: int) -> Scene:
    """A scene for a prompt without a task: what it says is repeated in the text as far as there is room."""
    told = [sentence for sentence in split_sentences(brief.text) if len(sentence.split()) <= words // 5]
    people = brief.people
    return Scene(
        brief=brief,
        title="",
        lead=people[0] if people else None,
        second=people[1] if len(people) > 1 else None,
        place=brief.places[0].name if brief.places else "",
        things=_things(brief.text, brief, 1, 1),
        topics=(),
        statements=_distinct(told[:3]),
        planned=frozenset(),
        asked="\n".join(told[:3]),
        words=words,
        index=0,
        first_person=False,
    )


def known_people(prompt: Prompt, brief: Brief) -> list[Person]:
    """The people of the `<people>` block, with what the brief knows of them; without the block, the brief's."""
    known = {person.name: person for person in brief.people}
    listed = []
    for entry in people_in(prompt.block("people")):
        name = str(entry.get("name", "")).strip()
        if not name:
            continue
        about = " ".join(str(entry.get(key, "")) for key in ("description", "backstory"))
        listed.append(known.get(name) or person_named(name, about, prompt.language))
    return listed or list(brief.people)


def missing_from(text: str, asked: str) -> list[str]:
    """Names and numbers of `asked` that `text` doesn't have."""
    there = set(words_in(text))
    low = text.lower()
    return [name for name in (*names_in(asked), *numbers_in(asked)) if name not in there and name.lower() not in low]


def _leads(people: list[Person], section_brief: str, asked: str, brief: Brief) -> tuple[Person | None, Person | None]:
    def first_at(person: Person) -> int:
        places = [asked.find(call) for call in person.calls if call in asked]
        return min(places, default=10**9)

    present = sorted((person for person in people if first_at(person) < 10**9), key=first_at)
    in_brief = [person for person in present if person.names_occur_in(section_brief)]
    order = in_brief + [person for person in present if person not in in_brief]
    if brief.is_fiction and people:
        # The one it is told by, else the book's first person where they are there: one point of view throughout.
        told_by = brief.narrator.name if brief.narrator is not None else people[0].name
        teller = next((person for person in people if person.name == told_by), None)
        if teller is not None and (teller in order or brief.narrator is not None):
            order = [teller, *(person for person in order if person is not teller)]
    if not order:
        order = people[:2]
    return (order[0] if order else None), (order[1] if len(order) > 1 else None)


def _place(brief: Brief, section_brief: str, chapter: str) -> str:
    for text in (section_brief.lower(), chapter.lower()):
        found = {place.name: text.find(place.name.removeprefix("the ").lower()) for place in brief.places}
        named = [name for name, at in found.items() if at >= 0]
        if named:
            return min(named, key=found.__getitem__)
    return brief.places[0].name if len(brief.places) == 1 else ""


def _things(asked: str, brief: Brief, chapter: int, section: int) -> tuple[str, ...]:
    from ghostkit.providers.rehearsal.lexicon import portable

    own = nouns_of(asked, brief.language)
    others = Chance("things", brief.title, chapter, section).shuffled(nouns_of(brief.text, brief.language))
    return tuple(dict.fromkeys(portable([*own, *others])))[:4]


def _number(text: str) -> tuple[int, int]:
    found = re.match(r"\s*(\d+)(?:\.(\d+))?", text)
    if not found:
        return 1, 1
    return max(1, int(found[1])), max(1, int(found[2] or 1))


def _distinct(sentences: list[str]) -> tuple[str, ...]:
    """Without what another one already says."""
    kept: list[str] = []
    for sentence in sentences:
        parts = [part for part in split_sentences(sentence)]
        kept += [part for part in parts if part not in kept]
    return tuple(kept)
