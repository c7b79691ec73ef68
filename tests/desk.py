"""A desk to write books at: a folder of its own and one scripted provider whose answers a test can change."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ghostkit as gk
from ghostkit.ledger import SqliteLedger
from ghostkit.providers import Request, registry
from ghostkit.testing import ScriptedProvider
from ghostkit.workbench import Run, Services

Answer = Callable[[str, Request], Any]
BRIEF = "A courier crosses a dying sea with a map that is wrong."
QUICK = Services(ledger=lambda path: SqliteLedger(path, synchronous="OFF"), cache=lambda folder: None)
"""Nothing here is about power cuts: those tests are the ledger's, the files' and the drill's. And nothing is cached,
since a desk's answers change from one book to the next; tests of the cache say so."""
STALL = 3600.0
"""A pause no test waits for: whoever meets it must be stopped."""


class Desk:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.answer: Answer = lambda kind, request: None
        self.provider = ScriptedProvider(self._asked)
        self.answered: Counter[str] = Counter()
        """Slots by how often they got an answer."""
        self.most_at_once = 0
        self._books: list[gk.Book] = []
        registry.register_provider("scripted", lambda: self.provider)

    def _asked(self, kind: str, request: Request) -> Any:
        self.most_at_once = max(self.most_at_once, self.provider.open_streams)
        answer = self.answer(kind, request)
        if not isinstance(answer, Exception):
            self.answered[request.slot] += 1
        return answer

    @property
    def calls(self) -> int:
        return len(self.provider.requests)

    def asked_for(self) -> list[str]:
        """The kind and number of each request, in order, such as `section 2.1`."""
        return [place_of(request) for request in self.provider.requests]

    def create(self, name: str = "book", **options: Any) -> gk.Book:
        wish = {
            "title": "The Salt Road", "brief": BRIEF, "chapters": 2, "sections": 2, "words": 50, "model": "scripted:x",
        }  # fmt: skip
        return self._kept(gk.Book.create(self.root / name, services=QUICK, **{**wish, **options}))

    def open(self, name: str = "book") -> gk.Book:
        return self._kept(gk.Book.open(self.root / name, services=QUICK))

    def _kept(self, book: gk.Book) -> gk.Book:
        if book not in self._books:
            self._books.append(book)
        return book

    def leave(self) -> None:
        """Close every book, as the end of the process would."""
        for book in self._books:
            if book.active_run is None:
                book.close()
        self._books.clear()

    def reopen(self, name: str = "book") -> gk.Book:
        """The book as another process would find it."""
        self.leave()
        return self.open(name)

    def path(self, place: str, name: str = "book") -> Path:
        return self.root / name / place

    def read(self, place: str, name: str = "book") -> str:
        return self.path(place, name).read_text(encoding="utf-8")

    def edit(self, place: str, old: str, new: str, name: str = "book") -> str:
        """Change a file as a person does in an editor; gives the new text."""
        text = self.read(place, name)
        assert old in text, text
        changed = text.replace(old, new, 1)
        self.path(place, name).write_text(changed, encoding="utf-8")
        return changed

    def files(self, name: str = "book") -> dict[str, str]:
        """Every text file of the book, by path; times taken out."""
        root = self.root / name
        found = {}
        for path in sorted(root.rglob("*")):
            place = path.relative_to(root).as_posix()
            if path.is_file() and not place.startswith(("ledger", "checkpoints/", "logs/", "rag/")):
                found[place] = path.read_text(encoding="utf-8")
        document = json.loads(found["book.json"])
        found["book.json"] = json.dumps({k: v for k, v in document.items() if k not in ("created_at", "updated_at")})
        return found


async def write(book: gk.Book, **options: Any) -> Run:
    """Write to the end and wait; on asyncio and trio."""
    async with gk.background():
        return await book.write(**options)


async def finish(run: Run) -> Run:
    """Wait for the end, however it ends."""
    await run.wait()
    return run


def place_of(request: Request) -> str:
    found = re.search(r'<task kind="(\w+)"[^>]*?(?: number="([\d.]+)")?[^>]*>', request.messages[-1].text)
    assert found is not None
    kind = found.group(1)
    number = re.search(r' number="([\d.]+)"', found.group(0))
    return f"{kind} {number.group(1)}" if number else kind
