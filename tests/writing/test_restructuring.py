"""Any sequence of acts on the structure, edits and crashes leaves book, ledger and files as a small model says."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import ghostkit as gk
from ghostkit import faults
from ghostkit.book.model import Section
from ghostkit.book.rendering import render_section
from ghostkit.errors import DependedOn, GhostkitError, InputError
from ghostkit.ledger import Origin
from ghostkit.writing.tracked_files import all_files

from ..desk import QUICK

BEFORE = ["restructure.before_commit"]
AFTER = [
    "restructure.after_commit", "structure.before_commit", "file.book.before", "file.book.written", "file.book.synced",
    "file.book.renamed", "file.book.done", "structure.after_commit", "file.section.before", "file.section.written",
    "file.section.renamed", "file.section.done", "file.content.before", "file.content.renamed", "file.outline.before",
    "file.outline.done", "file.chapter_outline.renamed", "file.metadata.before", "files.after",
    "restructure.before_end", "restructure.after_end",
]  # fmt: skip
CRASHES = st.none() | st.tuples(st.sampled_from(BEFORE + AFTER), st.integers(1, 3))
HALF = st.floats(0, 0.999)
"""Where in a list: of chapters, of sections, of paragraphs."""


def at(places: list[Any], where: float) -> Any:
    return places[int(where * len(places))]


class Restructurings(RuleBasedStateMachine):
    """The model keeps the chapters with their sections by id, and every section's paragraphs."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(os, "fsync", lambda descriptor: None)
        self.words = itertools.count(1)
        self.chapters: list[tuple[str, list[str]]] = []
        self.texts: dict[str, list[str]] = {}
        self.human: set[str] = set()
        self.locked: dict[str, str] = {}
        self.gone: dict[str, tuple[str, list[str]]] = {}
        self.ids: set[str] = set()
        self.derived = False

    @initialize(shape=st.lists(st.integers(1, 3), min_size=1, max_size=3))
    def begin(self, shape: list[int]) -> None:
        self.book = gk.Book.create(Path(self.folder.name) / "book", title="T", brief="B", services=QUICK)
        for sections in shape:
            chapter = self.book.add_chapter(f"Chapter {next(self.words)}")
            self.chapters.append((chapter.id, []))
            self.ids.add(chapter.id)
            for _ in range(sections):
                self.add_section(0.999, 0.999, None)
        for _, section in self.written_places():
            paragraphs = self.paragraphs(3)
            self.book.ledger.add_revision(
                section, "section", "\n\n".join(paragraphs), self.book.who(), base_id=None, origin=Origin.GENERATED
            )
            self.texts[section] = paragraphs
        self.reopen()
        self.derived = False

    def teardown(self) -> None:
        faults.load({})
        if hasattr(self, "book"):
            assert self.book.ledger.totals().calls == 0
            self.book.close()
        self.patch.undo()
        self.folder.cleanup()

    # ── the model's means ─────────────────────────────────────────────────────────────────────────────────

    def paragraphs(self, number: int) -> list[str]:
        return [" ".join(f"w{next(self.words)}" for _ in range(4)) for _ in range(number)]

    def written_places(self) -> list[tuple[str, str]]:
        return [(chapter, section) for chapter, sections in self.chapters for section in sections]

    def number(self, identity: str) -> str:
        for n, (chapter, sections) in enumerate(self.chapters, 1):
            if identity == chapter:
                return str(n)
            if identity in sections:
                return f"{n}.{sections.index(identity) + 1}"
        raise AssertionError(identity)

    def home(self, section: str) -> list[str]:
        return next(sections for _, sections in self.chapters if section in sections)

    def file(self, section: str) -> Path:
        chapter, _, inner = self.number(section).partition(".")
        return self.book.folder.section(int(chapter), int(inner))

    def act(self, crash: tuple[str, int] | None, do: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do it for real, killed or not; the model follows if the change was decided on."""
        before = {event.seq for event in self.book.ledger.events(types=["structure_changed"])}
        if crash:
            faults.load({"GHOSTKIT_FAULT": f"{crash[0]}:{crash[1]}:eio"})
        try:
            do()
            failed = False
        except (DependedOn, InputError):
            raise
        except (OSError, GhostkitError):
            failed = True
        finally:
            faults.load({})
        told = [e for e in self.book.ledger.events(types=["structure_changed"]) if e.seq not in before]
        assert len(told) <= 1
        if failed and crash and crash[0] in BEFORE:
            assert not told
        if failed:
            self.reopen()
        if told:
            then(told[0].data["others"][0] if told[0].data["others"] else told[0].data["object"])
        else:
            assert failed
        self.derived = bool(told)

    # ── acts ──────────────────────────────────────────────────────────────────────────────────────────────

    @rule(where=HALF, crash=CRASHES)
    def add_chapter(self, where: float, crash: tuple[str, int] | None) -> None:
        after = int(where * (len(self.chapters) + 1))

        def then(identity: str) -> None:
            assert identity not in self.ids
            self.ids.add(identity)
            self.chapters.insert(after, (identity, []))

        self.act(crash, lambda: self.book.add_chapter(f"Chapter {next(self.words)}", after=after), then)

    @rule(where=HALF, inner=HALF, crash=CRASHES)
    def add_section(self, where: float, inner: float, crash: tuple[str, int] | None) -> None:
        number = int(where * len(self.chapters)) + 1
        sections = self.chapters[number - 1][1]
        after = at(sections, inner) if sections else None

        def then(identity: str) -> None:
            assert identity not in self.ids
            self.ids.add(identity)
            sections.insert(sections.index(after) + 1 if after else 0, identity)

        title = f"Section {next(self.words)}"
        self.act(crash, lambda: self.book.add_section(number, title, after=after and self.number(after)), then)

    @rule(where=HALF, to=HALF, crash=CRASHES)
    @precondition(lambda self: len(self.chapters) > 1)
    def move_chapter(self, where: float, to: float, crash: tuple[str, int] | None) -> None:
        chapter, place = at(self.chapters, where), int(to * len(self.chapters))
        if self.chapters.index(chapter) == place:
            return

        def then(identity: str) -> None:
            self.chapters.remove(chapter)
            self.chapters.insert(place, chapter)

        self.act(crash, lambda: self.book.move(self.number(chapter[0]), str(place + 1)), then)

    @rule(where=HALF, chapter=HALF, to=HALF, crash=CRASHES, edited=st.booleans())
    @precondition(lambda self: self.written_places())
    def move_section(
        self, where: float, chapter: float, to: float, crash: tuple[str, int] | None, edited: bool
    ) -> None:
        _, section = at(self.written_places(), where)
        home, (identity, target) = self.home(section), at(self.chapters, chapter)
        place = int(to * (len(target) + (target is not home)))
        number = f"{self.number(identity)}.{place + 1}"
        if edited and section in self.texts:
            self.edit_file(where)  # just before, and not looked at yet
        if target is not home and len(home) == 1:
            with pytest.raises(InputError, match="only section"):
                self.book.move(self.number(section), number)
            return
        if target is home and home.index(section) == place:
            return

        def then(_: str) -> None:
            home.remove(section)
            target.insert(place, section)

        self.act(crash, lambda: self.book.move(self.number(section), number), then)

    @rule(where=HALF, paragraph=HALF, crash=CRASHES)
    @precondition(lambda self: any(len(text) > 1 for text in self.texts.values()))
    def split(self, where: float, paragraph: float, crash: tuple[str, int] | None) -> None:
        places = [s for _, s in self.written_places() if len(self.texts.get(s, ())) > 1]
        if not places:
            return
        section = at(places, where)
        cut = 1 + int(paragraph * (len(self.texts[section]) - 1))

        def then(identity: str) -> None:
            assert identity not in self.ids
            self.ids.add(identity)
            home, text = self.home(section), self.texts[section]
            home.insert(home.index(section) + 1, identity)
            self.texts[section], self.texts[identity] = text[:cut], text[cut:]
            if section in self.human:
                self.human.add(identity)
            if self.locked.get(section) in text[cut:]:
                self.locked[identity] = self.locked.pop(section)

        words = self.texts[section][cut]
        spot: str | int = words if paragraph < 0.5 else cut + 1
        self.act(crash, lambda: self.book.split(self.number(section), spot), then)

    @rule(where=HALF, crash=CRASHES)
    def merge_sections(self, where: float, crash: tuple[str, int] | None) -> None:
        pairs = [pair for _, sections in self.chapters for pair in itertools.pairwise(sections)]
        if not pairs:
            return
        first, second = at(pairs, where)
        if (first in self.texts) != (second in self.texts):
            with pytest.raises(InputError, match="isn't written yet"):
                self.book.merge(first, second)
            return
        if first in self.locked and second in self.locked:
            return  # the model knows of one passage a section

        def then(_: str) -> None:
            self.home(second).remove(second)
            if first in self.texts:
                self.texts[first] += self.texts.pop(second)
            if second in self.human:
                self.human.add(first)
            if second in self.locked:
                self.locked[first] = self.locked.pop(second)

        self.act(crash, lambda: self.book.merge(self.number(first)), then)

    @rule(where=HALF, crash=CRASHES)
    @precondition(lambda self: len(self.chapters) > 1)
    def merge_chapters(self, where: float, crash: tuple[str, int] | None) -> None:
        first, second = at(list(itertools.pairwise(self.chapters)), where)
        if not (first[1] and second[1]):
            with pytest.raises(InputError, match="no sections yet"):
                self.book.merge(self.number(first[0]))
            return

        def then(_: str) -> None:
            self.chapters.remove(second)
            first[1].extend(second[1])

        self.act(crash, lambda: self.book.merge(self.number(first[0]), self.number(second[0])), then)

    @rule(where=HALF, crash=CRASHES)
    @precondition(lambda self: self.written_places())
    def delete_section(self, where: float, crash: tuple[str, int] | None) -> None:
        chapter, section = at(self.written_places(), where)
        home = self.home(section)
        if len(home) == 1:
            with pytest.raises(InputError, match="only section"):
                self.book.delete(section)
            return

        def then(_: str) -> None:
            home.remove(section)
            self.gone[section] = (chapter, [])

        self.act(crash, lambda: self.book.delete(self.number(section)), then)

    @rule(where=HALF, crash=CRASHES)
    @precondition(lambda self: len(self.chapters) > 1)
    def delete_chapter(self, where: float, crash: tuple[str, int] | None) -> None:
        chapter = at(self.chapters, where)

        def then(_: str) -> None:
            self.chapters.remove(chapter)
            self.gone[chapter[0]] = ("", chapter[1])

        self.act(crash, lambda: self.book.delete(self.number(chapter[0])), then)

    @rule(where=HALF)
    @precondition(lambda self: self.gone)
    def undelete(self, where: float) -> None:
        identity = at(list(self.gone), where)
        chapter, sections = self.gone[identity]
        if chapter and chapter not in [c for c, _ in self.chapters]:
            return  # its chapter is gone or was merged into another
        back = self.book.undelete(identity)
        del self.gone[identity]
        chapter_number, _, inner = str(back.number).partition(".")
        if chapter:
            self.chapters[int(chapter_number) - 1][1].insert(int(inner) - 1, identity)
            assert self.chapters[int(chapter_number) - 1][0] == chapter
        else:
            self.chapters.insert(int(chapter_number) - 1, (identity, sections))
        self.derived = True

    # ── people and processes ──────────────────────────────────────────────────────────────────────────────

    @rule(where=HALF)
    def edit_file(self, where: float) -> None:
        """In the file that the section has now, without anybody looking at it yet."""
        places = [s for _, s in self.written_places() if s in self.texts and self.file(s).exists()]
        if not places or not self.derived:
            return
        section = at(places, where)
        added = self.paragraphs(1)
        path = self.file(section)
        path.write_text(path.read_text("utf-8") + f"\n{added[0]}\n", "utf-8")
        self.texts[section] = self.texts[section] + added
        self.human.add(section)
        self.derived = False

    @rule(where=HALF)
    def edit_section(self, where: float) -> None:
        """In Python; a section without text gets its first one."""
        if not self.written_places():
            return
        _, section = at(self.written_places(), where)
        self.look()
        text = [*self.paragraphs(1), *self.texts.get(section, [])]
        assert self.book.section(section).edit("\n\n".join(text)).changed
        self.texts[section] = text
        self.human.add(section)

    @rule(where=HALF, paragraph=HALF)
    def lock(self, where: float, paragraph: float) -> None:
        places = [s for _, s in self.written_places() if s in self.texts]
        if places:
            self.look()
            section = at(places, where)
            self.locked[section] = at(self.texts[section], paragraph)
            self.book.section(section).unlock()
            self.book.section(section).lock(self.locked[section])

    @rule(first=HALF, second=HALF, edited=HALF)
    @precondition(lambda self: len(self.chapters) > 1)
    def swap_in_book_json(self, first: float, second: float, edited: float) -> None:
        """By hand; with an edit of a file that then lies at another one's number."""
        self.edit_file(edited)
        one, other = int(first * len(self.chapters)), int(second * len(self.chapters))
        path = self.book.folder.book
        document = json.loads(path.read_text("utf-8"))
        for chapters in (document["chapters"], self.chapters):
            chapters[one], chapters[other] = chapters[other], chapters[one]
        path.write_text(json.dumps(document), "utf-8")
        self.look()

    @rule()
    def look(self) -> None:
        self.book.look_for_edits()
        self.derived = False

    @rule()
    def reopen(self) -> None:
        self.book.close()
        self.book = gk.Book.open(Path(self.folder.name) / "book", services=QUICK)

    # ── what must hold ────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def book_ledger_and_files_are_as_the_model_says(self) -> None:
        if not hasattr(self, "book"):
            return
        if not self.derived:
            self.book.look_for_edits()
        value = self.book.value
        assert [(c.id, [s.id for s in c.sections]) for c in value.chapters] == self.chapters
        assert [c.number for c in value.chapters] == list(range(1, len(value.chapters) + 1))
        live = {s.id: s for _, s in value.sections()}
        texts = {section: "\n\n".join(self.texts.get(section, [])) for section in live}
        assert {s.id: s.content for s in live.values()} == texts
        words = Counter(word for s in live.values() for word in s.content.split())
        assert words == Counter(word for text in texts.values() for word in text.split())
        assert {s for s in live if self.locked.get(s)} == {s.id for s in live.values() if s.locked_spans}
        edited = {s.id for s in live.values() if str(s.status) == "edited"}
        assert edited == {s for s in live if s in self.human}
        if self.derived:
            self.check_files()

    def check_files(self) -> None:
        wanted = {file.path: file.render() for file in all_files(self.book.manuscript)}
        there = {path: path.read_text("utf-8") for path in self.book.folder.chapters.rglob("*.*")}
        there |= {self.book.folder.outline: self.book.folder.outline.read_text("utf-8")}
        # What is known of a chapter stays while it isn't whole.
        for path, text in wanted.items():
            if text is None and path.name == "metadata.json":
                there.pop(path, None)
        written = {path: text for path, text in wanted.items() if text is not None}
        assert sorted(there) == sorted(written)
        assert there == written


TestRestructurings = Restructurings.TestCase
TestRestructurings.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_a_section_is_rendered_with_its_heading() -> None:
    assert render_section(Section(id="s", number=1, title="T", content="x")) == "## T\n\nx\n"
