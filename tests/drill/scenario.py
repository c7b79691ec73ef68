"""The book of the drill: written by `main([FOLDER])` from wherever an earlier run of it was killed.

Three chapters of four short sections, with characters; a ledger that starts two migrations behind; a person who
edits a section, the outline and a character after 1.4 and another section after 2.2; the rest two at a time; an index
of its words; three exports. Every step asks what is there already, so a run that follows a kill goes on where that
one was.

Beside FOLDER lie `bill.jsonl`, the rehearsal's own record of calls, and `person/`, what the person saved.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from ghostkit import Book

CHAPTERS, SECTIONS, WORDS = 3, 4, 60
MODEL = "GHOSTKIT_DRILL_MODEL"
"""Variable with the model that writes; without it the rehearsal, which keeps its bill beside the book."""
FORMATS = ("markdown", "html", "epub")
BRIEF = "A courier crosses a dying sea with a letter that must not be opened. Mira Vale carries it; Tomas Reed waits."
ENVIRONMENT = {
    "SOURCE_DATE_EPOCH": "1790000000",
    # Every piece of text is flushed: how often `stream.*` is passed then depends on the text and on no clock.
    "GHOSTKIT_FLUSH_INTERVAL_S": "0.000001",
    "GHOSTKIT_ACTOR": "drill",
    "CACHE_BACKEND": "file",
}


def bill_of(folder: Path) -> Path:
    return folder.parent / "bill.jsonl"


def main(arguments: list[str]) -> int:
    """Write the book in `arguments[0]`; returns the exit code, as the command line would."""
    from ghostkit.errors import GhostkitError

    folder = Path(arguments[0])
    os.environ["GHOSTKIT_REHEARSAL_BILL"] = str(bill_of(folder))
    limit_files(int(os.environ.get("GHOSTKIT_DRILL_FILE_LIMIT", "0")))
    if sabotage := os.environ.get("GHOSTKIT_DRILL_SABOTAGE"):
        from tests.drill.sabotage import apply

        apply(sabotage)
    try:
        anyio.run(write, folder)
    except GhostkitError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def limit_files(size: int) -> None:
    """Let no file grow beyond `size` bytes: writes then fail as they do on a failing disk, SQLite's own too."""
    if size:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def write(folder: Path) -> None:
    """Everything, as far as it isn't done."""
    from tests.drill.indexing import index
    from tests.drill.peopling import people
    from tests.drill.restructuring import begun, restructure
    from tests.drill.revising import revise

    start_with_an_older_ledger(folder)
    book = create(folder)
    try:
        if begun(book):
            restructure(book)  # to its end, before anything sums up a chapter that is half cut
        await book.write(until="1.4")
        await people(book)
        for name in list(EDITS)[:3]:
            edit(folder, name)
        await book.write(until="2.2")
        edit(folder, list(EDITS)[3])
        await index(book)
        await book.write(parallel=2)
        await revise(book)
        restructure(book)
        await book.write()
        await index(book)
        for name in FORMATS:
            await book.export(name)
    finally:
        book.close()


def create(folder: Path) -> Book:
    """The drill's book, made or opened."""
    import ghostkit as gk

    return gk.Book.create(
        folder, title="The Unopened Letter", brief=BRIEF, chapters=CHAPTERS, sections=SECTIONS, words=WORDS,
        model=os.environ.get(MODEL, "rehearsal"),
    )  # fmt: skip


def start_with_an_older_ledger(folder: Path) -> None:
    """As a book has it that was begun with an earlier version."""
    from ghostkit.ledger import SqliteLedger

    if not (folder / "book.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        SqliteLedger(folder / "ledger.sqlite", upto=2).close()


# ── the person ────────────────────────────────────────────────────────────────────────────────────────────


def edit(folder: Path, name: str) -> None:
    """Change a file as a person's editor does, unless that has been done; once done, the change must stay.

    What they save is kept in `person/`, with a note once it is saved: a person killed in between saves it again.
    """
    path, copy = folder / name, folder.parent / "person" / name.replace("/", "-")
    saved = copy.with_name(copy.name + ".saved")
    words, change = EDITS[name]
    if not copy.exists():
        save(copy, change(path.read_text("utf-8")))
    if words in path.read_text("utf-8"):
        saved.touch()
    elif saved.exists():
        raise SystemExit(f"LOST: {name} was saved by a person with {words!r}, which is gone")
    else:
        save(path, copy.read_text("utf-8"))
        saved.touch()


def save(path: Path, text: str) -> None:
    """Whole or not at all, as editors save; on a full disk they say so."""
    from ghostkit.errors import storage_errors

    beside = path.with_name(path.name + "~")
    with storage_errors(path, "save"):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, "utf-8")
        os.replace(beside, path)


def with_a_dark_lamp(outline: str) -> str:
    """The outline with a sentence more in the brief of chapter 2."""
    lines = outline.split("\n")
    heading = next(place for place, line in enumerate(lines) if line.startswith("## 2."))
    brief = next(place for place in range(heading + 1, len(lines)) if lines[place].strip())
    lines[brief] += " The lamp is out."
    return "\n".join(lines)


def with_a_left_hand(profiles: str) -> str:
    """The characters with the first one left-handed, in the layout of another program."""
    people = json.loads(profiles)
    first = people[0] if isinstance(people, list) else people["characters"][0]
    first["description"] += " Left-handed."
    return json.dumps(people, ensure_ascii=False, indent=4) + "\n"


EDITS: dict[str, tuple[str, Callable[[str], str]]] = {
    "chapters/chapter_01/sections/section_02.md": (
        "She counted the gulls twice.",
        lambda text: text + "\nShe counted the gulls twice.\n",
    ),
    "outline.md": ("The lamp is out.", with_a_dark_lamp),
    "characters/profiles.json": ("Left-handed.", with_a_left_hand),
    "chapters/chapter_02/sections/section_02.md": (
        "No wind, and no gulls.",
        lambda text: text.replace("\n\n", "\n\nNo wind, and no gulls.\n\n", 1),
    ),
}
"""File → the words by which a change of it is known again, and the change."""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
