"""Deal a brief's people, places and points out over the chapters of a book."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ghostkit.providers.rehearsal.facts import Brief, NamedChapter, Point
from ghostkit.providers.rehearsal.people import Person
from ghostkit.providers.rehearsal.places import Place
from ghostkit.providers.rehearsal.sentences import split_sentences

_DEAD = re.compile(r"\bdied\b|\bdead since\b|\bумер(?:ла)?\b|\bпогиб(?:ла)?\b|покойн", re.I)
_DIES = re.compile(r"\b(?:dies|is killed|drowns|умирает|погибает|гибнет)\b", re.I)
_APPEARS = re.compile(r"\b(?:appears|arrives|enters)\b|появляется|приезжает", re.I)


@dataclass(kw_only=True)
class Share:
    """What falls to one chapter; `spoken_of` are people who are named there but not present."""

    number: int
    named: NamedChapter | None = None
    places: list[Place] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    spoken_of: list[Person] = field(default_factory=list)
    points: list[str] = field(default_factory=list)


def allot(brief: Brief, chapters: int) -> list[Share]:
    """One share a chapter; every point, place and person lands in at least one."""
    shares = [Share(number=number) for number in range(1, chapters + 1)]
    _allot_named(brief, shares)
    _allot_places(brief, shares)
    _allot_points(brief, shares)
    _allot_people(brief, shares)
    return shares


def _allot_named(brief: Brief, shares: list[Share]) -> None:
    """The brief's own chapters, in order; several to one when more are named than asked for."""
    for at, named in enumerate(brief.chapters):
        share = shares[at * len(shares) // max(len(brief.chapters), len(shares))]
        if share.named is None:
            share.named = named
        else:
            topics = (*share.named.topics, named.title, *named.topics)
            share.named = NamedChapter(title=share.named.title, topics=topics)


def _allot_places(brief: Brief, shares: list[Share]) -> None:
    count, total = len(brief.places), len(shares)
    if not count:
        return
    for at, place in enumerate(brief.places):
        shares[min(at * total // count, total - 1)].places.append(place)
    for at, share in enumerate(shares):
        if not share.places:
            share.places.append(brief.places[min(at * count // total, count - 1)])


def _allot_points(brief: Brief, shares: list[Share]) -> None:
    total = len(shares)
    for points, late in ((brief.musts, 1), (brief.facts, 0)):
        loose: list[str] = []
        for point in points:
            for sentence, chapters in _sentences(point):
                at = _pinned(chapters, total)
                at = _by_place(sentence, shares) if at is None else at
                (loose if at is None else shares[at].points).append(sentence)
        for at, sentence in enumerate(loose):
            # What must happen comes a little later than halfway through its stretch; facts are there from the start.
            shares[(at + late) * total // (len(loose) + late)].points.append(sentence)
    if brief.is_fiction:
        opening = max(1, (len(shares) + 2) // 3)
        told = brief.premise[: 2 * opening]
        for at, sentence in enumerate(told):
            shares[at * opening // len(told)].points.append(sentence)


def _sentences(point: Point) -> list[tuple[str, tuple[int, ...]]]:
    """A point's sentences; the chapters it names hold for the sentence that names them."""
    from ghostkit.providers.rehearsal.numerals import chapters_named

    return [(sentence, chapters_named(sentence)) for sentence in split_sentences(point.text)]


def _pinned(chapters: tuple[int, ...], total: int) -> int | None:
    for chapter in chapters:
        at = total - 1 if chapter == -1 else chapter - 1
        if 0 <= at < total:
            return at
    return total - 1 if chapters else None


def _by_place(sentence: str, shares: list[Share]) -> int | None:
    """The chapter whose place a sentence names, unless it names several or a place many chapters share."""
    at = [n for n, share in enumerate(shares) if any(place.name in sentence for place in share.places)]
    return at[0] if len(at) == 1 else None


def _allot_people(brief: Brief, shares: list[Share]) -> None:
    if not brief.people:
        return
    lead = brief.narrator or brief.people[0]
    others = [person for person in brief.people if person is not lead]
    for share in shares:
        share.people.append(lead)
    present = [person for person in others if not _is_dead(person)]
    for person in others:
        if _is_dead(person):
            _speak_of(person, shares)
        else:
            _place_person(person, shares)
    for at, share in enumerate(shares):
        _fill_up(share, present, at, len(shares))


def _is_dead(person: Person) -> bool:
    return any(_DEAD.search(sentence) for sentence in person.about[:1])


def _speak_of(person: Person, shares: list[Share]) -> None:
    named = [share for share in shares if any(person.name.split()[0] in place.name for place in share.places)]
    named += [share for share in shares if any(person.names_occur_in(point) for point in share.points)]
    for share in named[:2] or shares[len(shares) // 2 : len(shares) // 2 + 1]:
        if person not in share.spoken_of:
            share.spoken_of.append(person)


def _place_person(person: Person, shares: list[Share]) -> None:
    """Where a point or a place asks for them."""
    about = " ".join(person.about)
    for share in shares:
        asked = any(person.names_occur_in(point) for point in share.points)
        at_home = any(place.name.removeprefix("the ") in about for place in share.places)
        if (asked or at_home) and may_appear(person, share.number, len(shares)):
            share.people.append(person)


def _fill_up(share: Share, present: list[Person], at: int, total: int) -> None:
    """At least two people besides the lead where the brief has them, each in turn."""
    allowed = [person for person in present if may_appear(person, share.number, total)]
    for step in range(len(allowed)):
        if len(share.people) >= 3:
            return
        person = allowed[(at + step) % len(allowed)]
        if person not in share.people:
            share.people.append(person)


def may_appear(person: Person, chapter: int, total: int) -> bool:
    """Whether the brief lets them be there: not after they die, not before they appear."""
    from ghostkit.providers.rehearsal.numerals import chapters_named

    for sentence in person.about:
        named = [total if number == -1 else number for number in chapters_named(sentence)]
        if named and _DIES.search(sentence) and chapter > named[0]:
            return False
        if named and _APPEARS.search(sentence) and chapter < named[0]:
            return False
    return True
