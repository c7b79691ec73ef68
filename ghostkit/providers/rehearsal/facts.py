"""What a brief says: people, places, what must happen, facts, chapters it names, form and readers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ghostkit.providers.rehearsal.numerals import chapters_named, length_named
from ghostkit.providers.rehearsal.people import Person, people_from_list, people_from_text
from ghostkit.providers.rehearsal.places import Place, places_from_list, places_from_text
from ghostkit.providers.rehearsal.reading import bullets
from ghostkit.providers.rehearsal.sentences import plain, split_sentences

_HEADINGS: Final[dict[str, str]] = {
    "people": r"people|character|cast\b|persons|люд|геро|персонаж|действующ",
    "places": r"place|location|world|setting|where|мест|мир\b",
    "musts": r"must happen|plot|events|what happens|story|долж|сюжет|событи",
    "facts": r"fact|numbers|rules|факт|правил",
    "every": r"every chapter|each chapter|каждой глав",
    "parts": r"parts|chapters|contents|структура|част|глав|содержан",
    "form": r"shape|form|length|format|форм|объ[её]м",
    "readers": r"reader|audience|читател|аудитор",
    "tone": r"tone|voice|style|тон\b|язык|стил",
    "premise": r"premise|idea|pitch|about|summary|завязк|замысел|иде",
}
_FICTION = re.compile(
    r"\b(?:novel|novella|story|tale|fiction|saga|thriller|mystery|romance|fantasy)\b|роман|повест|рассказ|сказк", re.I
)
_TEACHING_STYLES = frozenset(
    ("textbook", "academic", "journalistic", "how-to", "reportage", "essay", "scholarly", "report")
)
_TEACHING = re.compile(
    r"\b(?:guide|textbook|handbook|manual|report|course|primer|tutorial|practical"
    r" book|non-?fiction|essay|cookbook"
    r"|review|how to|introduction to)\b|учебник|руководств|справочник|отч[её]т|пособи|курс\b|самоучител",
    re.I,
)
_FIRST_PERSON = re.compile(r"\bfirst[- ]person\b|от первого лица", re.I)
_SHE_TELLS = re.compile(r"рассказчица|героиня рассказывает|woman (?:tells|narrat)|her own words", re.I)
_CHAPTER_ITEM = re.compile(r"(?<![\d.,])(\d{1,3})[.)]?\s+([^\W\d_][^()\n]*?)\s*\(([^)]*)\)")
_PERSON_LINE = re.compile(r"^\s*[-*•]\s+(?:\*\*[^*]{2,40}\*\*|[A-ZА-ЯЁ][\w’'-]+(?: [A-ZА-ЯЁ][\w’'-]+){0,2}\s*[:,(—–])")
MOST: Final = 40_000
_NAMED_LINE = re.compile(r"^(?:\d{1,3}[.)]|(?:chapter|глава)\s+\d{1,3}[.:]?)\s+(.+)$", re.I)


@dataclass(frozen=True, kw_only=True)
class Point:
    """Something the book has to hold to. `chapters` are the ones it names (-1 is the last)."""

    text: str
    chapters: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NamedChapter:
    title: str
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Brief:
    """A brief, read once; everything the author writes comes from here."""

    title: str
    language: str
    text: str
    is_fiction: bool
    intro: tuple[str, ...] = ()
    premise: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    places: tuple[Place, ...] = ()
    musts: tuple[Point, ...] = ()
    facts: tuple[Point, ...] = ()
    chapters: tuple[NamedChapter, ...] = ()
    readers: tuple[str, ...] = ()
    every: tuple[str, ...] = ()
    narrator: Person | None = None

    @property
    def points(self) -> tuple[Point, ...]:
        return self.musts + self.facts


@lru_cache(maxsize=256)
def read_brief(text: str, title: str, language: str, model: str = "", style: str = "") -> Brief:
    """Read a brief in Markdown, of any shape down to one line; what lies beyond `MOST` characters is not read."""
    text = text[:MOST]
    parts = _parts(text)
    if "people" not in parts:
        parts = _with_listed_people(parts)
    intro = split_sentences(plain(parts.get("intro", "")))
    premise = split_sentences(plain(parts.get("premise", ""))) or _premise_of(intro)
    chapters = _named_chapters(parts.get("parts", ""))
    is_fiction = _is_fiction(text, title, model, style, bool(parts.get("people")), bool(chapters))
    people = people_from_list(parts.get("people", ""), text, language)
    places = places_from_list(parts.get("places", ""))
    if not people:
        people = people_from_text(parts, language)
    if not places:
        places = places_from_text(text, people, language)
    musts = _points(parts.get("musts", ""), resolve=False) + _form_points(parts.get("form", ""))
    musts += _people_points(people)
    return Brief(
        title=title or _heading(text) or "Untitled",
        language=language,
        text=text,
        is_fiction=is_fiction,
        intro=intro,
        premise=premise,
        people=people,
        places=places,
        musts=_distinct(musts),
        facts=_distinct(_points(parts.get("facts", ""), resolve=True)),
        chapters=chapters,
        readers=split_sentences(plain(parts.get("readers", ""))),
        every=_every(parts.get("every", "")),
        narrator=_narrator(text, people),
    )


def _parts(text: str) -> dict[str, str]:
    """The text under each heading, by what the heading is about; before the first one it is `intro`."""
    parts: dict[str, list[str]] = {}
    current = "intro"
    for line in text.splitlines():
        heading = re.match(r"^\s{0,3}(#{1,6})\s+(.*)$", line)
        if heading is None:
            parts.setdefault(current, []).append(line)
        elif len(heading[1]) > 1:
            current = _heading_kind(heading[2])
    return {name: "\n".join(lines).strip() for name, lines in parts.items() if "\n".join(lines).strip()}


def _with_listed_people(parts: dict[str, str]) -> dict[str, str]:
    """People of a list that stands under no heading of theirs: two lines or more that begin with a name."""
    found: list[str] = []
    rest = dict(parts)
    for name in ("intro", "premise", "other"):
        lines = rest.get(name, "").splitlines()
        named = [line for line in lines if _PERSON_LINE.match(line)]
        if len(named) >= 2:
            found += named
            rest[name] = "\n".join(line for line in lines if line not in named)
    return {**rest, "people": "\n".join(found)} if found else parts


def _heading_kind(heading: str) -> str:
    low = heading.lower()
    return next((kind for kind, words in _HEADINGS.items() if re.search(words, low)), "other")


def _heading(text: str) -> str:
    found = re.search(r"^#\s+(.+)$", text, re.M)
    return found[1].strip() if found else ""


def _premise_of(intro: tuple[str, ...]) -> tuple[str, ...]:
    """Of a brief without headings, the sentences that tell of something rather than of the book's form."""
    form = re.compile(
        r"\b\d[\d"
        r" ]*(?:words|слов)|\b(?:words|tense|person|chapters?|sections?)\b|\bслов\b|лица\b"
        r"|(?:прошедшее|настоящее) время\b",
        re.I,
    )
    told = tuple(sentence for sentence in intro if not form.search(sentence) and len(sentence.split()) > 2)
    return told or intro


def _is_fiction(text: str, title: str, model: str, style: str, has_people: bool, has_chapters: bool) -> bool:
    if model in ("storyteller", "teacher"):
        return model == "storyteller"
    head = f"{title}\n{text[:700]}"
    told, taught = len(_FICTION.findall(head)), len(_TEACHING.findall(head))
    if told != taught:
        return told > taught
    if has_people or not has_chapters:
        return has_people or style not in _TEACHING_STYLES
    return False


def _points(text: str, *, resolve: bool) -> tuple[Point, ...]:
    """The items of a list, or the sentences of a paragraph; "It" gets its subject back when `resolve`."""
    if not text:
        return ()
    has_list = re.search(r"^\s*(?:[-*•]|\d+[.)])\s+", text, re.M) is not None
    subject = _subject(text) if resolve else ""
    points = []
    for item in bullets(text) if has_list else split_sentences(text):
        sentence = plain(_named_again(item, subject))
        points.append(Point(text=sentence, chapters=chapters_named(sentence)))
    return tuple(points)


def _subject(text: str) -> str:
    """What "it" stands for in a list of facts: the thing in italics."""
    found = re.search(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", text)
    return found[1] if found else ""


def _named_again(sentence: str, subject: str) -> str:
    if not subject:
        return sentence
    sentence = re.sub(r"^Its\b", f"The {subject}’s", sentence)
    return re.sub(r"^It\b(?! (?:rains|snows|is (?:known|said|not)))", f"The {subject}", sentence)


def _form_points(text: str) -> tuple[Point, ...]:
    """Of the book's form, what one chapter has to show."""
    found = [
        Point(text=plain(sentence), chapters=chapters_named(sentence))
        for sentence in split_sentences(text)
        if chapters_named(sentence) and not length_named(sentence)
    ]
    return tuple(found)


def _people_points(people: tuple[Person, ...]) -> tuple[Point, ...]:
    """What is said of a person that belongs to one chapter ("Arden dies in chapter six")."""
    found = []
    for person in people:
        for sentence in person.about:
            chapters = chapters_named(sentence)
            if chapters:
                named = sentence if person.names_occur_in(sentence) else f"{person.name}: {sentence}"
                found.append(Point(text=plain(named), chapters=chapters))
    return tuple(found)


def _distinct(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple({point.text: point for point in points}.values())


def _named_chapters(text: str) -> tuple[NamedChapter, ...]:
    """Chapters a brief lists: "1 Title (topic, topic)" or lines that start with a number."""
    listed = [
        NamedChapter(title=title.strip(), topics=tuple(t.strip() for t in re.split(r"[,;]", topics) if t.strip()))
        for _number, title, topics in _CHAPTER_ITEM.findall(plain(text))
    ]
    if listed:
        return tuple(listed)
    lines = (_NAMED_LINE.match(plain(line).strip()) for line in text.splitlines())
    return tuple(_chapter_of_line(found[1]) for found in lines if found)


def _chapter_of_line(line: str) -> NamedChapter:
    title, _, topics = line.partition(":")
    named = tuple(topic.strip(" .") for topic in re.split(r"[,;]", topics) if topic.strip(" ."))
    return NamedChapter(title=title.strip(" ."), topics=named)


def _every(text: str) -> tuple[str, ...]:
    flat = re.sub(r"\([^)]*\)", "", plain(" ".join(text.split())))
    return tuple(re.sub(r"^(?:and|и) ", "", part.strip(" .")) for part in flat.split(",") if part.strip(" ."))


def _narrator(text: str, people: tuple[Person, ...]) -> Person | None:
    """Who says "I", when the brief wants a first person: the first woman if a woman tells it, else the first."""
    if not people or not _FIRST_PERSON.search(text):
        return None
    if _SHE_TELLS.search(text):
        return next((person for person in people if person.gender == "f"), people[0])
    return people[0]
