"""`python -m tests.writing.stale_sequences --count 5000 --seed 1`: random histories of books against the oracle.

A history is a base book and a list of acts, each with a seed of its own, so that acts can be taken away from a failing
history until only those are left that matter. `--only N` replays one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from ghostkit.book.model import Book, BookSettings, Chapter, Section, Style
from ghostkit.errors import GhostkitError
from ghostkit.generation import PromptService
from ghostkit.generation.prompts import SHIPPED
from ghostkit.ledger import AttemptState, Intent, Origin, Outcome, Revision, Slot, SqliteLedger, Who
from ghostkit.writing import adoption, restructuring, staleness
from ghostkit.writing.manuscript import Manuscript, chapter_status
from ghostkit.writing.material import Sources
from ghostkit.writing.plan import Goal, Node, nodes_for
from ghostkit.writing.structure_change import Change, apply, halves, joined

from . import stale_prose as prose
from .stale_oracle import Inputs, Look, Oracle

WHO = Who(actor="author")
PROMPTS = PromptService()
_OWN_TEMPLATES = tempfile.TemporaryDirectory(prefix="ghostkit-stale-")
TEXTS = (
    "outline", "characters", "chapter_outline", "section", "chapter_summary", "span8_summary", "span64_summary",
    "glossary",
)  # fmt: skip
Act = tuple[str, int]


class Mismatch(AssertionError):
    """What the code says is not what the oracle says, or something was lost or bought twice."""


class MemoryManuscript(Manuscript):
    """A manuscript without a folder: its structure is a value."""

    def __init__(self, structure: Book, ledger: SqliteLedger) -> None:
        self.structure = structure
        self.own_templates = False
        templates = SimpleNamespace(is_dir=lambda: self.own_templates)
        super().__init__(cast(Any, SimpleNamespace(root=None, templates=templates)), ledger)

    def _load(self) -> Book:
        self._heads = {(head.object_id, head.kind): head for head in self.ledger.heads()}
        chapters = tuple(self._filled_chapter(chapter, {}) for chapter in self.structure.chapters)
        return self._with_book_texts(replace(self.structure, chapters=chapters))

    def refresh(self) -> None:
        return None

    def change_structure(self, change: Callable[[Book], Book]) -> None:
        self.structure = change(self.book)
        chapters = (replace(chapter, status=chapter_status(chapter)) for chapter in self.structure.chapters)
        self.book = replace(self.structure, chapters=tuple(chapters))


@dataclass
class Desk:
    """A book in memory, the oracle beside it, and a record of everything that was ever made."""

    ledger: SqliteLedger
    manuscript: MemoryManuscript
    style: Style
    size: int
    texts: dict[int, str] = field(default_factory=dict)
    """Every revision ever made, by id."""
    heads: dict[tuple[str, str], int] = field(default_factory=dict)
    slots: set[str] = field(default_factory=set)
    calls: int = 0
    compared: int = 0
    grades: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.prompts = PROMPTS
        self.oracle = Oracle(
            self.ledger,
            lambda name: self.prompts.template(name).digest,
            lambda name: PROMPTS.template(name).digest,
            self.size,
        )

    @property
    def book(self) -> Book:
        return self.manuscript.book

    @property
    def sources(self) -> Sources:
        return Sources(
            book=lambda: self.manuscript.book,
            place=self.manuscript.section,
            head=self.manuscript.head,
            style=self.style,
            prompts=self.prompts,
            window_size=self.size,
        )

    def look(self) -> Look:
        heads = {(head.object_id, head.kind): head for head in self.ledger.heads()}
        return Look(self.book, self.style, heads, self.size)

    # ── acts on texts ─────────────────────────────────────────────────────────────────────────────────────

    def generate(self, node: Node, text: str, variant: int = 0, becomes_head: bool = False) -> Revision:
        """A model's answer for a text, recorded as the service records it."""
        slot = Slot(object_id=node.object_id, kind=node.kind, variant=variant)
        if str(slot) in self.slots:
            raise Mismatch(f"{slot} is bought twice")
        self.slots.add(str(slot))
        self.calls += 1
        made = self.sources.material(node)
        wanted, _ = self.oracle.today(self.look(), (node.object_id, node.kind))
        if dict(made.inputs) != wanted:
            raise Mismatch(f"{slot} records {_difference(made.inputs, wanted)}")
        head = self.ledger.head(node.object_id, node.kind)
        prompt = self.prompts.render(made.template, **made.variables)
        attempt = f"{self.calls:032x}"
        intent = Intent(
            attempt_id=attempt, slot=slot, model="scripted:x", base_url="", fingerprint=attempt,
            messages=tuple((message.role, message.parts) for message in prompt.messages), parameters={},
            inputs=made.inputs, cost_ceiling_usd=0.0, base_id=head.id if head else None, becomes_head=becomes_head,
        )  # fmt: skip
        self.ledger.open_attempt(intent, WHO)
        outcome = Outcome(state=AttemptState.COMPLETE, text=text)
        _, revision = self.ledger.close_attempt(attempt, outcome, WHO)
        assert revision is not None
        self.texts[revision.id] = text
        if not variant or becomes_head:
            self.stands(revision)
        return revision

    def stands(self, revision: Revision) -> None:
        """A revision is the book's text now."""
        self.heads[revision.object_id, revision.kind] = revision.id
        self.manuscript.text_arrived(revision.object_id, revision.kind)

    def revise(self, object_id: str, kind: str, text: str, **more: Any) -> Revision:
        """A person's text."""
        head = self.ledger.head(object_id, kind)
        origin = more.pop("origin", Origin.HUMAN)
        revision = self.ledger.add_revision(
            object_id, kind, text, WHO, base_id=head.id if head else None, origin=origin, **more
        )
        self.texts[revision.id] = text
        self.stands(revision)
        return revision

    def write(self, random: Random) -> None:
        """Everything that is missing, in the order of the plan."""
        for _ in range(50):
            nodes = sorted(nodes_for(self.book, Goal(), self.size), key=lambda node: node.order)
            todo = [n for n in nodes if n.kind in TEXTS and self.manuscript.head(n.object_id, n.kind) is None]
            todo = [n for n in todo if n.kind != "chapter_outline" or not self.manuscript.chapter(n.object_id).sections]
            if not todo:
                return
            self.generate(todo[0], self.answer(random, todo[0]), self.variant_of(todo[0]))

    def variant_of(self, node: Node) -> int:
        """0 for what was never asked for."""
        return 0 if str(Slot(object_id=node.object_id, kind=node.kind)) not in self.slots else 1 + self.calls

    def answer(self, random: Random, node: Node) -> str:
        if node.kind == "characters":
            return json.dumps(prose.cast(random), ensure_ascii=False)
        if node.kind == "glossary":
            return json.dumps({"entries": [{"term": "Ash", "definition": prose.prose(random)}]}, ensure_ascii=False)
        if node.kind == "chapter_outline":
            plans = [_section_plan(random) for _ in range(random.randint(2, 3))]
            return json.dumps({"sections": plans}, ensure_ascii=False)
        return prose.prose(random)

    # ── checks ────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """Compare with the oracle, and look that nothing was lost, changed or bought twice."""
        report = staleness.stale(self.manuscript, self.sources)
        said = {
            (text.object_id, text.kind): (str(text.grade), frozenset((r.input, str(r.grade)) for r in text.reasons))
            for text in report.texts
        }
        self.oracle.know(self.book)
        wanted = dict(self.oracle.expected(self.book, self.style))
        self.compared += len(wanted) + 1
        self.grades.update(grade for grade, _ in wanted.values())
        if said != wanted:
            raise Mismatch(f"stale: {_difference(said, wanted)}")
        places = {(head.object_id, head.kind): head for head in self.ledger.heads()}
        if {place: head.id for place, head in places.items()} != self.heads:
            raise Mismatch("a head moved by itself")
        for place in places:
            there = {r.id: r for r in self.ledger.history(*place)}
            if any(not r.purged and r.text != self.texts[n] for n, r in there.items()):
                raise Mismatch(f"a text of {place} changed")
        kept = {r for place in places for r in (one.id for one in self.ledger.history(*place))}
        if kept != self.texts.keys():
            raise Mismatch(f"revisions {sorted(self.texts.keys() ^ kept)} are lost or out of nowhere")
        totals = self.ledger.totals()
        if totals.calls != self.calls:
            raise Mismatch(f"{self.calls} answers, but {totals.calls} attempts")


def _difference(said: Any, wanted: Any) -> str:
    keys = [key for key in {*said, *wanted} if said.get(key) != wanted.get(key)]
    return "; ".join(f"{key}: the code says {said.get(key)}, the oracle {wanted.get(key)}" for key in keys[:4])


# ── books ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _section_plan(random: Random) -> dict[str, Any]:
    return {"title": random.choice(prose.PLACES), "brief": prose.line(random), "points": [prose.line(random)]}


@dataclass
class Base:
    """A written book, kept as bytes, so that many histories can begin with it."""

    desk: Desk
    image: bytes
    receipts: dict[str, Inputs]

    @classmethod
    def make(cls, number: int) -> Base:
        random = Random(f"base {number}")
        long = number % 12 == 11
        chapters = 10 if long else random.randint(2, 4)
        size = random.choice((1, 1, 2, 3))
        kind = "non-fiction" if number % 5 == 4 else "fiction"
        settings = BookSettings(chapters=chapters, continuity_lag=random.choice((1, 1, 2)), kind=kind)
        book = Book(id="b-1", title="Salt", instructions=prose.prose(random), settings=settings)
        ledger = SqliteLedger(None)
        ledger.acquire_lease({"run": "r"})
        style = Style(name="plain", guide=prose.prose(random, 2, 4), do=("Short words.",))
        desk = Desk(ledger, MemoryManuscript(book, ledger), style, size)
        titles = [random.choice((*prose.UNITS, *prose.PLACES)) for _ in range(chapters)]
        plans = [{"title": title, "brief": prose.line(random), "points": [prose.line(random)]} for title in titles]
        for plan in plans if kind == "non-fiction" else ():
            plan |= {"part": random.choice(prose.PLACES[:2]), "goals": [prose.line(random)]}
        outline = json.dumps({"summary": prose.prose(random, 1, 3), "chapters": plans}, ensure_ascii=False)
        desk.generate(Node(object_id=book.id, kind="outline"), outline)
        desk.write(random)
        desk.revise(book.id, adoption.BIBLE, json.dumps(prose.bible(random), ensure_ascii=False))
        image = ledger._connection.sqlite.serialize()
        for head in ledger.heads():
            desk.oracle.record(head)
        return cls(desk, image, desk.oracle.receipts)

    def begin(self) -> Desk:
        """The book as it was at first, in the same ledger object."""
        base = self.desk
        base.ledger._connection.sqlite.deserialize(self.image)
        manuscript = MemoryManuscript(base.manuscript.structure, base.ledger)
        desk = Desk(
            base.ledger, manuscript, base.style, base.size, dict(base.texts), dict(base.heads), set(base.slots),
            base.calls,
        )  # fmt: skip
        desk.oracle.receipts = dict(self.receipts)
        return desk


BASES = 36
_bases: dict[int, Base] = {}


def base_of(number: int) -> Base:
    number %= BASES
    if number not in _bases:
        _bases[number] = Base.make(number)
    return _bases[number]


# ── acts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _any_section(desk: Desk, random: Random) -> tuple[Chapter, Section]:
    return random.choice(list(desk.book.sections()))


def hand_edit(desk: Desk, random: Random) -> None:
    _, section = _any_section(desk, random)
    if section.content:
        desk.revise(section.id, "section", prose.edited(random, section.content))


def summary_edit(desk: Desk, random: Random) -> None:
    chapter = random.choice(desk.book.chapters)
    if chapter.summary:
        desk.revise(chapter.id, "chapter_summary", prose.edited(random, chapter.summary))


def people(desk: Desk, random: Random) -> None:
    _lore(desk, random, "characters", adoption.characters_text(desk.book.characters))


def story_bible(desk: Desk, random: Random) -> None:
    _lore(desk, random, adoption.BIBLE, adoption.bible_text(desk.book.bible))


def _lore(desk: Desk, random: Random, kind: str, text: str) -> None:
    document = prose.edited_lore(random, json.loads(text))
    desk.revise(desk.book.id, kind, json.dumps(document, ensure_ascii=False))


def brief(desk: Desk, random: Random) -> None:
    text = prose.edited(random, desk.book.instructions)
    desk.manuscript.change_structure(lambda book: replace(book, instructions=text))


def style(desk: Desk, random: Random) -> None:
    desk.style = replace(desk.style, guide=prose.edited(random, desk.style.guide))


def template(desk: Desk, random: Random) -> None:
    """The book gets a template of its own for one kind of text, or goes back to the shipped one."""
    name = random.choice(("section", "section", "chapter_summary", "chapter_outline"))
    folder = Path(_OWN_TEMPLATES.name) / name
    if not folder.is_dir():
        folder.mkdir()
        text = (SHIPPED / f"{name}.md").read_text(encoding="utf-8")
        (folder / f"{name}.md").write_text(f"{text.rstrip()}\nOur own rule.\n", encoding="utf-8")
    desk.prompts = PromptService([folder]) if random.random() < 0.7 else PROMPTS
    desk.manuscript.own_templates = desk.oracle.own_templates = random.random() < 0.8


def language(desk: Desk, random: Random) -> None:
    desk.manuscript.change_structure(lambda book: replace(book, language="ru" if book.language == "en" else "en"))


def outline(desk: Desk, random: Random) -> None:
    chapter = random.choice(desk.book.chapters)
    fields = random.choice(({"brief": prose.edited(random, chapter.brief)}, {"points": (prose.line(random),)}))
    title = random.choice((*prose.UNITS, *prose.PLACES)) if random.random() < 0.3 else chapter.title

    def changed(book: Book) -> Book:
        chapters = (replace(c, **fields, title=title) if c.id == chapter.id else c for c in book.chapters)
        return replace(book, chapters=tuple(chapters))

    planned = changed(desk.book)
    if random.random() < 0.3:
        planned = replace(planned, outline_summary=prose.edited(random, planned.outline_summary))
    desk.manuscript.change_structure(changed)
    desk.revise(desk.book.id, "outline", adoption.outline_text(planned))


def section_plan(desk: Desk, random: Random) -> None:
    _, section = _any_section(desk, random)
    fields = random.choice((
        {"brief": prose.edited(random, section.brief)}, {"points": (prose.line(random),)},
        {"title": random.choice(prose.PLACES)},
    ))  # fmt: skip
    _set_section(desk, section.id, **fields)


def lock(desk: Desk, random: Random) -> None:
    _, section = _any_section(desk, random)
    _set_section(desk, section.id, locked=not section.locked)


def _set_section(desk: Desk, section_id: str, **fields: Any) -> None:
    def changed(chapter: Chapter) -> Chapter:
        sections = (replace(s, **fields) if s.id == section_id else s for s in chapter.sections)
        return replace(chapter, sections=tuple(sections))

    desk.manuscript.change_structure(lambda book: replace(book, chapters=tuple(map(changed, book.chapters))))


def structure(desk: Desk, random: Random) -> None:
    """Add, move, split, merge, delete or bring back."""
    book = desk.book
    chapter, section = _any_section(desk, random)
    other = random.choice(book.chapters)
    wishes: Sequence[Callable[[], Change]] = (
        lambda: restructuring.add_section(book, chapter, "Ash", prose.line(random), after=section),
        lambda: restructuring.move_chapter(book, chapter, random.randint(1, len(book.chapters))),
        lambda: restructuring.move_section(book, section, f"{other.number}.{random.randint(1, len(other.sections))}"),
        lambda: restructuring.split_section(book, section, 2),
        lambda: restructuring.split_chapter(book, chapter, section),
        lambda: restructuring.merge_sections(book, section, chapter.sections[section.number]),
        lambda: restructuring.merge_chapters(book, chapter, book.chapters[chapter.number]),
        lambda: restructuring.delete_section(book, section),
        lambda: restructuring.delete_chapter(book, chapter),
        lambda: restructuring.bring_back(book, random.choice(book.removed).part.id),
    )
    change = random.choice(wishes)()
    after = apply(book, change)
    texts_of(desk, change)
    desk.manuscript.change_structure(lambda book: after)
    desk.manuscript.reload()


def texts_of(desk: Desk, change: Change) -> None:
    first, second = (desk.ledger.head(one, "section") for one in (change.object_id, change.other_id))
    if change.what == "split_section" and first is not None:
        parts = halves(first.text.strip("\n"), change.offset)
        for owner, text in ((change.object_id, parts[0]), (change.other_id, parts[1])):
            desk.heads[owner, "section"] = _cut(desk, owner, text, first)
    elif change.what == "merge_sections" and first is not None and second is not None:
        text = joined(first.text.strip("\n"), second.text.strip("\n"))
        desk.heads[change.object_id, "section"] = _cut(desk, change.object_id, text, first)


def _cut(desk: Desk, owner: str, text: str, like: Revision) -> int:
    base = desk.ledger.head(owner, "section")
    revision = desk.ledger.add_revision(
        owner, "section", text, WHO, base_id=base.id if base else None, origin=like.origin, attempt_id=like.attempt_id
    )
    desk.texts[revision.id] = text
    return revision.id


def rewrite(desk: Desk, random: Random) -> None:
    """A section anew: accepted, rejected, or left waiting while a person goes on."""
    _, section = _any_section(desk, random)
    head = desk.ledger.head(section.id, "section")
    if head is None or section.locked:
        return
    text = random.choice((head.text, prose.edited(random, head.text), prose.prose(random)))
    revision = desk.generate(Node(object_id=section.id, kind="section"), text, 1 + desk.calls)
    fate = random.random()
    if fate < 0.6:
        desk.stands(desk.ledger.accept(revision.id, WHO))
    elif fate < 0.8:
        desk.ledger.reject(revision.id, WHO)


def decide(desk: Desk, random: Random) -> None:
    """Accept what waits, whatever happened meanwhile."""
    there = {s.id for _, s in desk.book.sections()}
    waiting = [p for p in desk.ledger.proposals("open") if p.revision.object_id in there]
    if waiting:
        desk.stands(desk.ledger.accept(random.choice(waiting).id, WHO, over=True))


def summary_again(desk: Desk, random: Random) -> None:
    """A summary that is out of date is made again, and may come out the same."""
    derived = staleness.stale(desk.manuscript, desk.sources).derived
    if derived:
        text = random.choice(derived)
        head = desk.ledger.head(text.object_id, text.kind)
        assert head is not None
        answer = head.text if random.random() < 0.4 else prose.prose(random)
        node = Node(object_id=text.object_id, kind=text.kind)
        desk.generate(node, answer, 1 + desk.calls, becomes_head=True)


def restore(desk: Desk, random: Random) -> None:
    _, section = _any_section(desk, random)
    head, every = desk.ledger.head(section.id, "section"), desk.ledger.history(section.id, "section")
    others = [r for r in every if head is not None and r.id != head.id and not r.purged]
    if others and head is not None:
        wanted = random.choice(others)
        desk.stands(desk.ledger.move_head(section.id, "section", wanted.id, WHO, base_id=head.id))


def accept(desk: Desk, random: Random) -> None:
    """Say of some texts (or all) that they are fine as they are."""
    texts = list(staleness.stale(desk.manuscript, desk.sources).texts)
    some = texts if random.random() < 0.4 else random.sample(texts, min(len(texts), random.randint(0, 2)))
    for text in some:
        head = desk.ledger.head(text.object_id, text.kind)
        assert head is not None
        desk.oracle.judgements[head.id] = desk.oracle.today(desk.look(), (text.object_id, text.kind))[0]
    staleness.accept_stale(desk.manuscript, desk.sources, some, WHO)


def purge(desk: Desk, random: Random) -> None:
    """Forget an old text for good."""
    _, section = _any_section(desk, random)
    head, every = desk.ledger.head(section.id, "section"), desk.ledger.history(section.id, "section")
    old = [r for r in every if head is not None and r.text_hash != head.text_hash and not r.purged]
    if old:
        desk.ledger.purge(random.choice(old).id, "a test")
        desk.manuscript.reload()


def write(desk: Desk, random: Random) -> None:
    desk.write(random)


def reopen(desk: Desk, random: Random) -> None:
    again = MemoryManuscript(desk.manuscript.structure, desk.ledger)
    if again.book != desk.book:
        raise Mismatch("the book is another one after opening it again")
    again.own_templates = desk.manuscript.own_templates
    desk.manuscript = again


ACTS: dict[str, tuple[int, Callable[[Desk, Random], None]]] = {
    "hand_edit": (10, hand_edit), "summary_edit": (2, summary_edit), "people": (7, people),
    "story_bible": (4, story_bible), "brief": (3, brief), "style": (2, style), "language": (1, language),
    "template": (2, template),
    "outline": (4, outline), "section_plan": (4, section_plan), "lock": (2, lock), "structure": (10, structure),
    "rewrite": (6, rewrite), "decide": (2, decide), "summary_again": (4, summary_again), "restore": (5, restore),
    "accept": (5, accept), "purge": (1, purge), "write": (3, write), "reopen": (1, reopen),
}  # fmt: skip


# ── histories ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Tally:
    histories: int = 0
    comparisons: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    grades: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def acts_of(seed: int, number: int) -> list[Act]:
    random = Random(f"{seed} {number}")
    names, weights = list(ACTS), [weight for weight, _ in ACTS.values()]
    chosen = random.choices(names, weights, k=random.randint(2, 8))
    return [(name, random.randrange(10**9)) for name in chosen]


def play(number: int, acts: Sequence[Act], tally: Tally, every: bool = True) -> None:
    """One history; raises `Mismatch`."""
    desk = base_of(number).begin()
    for at, (name, seed) in enumerate(acts):
        try:
            ACTS[name][1](desk, Random(seed))
            tally.acts[name] += 1
        except (GhostkitError, IndexError):  # such an act can't be done here
            tally.refused += 1
        if every or at == len(acts) - 1 or seed % 3 == 0:
            desk.check()
    tally.histories += 1
    tally.comparisons += desk.compared
    tally.grades.update(desk.grades)


def fails(number: int, acts: Sequence[Act]) -> str:
    """What goes wrong, in words; empty if nothing does."""
    try:
        play(number, acts, Tally())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def shrunk(number: int, acts: list[Act]) -> list[Act]:
    """The fewest of the acts that still go wrong."""
    for at in count():
        if at >= len(acts):
            return acts
        while at < len(acts) and fails(number, acts[:at] + acts[at + 1 :]):
            acts = acts[:at] + acts[at + 1 :]
    raise AssertionError


def run(seed: int, numbers: Sequence[int], most_failures: int = 5) -> Tally:
    tally = Tally()
    for number in numbers:
        acts = acts_of(seed, number)
        try:
            play(number, acts, tally, every=False)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            if fails(number, acts):
                acts = shrunk(number, acts)
                told = fails(number, acts)
            tally.failures.append(f"--seed {seed} --only {number}: {[name for name, _ in acts]}: {told}")
            if len(tally.failures) >= most_failures:
                break
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.writing.stale_sequences", description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="how many histories (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, default=None, metavar="N", help="replay history N")
    options = parser.parse_args()
    numbers = range(options.count) if options.only is None else [options.only]
    started = time.perf_counter()
    tally = run(options.seed, numbers)
    seconds = time.perf_counter() - started
    print(f"{tally.histories} histories in {seconds:.1f} s ({tally.histories / seconds:.0f}/s), seed {options.seed}")
    print(f"acts: {dict(tally.acts.most_common())}; refused: {tally.refused}")
    print(f"texts compared: {tally.comparisons}; graded {dict(tally.grades)}; mismatches: {len(tally.failures)}")
    print("\n".join(tally.failures))
    return 1 if tally.failures or not tally.histories else 0


if __name__ == "__main__":
    sys.exit(main())
