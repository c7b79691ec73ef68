"""Where the texts of a book are filed in a cache, so that people can find them by globs.

chapter:3:section:2:…    chapter:3:chapter_outline:…    book:outline:…    book:characters:…
and in `summaries`       chapter:3:chapter_summary:…
"""

from __future__ import annotations

from ghostkit.cache import Kind
from ghostkit.errors import UnknownName
from ghostkit.generation import FileUnder
from ghostkit.ledger import Slot
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.plan import SECTION


def file_under(manuscript: Manuscript) -> FileUnder:
    """The kind of cache and the prefix for a slot, by the numbers the book has now."""

    def place(slot: Slot) -> tuple[Kind, str]:
        kind: Kind = "summaries" if slot.kind.endswith("summary") else "generations"
        return kind, _prefix(manuscript, slot)

    return place


def _prefix(manuscript: Manuscript, slot: Slot) -> str:
    try:
        if slot.kind == SECTION:
            chapter, section = manuscript.section(slot.object_id)
            return f"chapter:{chapter.number}:section:{section.number}"
        if slot.object_id != manuscript.book.id:
            return f"chapter:{manuscript.chapter(slot.object_id).number}:{slot.kind}"
    except UnknownName:  # taken out of the book, or no part of it
        return f"other:{slot.kind}"
    return f"book:{slot.kind}"
