"""Books for the export tests, all written here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ghostkit.book.model import Book, Chapter, Section
from ghostkit.export import Document, build_document

MOMENT = datetime(2026, 11, 20, 12, 30, 15, 250_000, tzinfo=UTC)
IDENTIFIER = "5f0c5e0e-6c0a-4e6e-9a52-1c52d6d0f001"

PROSE = """The road to the Fourth Gate ran *white* under a sky of old tin, and **none of the names** was hers.

“You came by the salt,” said the keeper. He set down the lamp — and `waited`.

***

> Whoever drinks at the gate\\
> owes the gate a day.

- the mark of the well,
- the mark of the courier, crossed out.

3. Third.
4. Fourth.

   Loose.

| Call | Promises | Cost |
|:-----|:--------:|-----:|
| `write` | nothing | 3 |
| `a\\|b` | *much* | 12 |

#### What the disk may do

```python
if a < b and b > c: print("x")
```

See [the end](#home-by-the-low-water) or [a page](https://example.org/a?b=1&c=2#d), or <mailto:ines@example.org>.
"""

Chapters = Sequence[tuple[str, Sequence[tuple[str, str]]]]
PLAIN: Chapters = (
    ("The Fourth Gate", (("The Keeper", PROSE), ("The Wheel", "A short one.\n\nAnd more."))),
    ("Home by the Low Water", (("", "No title here."), ("", "None here either."))),
)


def make_book(chapters: Chapters = PLAIN, *, title: str = "The Salt Road", language: str = "en", **meta: Any) -> Book:
    """A book of (chapter title, [(section title, Markdown)])."""
    return Book(
        id=IDENTIFIER,
        title=title,
        language=language,
        metadata=meta,
        chapters=tuple(
            Chapter(
                id=f"ch{number}",
                number=number,
                title=chapter_title,
                sections=tuple(
                    Section(id=f"s{number}-{at}", number=at, title=section_title, content=content)
                    for at, (section_title, content) in enumerate(sections, start=1)
                ),
            )
            for number, (chapter_title, sections) in enumerate(chapters, start=1)
        ),
    )


def make_document(chapters: Chapters = PLAIN, *, rehearsal: bool = False, **book: Any) -> Document:
    return build_document(
        make_book(chapters, **book),
        rehearsal=rehearsal,
        identifier=IDENTIFIER,
        modified=MOMENT,
        generator="ghostkit 0.1.0",
    )
