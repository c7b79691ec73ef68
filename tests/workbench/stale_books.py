"""`python -m tests.workbench.stale_books --count 200 --seed 1`: random histories of whole books on disk.

What people do goes through the live book; after each act the oracle of `tests/writing` is asked, and nothing may have
been lost, changed or bought twice. `--only N` replays one history.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import anyio

import ghostkit as gk
from ghostkit.book.styles import style_named
from ghostkit.errors import GhostkitError
from ghostkit.generation import PromptService
from ghostkit.ledger import Origin
from ghostkit.providers import Request

from ..desk import Desk, write
from ..writing import stale_prose as prose
from ..writing.stale_oracle import Look, Oracle


class Mismatch(AssertionError):
    """The book and the oracle differ, or something was lost or bought twice."""


@dataclass
class Shelf:
    """One book, the oracle, and a record of what people wrote."""

    desk: Desk
    book: gk.Book
    judgements: dict[int, Any] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    """Every revision that was ever seen."""
    human: dict[str, str] = field(default_factory=dict)
    """Section to its text where nobody but a person may change that: a person's words, and what is locked."""
    compared: int = 0
    grades: Counter[str] = field(default_factory=Counter)

    def oracle(self) -> Oracle:
        own = PromptService([self.book.folder.templates])
        shipped = PromptService()
        oracle = Oracle(
            self.book.ledger, lambda name: own.template(name).digest, lambda name: shipped.template(name).digest,
            self.book.services.options().sliding_window_size,
        )  # fmt: skip
        oracle.own_templates = self.book.folder.templates.is_dir()
        oracle.judgements = self.judgements
        oracle.know(self.book.value)
        return oracle

    def look(self) -> Look:
        heads = {(head.object_id, head.kind): head for head in self.book.ledger.heads()}
        size = self.book.services.options().sliding_window_size
        return Look(self.book.value, style_named(self.book.value.style, self.book.folder), heads, size)

    def check(self) -> None:
        book, look = self.book, self.look()
        said = {
            (text.object_id, text.kind): (str(text.grade), frozenset((r.input, str(r.grade)) for r in text.reasons))
            for text in book.stale().texts
        }
        wanted = dict(self.oracle().expected(book.value, look.style))
        self.compared += 1
        self.grades.update(grade for grade, _ in wanted.values())
        if said != wanted:
            keys = [key for key in {*said, *wanted} if said.get(key) != wanted.get(key)]
            raise Mismatch("; ".join(f"{k}: the code says {said.get(k)}, the oracle {wanted.get(k)}" for k in keys[:4]))
        self._nothing_lost()
        calls, attempts = self.desk.calls, book.ledger.totals().calls
        twice = [slot for slot, times in self.desk.answered.items() if times > 1]
        if twice or calls != attempts:
            raise Mismatch(f"bought twice: {twice}; {calls} calls, {attempts} attempts")

    def _nothing_lost(self) -> None:
        there: dict[int, str] = {}
        heads = {(head.object_id, head.kind): head for head in self.book.ledger.heads()}
        for place in heads:
            there |= {revision.id: revision.text for revision in self.book.ledger.history(*place)}
        if any(there.get(number) != text for number, text in self.texts.items()):
            raise Mismatch("a revision is lost or changed")
        self.texts = there
        for section in (s for _, s in self.book.value.sections()):
            wanted = self.human.get(section.id)
            if wanted is not None and section.content != wanted:
                raise Mismatch(f"a person's words in {section.id} are {section.content!r}, not {wanted!r}")
        self.learn()

    def learn(self) -> None:
        """Where a person's words stand now, and what is locked."""
        heads = [head for head in self.book.ledger.heads() if head.kind == "section"]
        locked = {section.id for _, section in self.book.value.sections() if section.locked}
        kept = (head for head in heads if head.origin is Origin.HUMAN or head.object_id in locked)
        self.human = {head.object_id: head.text.strip("\n") for head in kept}


def answers(random: Random) -> Callable[[str, Request], Any]:
    """What the provider says: prose full of facts, and a cast."""

    def answer(kind: str, request: Request) -> Any:
        if kind == "section" or kind.endswith("summary"):
            return prose.prose(random, 2, 5)
        if kind == "characters":
            return json.dumps(prose.cast(random), ensure_ascii=False)
        return None

    return answer


# ── acts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _section(shelf: Shelf, random: Random) -> Any:
    return random.choice([s for chapter in shelf.book.chapters for s in chapter.sections])


async def edit(shelf: Shelf, random: Random) -> None:
    section = _section(shelf, random)
    if section.text:
        text = prose.edited(random, section.text)
        section.edit(text)
        shelf.human[section.id] = text.strip()


async def edit_file(shelf: Shelf, random: Random) -> None:
    """The cast, in the file."""
    path = shelf.book.folder.root / "characters" / "profiles.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    listed = document["characters"] if isinstance(document, dict) else document
    if listed:
        random.choice(listed)["age"] = random.choice(prose.NUMBERS)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    shelf.book.look_for_edits()


async def edit_outline(shelf: Shelf, random: Random) -> None:
    path = shelf.book.folder.root / "outline.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("thing", random.choice(("deed", "act", "34 things")), 1), encoding="utf-8")
    shelf.book.look_for_edits()


async def restructure(shelf: Shelf, random: Random) -> None:
    book, section = shelf.book, _section(shelf, random)
    chapters = len(book.chapters)
    number = random.randint(1, chapters)
    wishes: Sequence[Callable[[], Any]] = (
        lambda: book.move(str(number), str(random.randint(1, chapters))),
        lambda: book.move(section.number, f"{number}.1"),
        lambda: book.add_section(number, "Ash", prose.line(random)),
        lambda: book.split(section.number, 2),
        lambda: book.merge(section.number),
        lambda: book.merge(str(number)),
        lambda: book.delete(section.number, force=True),
        lambda: book.delete(str(number), force=True) if chapters > 2 else None,
        lambda: book.undelete(random.choice(book.removed).part.id),
    )
    shelf.human.clear()  # a split or merge cuts a person's words; whose they are is learnt again below
    try:
        random.choice(wishes)()
    finally:
        shelf.learn()


async def rewrite(shelf: Shelf, random: Random) -> None:
    """A section, or what is stale: proposals that are accepted, rejected or left."""
    stale = random.random() < 0.3
    async with gk.background():
        if stale:
            await shelf.book.rewrite(stale=True)
        else:
            note = random.choice(("", "shorter"))
            await shelf.book.rewrite(_section(shelf, random).number, note=note, variants=random.choice((1, 2)))
    for proposal in shelf.book.proposals():
        fate = random.random()
        if fate < 0.5:
            _take(shelf, proposal.id)
        elif fate < 0.8:
            shelf.book.reject(proposal.id)


def _take(shelf: Shelf, proposal: int) -> None:
    try:
        shelf.human.pop(shelf.book.ledger.proposal(proposal).revision.object_id, None)
        shelf.book.accept(proposal, over=True)
    finally:
        shelf.learn()


async def restore(shelf: Shelf, random: Random) -> None:
    section = _section(shelf, random)
    others = [version for version in section.history() if version.state != "current"]
    if others:
        shelf.human.pop(section.id, None)
        try:
            section.restore(random.choice(others).id)
        finally:
            shelf.learn()


async def accept_stale(shelf: Shelf, random: Random) -> None:
    maybe = random.random() < 0.5
    report = shelf.book.stale()
    oracle, look = shelf.oracle(), shelf.look()
    wanted = {(t.object_id, t.kind): oracle.today(look, (t.object_id, t.kind))[0] for t in report.texts}
    for text in shelf.book.accept_stale(maybe=maybe):
        place = text.object_id, text.kind
        shelf.judgements[look.heads[place].id] = wanted[place]


async def lock(shelf: Shelf, random: Random) -> None:
    section = _section(shelf, random)
    shelf.book.set_locked(section.id, not shelf.book.manuscript.section(section.id)[1].locked)


async def write_on(shelf: Shelf, random: Random) -> None:
    await write(shelf.book)


async def reopen(shelf: Shelf, random: Random) -> None:
    before = shelf.book.value
    shelf.book = shelf.desk.reopen(shelf.book.folder.root.name)
    if shelf.book.value.chapters != before.chapters:
        raise Mismatch("the book is another one after opening it again")


ACTS: tuple[Callable[[Shelf, Random], Awaitable[None]], ...] = (
    edit, edit, edit, edit_file, edit_outline, restructure, restructure, rewrite, rewrite, restore, accept_stale,
    lock, write_on, reopen,
)  # fmt: skip


# ── histories ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Tally:
    histories: int = 0
    compared: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    grades: Counter[str] = field(default_factory=Counter)


async def play(folder: Path, seed: int, number: int, tally: Tally, steps: int = 5) -> None:
    """One history of a book of its own; raises `Mismatch`."""
    random = Random(f"{seed} {number}")
    desk = Desk(folder)
    desk.answer = answers(random)
    book = desk.create(f"book{number}", chapters=random.randint(2, 3), sections=2, brief=prose.prose(random, 2, 3))
    await write(book)
    shelf = Shelf(desk, book)
    shelf.check()
    if shelf.grades:
        raise Mismatch(f"a book that was just written is out of date: {book.stale()!r}")
    for _ in range(steps):
        act = random.choice(ACTS)
        try:
            await act(shelf, random)
            tally.acts[act.__name__] += 1
        except GhostkitError as refused:
            tally.refused[f"{act.__name__}: {refused.code}"] += 1
        except IndexError:  # nothing to choose from
            tally.refused[act.__name__] += 1
        try:
            shelf.check()
        except Mismatch as error:
            raise Mismatch(f"--seed {seed} --only {number}, after {act.__name__}: {error}") from error
    tally.histories += 1
    tally.compared += shelf.compared
    tally.grades.update(shelf.grades)
    desk.leave()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.workbench.stale_books", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, default=None, metavar="N")
    options = parser.parse_args()
    tally, failures = Tally(), []
    for number in range(options.count) if options.only is None else [options.only]:
        with tempfile.TemporaryDirectory(prefix="ghostkit-stale-") as folder:
            try:
                anyio.run(play, Path(folder), options.seed, number, tally)
            except Mismatch as error:
                failures.append(str(error))
                print(failures[-1], flush=True)
                if len(failures) >= 5:
                    break
    print(f"{tally.histories} histories, {tally.compared} comparisons, {len(failures)} mismatches, seed {options.seed}")
    print(f"acts {dict(tally.acts)}; refused {dict(tally.refused)}; graded {dict(tally.grades)}")
    return 1 if failures or not tally.histories else 0


if __name__ == "__main__":
    sys.exit(main())
