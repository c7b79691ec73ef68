"""The outline of a book, and the outline of one chapter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from ghostkit.providers.rehearsal.allotment import Share, allot
from ghostkit.providers.rehearsal.chance import Chance
from ghostkit.providers.rehearsal.facts import Brief
from ghostkit.providers.rehearsal.people import Person
from ghostkit.providers.rehearsal.sentences import upper_first, with_end, words_in


def write_outline(brief: Brief, chapters: int, seed: str) -> dict[str, Any]:
    """The answer to an `outline` task: a summary and exactly `chapters` chapters."""
    from ghostkit.providers.rehearsal.teaching_outline import teaching_chapter, teaching_summary

    chance = Chance("outline", seed, brief.title, brief.text)
    shares = allot(brief, chapters)
    if not brief.is_fiction:
        planned = [teaching_chapter(brief, share, chapters) for share in shares]
        return {"summary": teaching_summary(brief, shares), "chapters": _distinct_titles(planned)}
    wording = wording_for(brief.language)
    openings = chance.shuffled(wording.CHAPTERS)
    alone = chance.shuffled(wording.CHAPTERS_ALONE)
    titles = _Titles(brief, chance, wording)
    planned = []
    for share in shares:
        patterns = openings if len(share.people) > 1 else alone
        opening = patterns[(share.number - 1) % len(patterns)]
        planned.append(
            {
                "title": share.named.title if share.named else titles.next_for(share),
                "brief": _chapter_brief(share, opening, brief.language),
                "points": list(share.points),
            }
        )
    return {"summary": _summary(brief, shares), "chapters": _distinct_titles(planned)}


def wording_for(language: str) -> ModuleType:
    from ghostkit.providers.rehearsal import wording_en, wording_ru

    return wording_ru if language == "ru" else wording_en


def nouns_of(text: str, language: str) -> list[str]:
    """Things a text speaks of that the lexicon knows, in their order."""
    from ghostkit.providers.rehearsal.lexicon import known_nouns

    known = known_nouns(language)
    found = (known.get(word.lower()) for word in words_in(text))
    return list(dict.fromkeys(noun for noun in found if noun))


def _chapter_brief(share: Share, opening: str, language: str) -> str:
    lead, second = _leads(share)
    place = share.places[0].name if share.places else ("здесь" if language == "ru" else "home")
    text = upper_first(opening.format(A=lead.name, B=second.name, place=place))
    wording = wording_for(language)
    others = [person.name for person in share.people[2:]]
    if others:
        how = wording.TOO[(share.number - 1) % len(wording.TOO)]
        if language == "ru":
            text += f" Здесь же, {how}: {', '.join(others)}."
        else:
            text += f" {_and(others)} {_is(others)} at {place} too, {how}."
    if share.spoken_of:
        names = [person.name for person in share.spoken_of]
        how = wording.SPOKEN_OF[(share.number - 1) % len(wording.SPOKEN_OF)]
        text += (
            f" Вспоминают {how}: {', '.join(names)}."
            if language == "ru"
            else f" {_and(names)} {_is(names)} spoken of, {how}."
        )
    more = [place.name for place in share.places[1:]]
    if more:
        text += f" Потом: {', '.join(more)}." if language == "ru" else f" Then on to {_and(more)}."
    return text


def _leads(share: Share) -> tuple[Person, Person]:
    return share.people[0], share.people[min(1, len(share.people) - 1)]


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _summary(brief: Brief, shares: Sequence[Share]) -> str:
    premise = " ".join(with_end(sentence) for sentence in brief.premise)
    people = ", ".join(person.name for person in brief.people)
    musts = " ".join(with_end(point.text) for point in brief.musts)
    first, last = shares[0], shares[-1]
    if brief.language == "ru":
        parts = [premise, f"Действуют: {people}." if people else "", musts]
        return " ".join(part for part in parts if part)
    route = ""
    if first.places and last.places and first.places[0] != last.places[-1]:
        route = f"It goes from {first.places[0].name} to {last.places[-1].name}."
    parts = [premise, f"In it: {people}." if people else "", route, musts]
    return " ".join(part for part in parts if part)


def title_of(brief: Brief) -> str:
    """The brief's own title, else one made of the things it speaks of."""
    if brief.title != "Untitled":
        return brief.title
    nouns = nouns_of(brief.text, brief.language)[:2]
    if brief.language == "ru":
        return upper_first(" и ".join(nouns)) if nouns else "Без названия"
    if nouns:
        return " and ".join(f"the {noun.title()}" for noun in nouns).replace("the", "The", 1)
    words = [word for word in words_in(brief.text) if len(word) > 3][:3]
    return " ".join(words).title() or "Untitled"


class _Titles:
    """Chapter titles out of a chapter's own things, places and people."""

    def __init__(self, brief: Brief, chance: Chance, wording: ModuleType) -> None:
        self._patterns = chance.shuffled(wording.TITLES)
        self._spare = chance.shuffled(wording.PLAIN_NOUNS)
        self._language = brief.language
        self._whole = nouns_of(brief.text, brief.language)
        self._used: set[str] = set()

    def next_for(self, share: Share) -> str:
        fresh = [
            noun
            for noun in (*nouns_of(" ".join(share.points), self._language), *self._whole, *self._spare)
            if noun not in self._used
        ]
        noun, noun2 = (*fresh, *self._spare)[:2]
        self._used.add(noun)
        lead, second = _leads(share)
        pattern = self._patterns[(share.number - 1) % len(self._patterns)]
        place = share.places[0].name if share.places else second.short
        capital = upper_first if self._language == "ru" else str.title
        title = pattern.format(
            Noun=capital(noun), Noun2=capital(noun2), noun=noun, noun2=noun2, fnoun="запись",
            A=lead.short, B=second.short, place=place,
        )  # fmt: skip
        return upper_first(title)


def _distinct_titles(chapters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: dict[str, int] = {}
    for chapter in chapters:
        title = chapter["title"]
        seen[title] = seen.get(title, 0) + 1
        if seen[title] > 1:
            chapter["title"] = f"{title} ({seen[title]})"
    return chapters


def write_chapter_outline(
    brief: Brief,
    *,
    number: int,
    of: int,
    sections: int,
    title: str,
    chapter_brief: str,
    points: Sequence[str],
    people: Sequence[Person],
    seed: str,
) -> dict[str, Any]:
    """The answer to a `chapter_outline` task: exactly `sections` sections, each point in one of them."""
    from ghostkit.providers.rehearsal.sentences import split_sentences

    if not brief.is_fiction:
        from ghostkit.providers.rehearsal.teaching_outline import teaching_sections

        return {"sections": teaching_sections(brief, number, sections, title, chapter_brief, points)}
    wording = wording_for(brief.language)
    chance = Chance("chapter", seed, brief.title, number)
    present = [person for person in people if person.names_occur_in(chapter_brief)] or list(people)[:2]
    shares = _deal(points, sections)
    told = _deal(list(split_sentences(chapter_brief)), sections)
    scenes = _rotated(wording.SCENES, brief, number, sections)
    alone = chance.shuffled(wording.ALONE)
    titles = _rotated(wording.SECTION_TITLES, brief, number, sections)
    nouns = _fresh_nouns(chapter_brief, points, brief, wording, chance, sections)
    places = [place.name for place in brief.places if place.name in chapter_brief]
    places = places or [place.name for place in brief.places[:1]]
    planned: list[dict[str, Any]] = []
    for at in range(sections):
        second = present[1 + at % (len(present) - 1)] if len(present) > 1 else None
        place = places[min(at * len(places) // sections, len(places) - 1)] if places else ""
        words = _words_of_a_section(present[0], second, place, nouns, at)
        scene = (scenes[at] if second else alone[at % len(alone)]).format(**words["brief"])
        said = any(place.lower() in sentence.lower() for sentence in told[at])
        where = "" if not place or said else f"{upper_first(place)}. "
        planned.append(
            {
                "title": upper_first(titles[at % len(titles)].format(**words["title"])),
                "brief": f"{where}{' '.join([*told[at], scene])}".strip(),
                "points": shares[at],
            }
        )
    return {"sections": _distinct_titles(planned)}


def _words_of_a_section(
    lead: Person, second: Person | None, place: str, nouns: Sequence[str], at: int
) -> dict[str, dict[str, str]]:
    """What fills the slots of a section's title (short names) and of its brief (full names)."""
    noun, noun2 = nouns[at % len(nouns)], nouns[(at + 1) % len(nouns)]
    other = second or lead
    title = {
        "Noun": upper_first(noun), "noun": noun, "Noun2": upper_first(noun2), "noun2": noun2,
        "A": lead.short, "B": other.short, "place": place or lead.short,
    }  # fmt: skip
    return {"title": title, "brief": {"A": lead.name, "B": other.name, "o": f"the {noun}"}}


def _deal(items: Sequence[str], hands: int) -> list[list[str]]:
    """Items over hands in order, as evenly as it goes, early hands first."""
    dealt: list[list[str]] = [[] for _ in range(hands)]
    for at, item in enumerate(items):
        dealt[at * hands // max(len(items), hands) if len(items) > hands else at].append(item)
    return dealt


def _rotated(patterns: Sequence[str], brief: Brief, number: int, sections: int) -> list[str]:
    """The next `sections` patterns of one order kept through the whole book, so that chapters differ."""
    order = Chance("scenes", brief.title, brief.text).shuffled(patterns)
    start = (number - 1) * sections
    return [order[(start + at) % len(order)] for at in range(sections)]


def _fresh_nouns(
    chapter_brief: str, points: Sequence[str], brief: Brief, wording: ModuleType, chance: Chance, wanted: int
) -> list[str]:
    from ghostkit.providers.rehearsal.lexicon import portable

    known = nouns_of(" ".join([*points, chapter_brief]), brief.language)
    others = chance.shuffled(nouns_of(brief.text, brief.language))
    pool = dict.fromkeys(portable([*known, *others, *chance.shuffled(wording.PLAIN_NOUNS)]))
    return list(pool)[: max(2, wanted)]


def topics_in(points: Sequence[str]) -> list[str]:
    """Points that are topics, not sentences: short, and without an end mark."""
    return [point for point in points if not re.search(r"[.!?…]$", point) and len(point.split()) <= 9]


def statements_in(points: Sequence[str]) -> list[str]:
    topics = set(topics_in(points))
    return [point for point in points if point not in topics]
