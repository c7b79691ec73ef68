"""What is out of date, worked out a second time from docs/decisions/0006: naively, slowly, and without the code.

Reads the ledger's raw receipts (`request`, `history`, `text_of`), the book's value and what `lore` says prompts hold;
imports nothing of `writing/{staleness,changes,entries,facts,numerals,material,window}.py`. A difference between the two
is a mistake in one of them, or in the document.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from ghostkit.book.model import BibleEntry, Book, Chapter, Character, Section, Style
from ghostkit.book.styles import style_guide
from ghostkit.ledger import Ledger, Revision
from ghostkit.writing.lore import bible_json, people_json

STALE, MAYBE, NOTED = "stale", "maybe", "noted"
SUMMARY_OF = {1: "chapter_summary", 8: "span8_summary", 64: "span64_summary"}
SUMMARIES = tuple(SUMMARY_OF.values())
Place = tuple[str, str]
"""(object id, kind)"""
Inputs = Mapping[str, str]
"""Name to hash."""
Found = Mapping[Place, tuple[str, frozenset[tuple[str, str]]]]
"""What is said of a text: its grade, and (input, grade) of the reasons that are told."""


@dataclass
class Oracle:
    """Knows the rules; `judgements` are those that the driver saw being given: revision to the inputs it was for."""

    ledger: Ledger
    template: Callable[[str], str]
    """The digest of a prompt template as it is now."""
    shipped: Callable[[str], str]
    size: int = 3
    own_templates: bool = False
    """Whether the book has a folder for its own."""
    judgements: dict[int, Inputs] = field(default_factory=dict)
    receipts: dict[str, Inputs] = field(default_factory=dict)
    _known: frozenset[str] = frozenset()

    # ── records ───────────────────────────────────────────────────────────────────────────────────────────

    def record(self, head: Revision) -> Inputs | None:
        """What a text agrees with: the last word on it, else its receipt, else its base's record."""
        if head.id in self.judgements:
            return self.judgements[head.id]
        if head.attempt_id is not None:
            if head.attempt_id not in self.receipts:
                self.receipts[head.attempt_id] = dict(self.ledger.request(head.attempt_id)["inputs"])
            return self.receipts[head.attempt_id]
        return self.record(self.ledger.revision(head.base_id)) if head.base_id is not None else None

    def old(self, digest: str) -> str | None:
        text = self.ledger.text_of(digest)
        return None if text is None else text.replace("&lt;", "<").replace("&amp;", "&")

    # ── today ─────────────────────────────────────────────────────────────────────────────────────────────

    def today(self, look: Look, place: Place) -> tuple[dict[str, str], dict[str, str]]:
        """Inputs by name as of now: their hashes, and the texts of those that are no text of the book."""
        object_id, kind = place
        texts = {name: text for name, text in self._told(look, object_id, kind).items() if text.strip()}
        hashes = {name: digest(text) for name, text in texts.items()}
        hashes["template"] = self.template("span_summary" if kind.startswith("span") else kind)
        for head in look.read(object_id, kind):
            hashes[f"{head.kind}:{head.object_id}"] = head.text_hash
        if kind == "section" and (before := look.before(object_id)):
            hashes["previous"] = before[-1].text_hash
        return hashes, texts

    def _told(self, look: Look, object_id: str, kind: str) -> dict[str, str]:
        book = look.book
        language = {"language": book.language}
        if kind in SUMMARIES:
            return language
        told = {**language, "brief": book.instructions, "style": style_guide(look.style)}
        if kind == "outline":
            return told
        lines, part = [book.outline_summary], ""
        for one in book.chapters:
            lines += [f"Part: {one.part}"] if one.part not in ("", part) else []
            part = one.part
            lines.append(f"{one.number}. {one.title}: {one.brief}")
        told["plan"] = "\n".join(lines)
        if kind in ("characters", "glossary"):
            return told
        chapter = look.chapter_of(object_id)
        told |= {
            "people": look.lore("people", chapter.number),
            "bible": look.lore("bible", chapter.number),
            "chapter": "\n".join(
                [chapter.brief, *(f"- Goal: {goal}" for goal in chapter.goals), *(f"- {p}" for p in chapter.points)]
            ),
        }
        if kind == "section":
            section = look.section(object_id)
            points = "\n".join(f"- {escaped(point)}" for point in section.points)
            told["section"] = Marked(f"<brief>\n{escaped(section.brief)}\n</brief>\n<points>\n{points}\n</points>")
            later = (s for s in chapter.sections if s.number > section.number)
            told["chapter_plan"] = "\n".join(f"{chapter.number}.{s.number} {s.title}: {s.brief}" for s in later)
        return told

    # ── the rules ─────────────────────────────────────────────────────────────────────────────────────────

    def expected(self, book: Book, style: Style) -> Found:
        """What is to be said of every text of the book."""
        look = Look(book, style, {(h.object_id, h.kind): h for h in self.ledger.heads()}, self.size)
        known = {}
        for place in look.places():
            head = look.heads.get(place)
            record = self.record(head) if head is not None and not head.purged else None
            if head is not None and record is not None:
                known[place] = head, record
        direct = {place: set(self._changes(look, place, *found)) for place, found in known.items()}
        stale = {place for place, changes in direct.items() if any(grade == STALE for _, grade in changes)}
        found = {}
        for place, (_, record) in known.items():
            changes = direct[place] | set(inherited(look, place, record, stale))
            grades = {grade for _, grade in changes}
            worst = next((grade for grade in (STALE, MAYBE, NOTED) if grade in grades), None)
            if worst is not None:
                found[place] = worst, frozenset(change for change in changes if change[1] == worst)
        return found

    def _changes(self, look: Look, place: Place, head: Revision, record: Inputs) -> Iterator[tuple[str, str]]:
        hashes, texts = self.today(look, place)
        kind = place[1]
        for name in sorted({*record, *hashes} - {"previous"}):
            if ":" in name:
                continue
            if record.get(name) == hashes.get(name) or (name not in record and name in ("language", "template")):
                continue
            old = self.old(record[name]) if name in record else ""
            grades = self._plain(kind, name, head.text, old, texts.get(name, ""))
            yield from ((name, grade) for grade in grades)
        if kind in SUMMARIES:
            yield from self._sums_up(look, record, hashes)
        else:
            yield from self._read(look, place, head, record)

    def _plain(self, kind: str, name: str, text: str, old: str | None, new: str) -> Iterator[str]:
        """Rules 2 to 4 for what is not a text of the book."""
        is_plan = kind in ("outline", "characters", "chapter_outline", "glossary")
        changed = old is None or material(old, new)
        if name == "language":
            yield STALE
        elif name == "template":
            yield NOTED if is_plan and kind != "glossary" else self._template_grade(kind)
        elif name == "style":
            yield STALE if changed and not is_plan else NOTED
        elif name in ("section", "chapter") or (name == "brief" and kind == "outline"):
            yield STALE if changed else NOTED
        elif name in ("people", "bible"):
            for grade in lore(text, old, new):
                yield NOTED if is_plan else grade
        elif name in ("plan", "chapter_plan"):
            yield shown(text, None if old is None else placeless(old), placeless(new), self._known, NOTED)
        else:
            yield shown(text, old, new, self._known, MAYBE)

    def _template_grade(self, kind: str) -> str:
        name = "span_summary" if kind.startswith("span") else kind
        if self.template(name) != self.shipped(name):
            return STALE
        return MAYBE if self.own_templates else NOTED

    def _read(self, look: Look, place: Place, head: Revision, record: Inputs) -> Iterator[tuple[str, str]]:
        text = head.text
        before = look.before(place[0]) if place[1] == "section" else []
        previous = before[-1] if before else None
        then_hash, now_hash = record.get("previous"), previous.text_hash if previous else None
        old_before = self.old(then_hash) if then_hash else None
        said_before = [word for one in before for word in words_of(one.text)]
        wanted = list(words_of(old_before or ""))
        recut = bool(wanted) and len(said_before) >= len(wanted) and said_before[-len(wanted) :] == wanted
        for name, then in record.items():
            kind, _, object_id = name.partition(":")
            if not object_id:
                continue
            now = look.heads.get((object_id, kind)) if object_id in look.ids else None
            if now is None:
                yield name, MAYBE
            elif now.text_hash != then and (previous is None or previous.object_id != object_id or recut):
                yield name, shown(text, self.old(then), self.whole(look, now), self._known, MAYBE)
        if place[1] == "section" and then_hash != now_hash:
            touched_up = old_before is not None and previous is not None and not material(old_before, previous.text)
            halves = previous is not None and bool(previous.attempt_id) and previous.attempt_id == self.answer(head)
            if not halves and not (recut and not touched_up):
                yield "previous", NOTED if touched_up else STALE

    def answer(self, head: Revision) -> str | None:
        """Whose answer a text is, or was before people edited it."""
        while head.attempt_id is None and head.base_id is not None:
            head = self.ledger.revision(head.base_id)
        return head.attempt_id

    def whole(self, look: Look, head: Revision) -> str:
        """A text with the later pieces of the answer that it is the first piece of."""
        answer = self.answer(head)
        every = [look.heads.get((s.id, "section")) for _, s in look.book.sections()]
        pieces = [one for one in every if one is not None and answer and self.answer(one) == answer]
        return "\n\n".join(p.text for p in pieces) if pieces and pieces[0].id == head.id else head.text

    def _sums_up(self, look: Look, record: Inputs, hashes: Inputs) -> Iterator[tuple[str, str]]:
        for name, then in record.items():
            kind, _, object_id = name.partition(":")
            now = look.heads.get((object_id, kind)) if object_id in look.ids else None
            if object_id and now is not None and now.text_hash != then:
                old = self.old(then)
                yield name, STALE if old is None or material(old, now.text) else NOTED
        if {n for n in record if ":" in n} != {n for n in hashes if ":" in n}:
            yield "material", STALE

    def know(self, book: Book) -> None:
        """Names of the people and things there are today: a text may name them."""
        listed: list[Character | BibleEntry] = [*book.characters, *book.bible]
        self._known = frozenset(
            key(word) for one in listed for name in (one.name, *one.aliases) for word in name.split()
        )


@dataclass
class Look:
    """A book and its heads, to be asked what reads what."""

    book: Book
    style: Style
    heads: Mapping[Place, Revision]
    size: int

    def __post_init__(self) -> None:
        self.ids = {c.id for c in self.book.chapters} | {s.id for _, s in self.book.sections()}
        self._lore: dict[tuple[str, int], str] = {}

    def lore(self, which: str, number: int) -> str:
        """The people or the story bible as of a chapter."""
        if (which, number) not in self._lore:
            self._lore[which, number] = (people_json if which == "people" else bible_json)(self.book, number)
        return self._lore[which, number]

    def places(self) -> Iterator[Place]:
        yield from ((self.book.id, "outline"), (self.book.id, "characters"))
        for chapter in self.book.chapters:
            yield chapter.id, "chapter_outline"
            yield from ((section.id, "section") for section in chapter.sections)
            yield from ((chapter.id, kind) for size, kind in SUMMARY_OF.items() if chapter.number % size == 0)
        yield self.book.id, "glossary"

    def chapter_of(self, object_id: str) -> Chapter:
        return next(c for c in self.book.chapters if object_id in (c.id, *(s.id for s in c.sections)))

    def section(self, object_id: str) -> Section:
        return next(s for _, s in self.book.sections() if s.id == object_id)

    def read(self, object_id: str, kind: str) -> list[Revision]:
        """The texts of the book that a text is made from."""
        if kind == "section":
            newest, first = self.window(self.chapter_of(object_id).number)
            return [*self.told(1, first - 1), *self.before(object_id)] if newest >= 0 else []
        if kind == "chapter_summary":
            return self.written(self.chapter_of(object_id), 10**9)
        if kind in SUMMARIES:
            last = self.chapter_of(object_id).number
            size, part = (8, 1) if kind == SUMMARY_OF[8] else (64, 8)
            starts = range(max(last - size + 1, 1), last + 1, part)
            return [head for start in starts for head in self.told(start, min(start + part - 1, last))]
        if kind == "glossary":
            return [head for chapter in self.book.chapters for head in self.written(chapter, 10**9)]
        return []

    def window(self, number: int) -> tuple[int, int]:
        """The newest chapter that is read as written, and the first that is read in full."""
        newest, first = max(number - self.book.settings.continuity_lag, 0), 1
        while newest - first + 1 > self.size + 2 * self.size - 1:
            first += 2 * self.size
        return newest, first

    def before(self, section_id: str) -> list[Revision]:
        """The sections that one reads in full, in order."""
        chapter, section = self.chapter_of(section_id), self.section(section_id)
        newest, first = self.window(chapter.number)
        full = [head for c in self.book.chapters[first - 1 : newest] for head in self.written(c, 10**9)]
        return [*full, *self.written(chapter, section.number)]

    def written(self, chapter: Chapter, before: int) -> list[Revision]:
        found = [self.heads.get((s.id, "section")) for s in chapter.sections if s.number < before]
        return [head for head in found if head is not None]

    def told(self, first: int, last: int) -> list[Revision]:
        """The fewest summaries that say chapters `first` to `last`; finer ones where a coarse one isn't written."""
        found: list[Revision] = []
        at = first
        while at <= last:
            for size in (64, 8, 1):
                fits = at + size - 1 <= last and (at - first) % size == 0
                head = self.heads.get((self.book.chapters[at + size - 2].id, SUMMARY_OF[size])) if fits else None
                if head is not None or size == 1:
                    found += [head] if head is not None else []
                    at += size
                    break
        return found


def inherited(look: Look, place: Place, record: Inputs, stale: set[Place]) -> Iterator[tuple[str, str]]:
    """Rule 5, one step."""
    before = look.before(place[0]) if place[1] == "section" else []
    for name in record:
        kind, _, object_id = name.partition(":")
        if (object_id, kind) not in stale:
            continue
        if kind in SUMMARIES or place[1] in SUMMARIES or (before and before[-1].object_id == object_id):
            yield name, MAYBE


# ── words, names, numbers ─────────────────────────────────────────────────────────────────────────────────────


class Marked(str):
    """Text that holds tags of its own."""


def escaped(text: str) -> str:
    return text if isinstance(text, Marked) else text.replace("&", "&amp;").replace("<", "&lt;")


def digest(text: str) -> str:
    return hashlib.sha256(escaped(text).strip().encode()).hexdigest()


def placeless(plan: str) -> str:
    return "\n".join(re.sub(r"^\d+(\.\d+)?\.? ", "", line) for line in plan.split("\n"))


def key(name: str) -> str:
    """A name without case, possessive and Cyrillic ending."""
    low = name.replace("’", "'").lower()
    low = low[:-2] if low.endswith("'s") else low
    cut = low
    for tail in ("ми", "м", "х"):
        vowel = cut[: -len(tail)][-1:]
        if cut.endswith(tail) and vowel and vowel in "аеёийоуыьэюя":
            cut = cut[: -len(tail)]
            break
    while cut and cut[-1] in "аеёийоуыьэюя":
        cut = cut[:-1]
    return cut if len(cut) >= 2 else low


@lru_cache(maxsize=20000)
def cut_up(text: str) -> list[tuple[str, bool]]:
    """The words as written, each with whether a sentence, a line or a quotation begins there. Latin and Cyrillic."""
    found: list[tuple[str, bool]] = []
    begins, at = True, 0
    text = text.replace("’", "'")
    while at < len(text):
        sign = text[at]
        if sign.isdigit() or sign.isalpha():
            end = at + 1
            while end < len(text) and (
                (text[end].isdigit() if sign.isdigit() else text[end].isalpha())
                or (
                    text[end] in (".," if sign.isdigit() else "'")
                    and end + 1 < len(text)
                    and (text[end + 1].isdigit() if sign.isdigit() else text[end + 1].isalpha())
                )
            ):
                end += 1
            word = text[at:end]
            found.append((word[:-2] if word.lower().endswith("'s") else word, begins))
            begins, at = False, end
            continue
        begins = begins or sign in '.!?…\n“„«"'
        at += 1
    return found


def spelled() -> dict[tuple[str, ...], int]:
    """Every number from 0 to 9999 in English and to 999 in Russian, in every way of writing it that is known."""
    small = [
        *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    ]  # fmt: skip
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

    def under_hundred(n: int) -> list[str]:
        return [small[n]] if n < 20 else [tens[n // 10 - 2], *([small[n % 10]] if n % 10 else [])]

    found: dict[tuple[str, ...], int] = {(word,): n for n, word in enumerate(small)}
    for n in range(20, 10_000):
        thousands, hundreds, rest = n // 1000, n // 100 % 10, n % 100
        ways = [[small[thousands], "thousand"], ["thousand"]] if thousands else [[]]
        if thousands > 1:
            ways = ways[:1]
        if hundreds:
            heads = [[small[hundreds], "hundred"]] + ([["hundred"]] if hundreds == 1 and not thousands else [])
            ways = [[*way, *head] for way in ways for head in heads]
        if rest:
            ways = [[*way, *link, *under_hundred(rest)] for way in ways for link in ([[], ["and"]] if way else [[]])]
        found |= {tuple(way): n for way in ways}
    units = ["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять"]
    units += [f"{n}надцать" for n in ["один", "две", "три", "четыр", "пят", "шест", "сем", "восем", "девят"]]
    tens = ["двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто"]
    centuries = ["сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"]
    for n in range(1000):
        under = [units[n % 100]] if n % 100 < 20 else [tens[n % 100 // 10 - 2], *([units[n % 10]] if n % 10 else [])]
        found[(*([centuries[n // 100 - 1]] if n > 99 else []), *(under if n % 100 or not n else []))] = n
    return found


SPELLED = spelled()
LONGEST = max(map(len, SPELLED))
ARTICLES = ("the", "a", "an")
ONES = (("one",), ("один",))


def words_of(text: str) -> tuple[str, ...]:
    """Numbers as digits."""
    return tuple(word for word, _, _ in counted(text))


def numbers_of(text: str) -> tuple[tuple[str, str], ...]:
    """(number, word after it), in order."""
    return tuple((word, after) for word, after, is_number in counted(text) if is_number)


@lru_cache(maxsize=20000)
def counted(text: str) -> list[tuple[str, str, bool]]:
    """Each word with the one after it, and whether it is a number."""
    words, at = tuple(word.lower() for word, _ in cut_up(text)), 0
    found: list[tuple[str, str, bool]] = []
    while at < len(words):
        length, value = 1, ""
        if words[at][0].isdigit():
            value = re.sub(r",(\d{3})(?!\d)", r"\1", re.sub(r",(\d{3})(?=,)", r"\1", words[at]))
        else:
            for size in range(min(LONGEST, len(words) - at), 0, -1):
                if words[at : at + size] in SPELLED:
                    length, value = size, str(SPELLED[words[at : at + size]])
                    break
        is_number = bool(value) and words[at : at + length] not in ONES
        after = words[at + length] if at + length < len(words) else ""
        found.append((value if is_number else words[at], after, is_number))
        at += length
    return found


@lru_cache(maxsize=20000)
def capitals_of(text: str) -> frozenset[str]:
    return frozenset(key(word) for word, _ in cut_up(text) if word[0].isupper())


@lru_cache(maxsize=20000)
def names_of(text: str) -> frozenset[str]:
    """Capitalised words that begin nothing; “I” and “A” are none."""
    return frozenset(
        key(word)
        for word, begins in cut_up(text)
        if not begins and word[0].isupper() and word != "A" and word.split("'")[0] != "I"
    )


@lru_cache(maxsize=20000)
def entries(listed: str) -> dict[str, tuple[tuple[str, ...], dict[str, Any]]]:
    return {e["name"]: ((e["name"], *e.get("aliases", [])), e) for e in json.loads(listed or "[]")}


@lru_cache(maxsize=20000)
def material(old: str, new: str) -> bool:
    """Rule 1."""
    before, after = words_of(old), words_of(new)
    if before == after:
        return False
    if [n for n, _ in numbers_of(old)] != [n for n, _ in numbers_of(new)]:
        return True
    either = names_of(old) | names_of(new)
    if either & capitals_of(old) != either & capitals_of(new):
        return True
    kept = sum(block.size for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks())
    return 1 - kept / max(len(before), len(after)) >= 0.02


def shown(text: str, old: str | None, new: str, known: frozenset[str], otherwise: str) -> str:
    """Rule 3."""
    if old is None:
        return otherwise
    if not material(old, new):
        return NOTED
    lost_names = names_of(old) - capitals_of(new) - known
    lost_numbers = {(n, unit) for n, unit in numbers_of(old) if unit and n != "1"} - {*numbers_of(new)}
    used = lost_names & capitals_of(text) or lost_numbers & {*numbers_of(text)}
    return STALE if used else otherwise


# ── people and things ─────────────────────────────────────────────────────────────────────────────────────────


def lore(text: str, old: str | None, new: str) -> Iterator[str]:
    """Rule 4: a grade for each fact that changed and concerns the text."""
    if old is None:
        yield MAYBE
        return
    before, after = entries(old), entries(new)
    called = {name: names for name, (names, _) in {**after, **before}.items()}
    for name, (names, facts) in before.items():
        if not (named(text, names) or facts.get("role") == "narrator"):
            continue
        if name not in after:
            yield STALE
            continue
        now = after[name][1]
        for fact in {*facts, *now} - {"name", "aliases"}:
            was, is_now = facts.get(fact), now.get(fact)
            if fact == "relationships":
                yield from bonds(text, was or [], is_now or [], called)
            elif was != is_now and material(plain(was), plain(is_now)):
                yield value(text, names, plain(was), plain(is_now))
    for name, (names, _) in after.items():
        if name not in before and named(text, names):
            yield MAYBE


def plain(fact: Any) -> str:
    if fact is None:
        return ""
    return ", ".join(map(plain, fact)) if isinstance(fact, list) else str(fact)


def bonds(text: str, was: list[Any], now: list[Any], called: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    def by_other(listed: list[Any]) -> dict[str, str]:
        found: dict[str, list[str]] = {}
        for bond in listed:
            said = " ".join(filter(None, (bond.get("kind"), bond.get("description"))))
            found.setdefault(bond["to"], []).append(said)
        return {other: ", ".join(said) for other, said in found.items()}

    before, after = by_other(was), by_other(now)
    for other in {*before, *after}:
        if material(before.get(other, ""), after.get(other, "")):
            yield STALE if named(text, called.get(other, (other,))) else MAYBE


def value(text: str, names: tuple[str, ...], was: str, now: str) -> str:
    """What becomes of a text that names somebody whose fact `was` is `now`."""
    if not was:
        return MAYBE
    old, new = was.split(), now.split()
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    kept = {n for block in blocks for n in range(block.a, block.a + block.size)}
    went = [word for n, word in enumerate(old) if n not in kept]
    told = " ".join(went).strip(".,;:()–— ")
    if len(told.split()) > 6:
        return STALE
    numbers = {n for n, _ in numbers_of(told)} - {n for n, _ in numbers_of(now)}
    words = [word for word, _ in cut_up(told) if word.lower() not in ARTICLES]
    lost = {key(word) for word in words if word[0].isupper()} - capitals_of(now)
    if numbers:
        return STALE if any(number_stated(text, names, number) for number in numbers) else MAYBE
    return STALE if not lost or lost & capitals_of(text) else MAYBE


def number_stated(text: str, names: tuple[str, ...], number: str) -> bool:
    if not number.isdecimal() or int(number) > 10:
        return number in {n for n, _ in numbers_of(text)}
    sentences = re.split(r"(?<=[.!?…])\s+", text)
    return any(named(one, names) for one in sentences if number in {n for n, _ in numbers_of(one)})


def named(text: str, names: tuple[str, ...]) -> bool:
    """By one of these names; of several words by all, or by the first."""
    for name in names:
        words = [word for word, _ in cut_up(name)]
        if len(words) > 1 and words[0].lower() in ARTICLES:
            words = words[1:]
        there = [key(w) in capitals_of(text) if w[0].isupper() else w.lower() in words_of(text) for w in words]
        if words and (all(there) or (len(words[0]) > 2 and there[0])):
            return True
    return False
