"""The book as plain values and plain files; knows no model, no network and no ledger."""

from ghostkit.book.brief import language_of, read_brief, title_from_brief
from ghostkit.book.checkpoints import CheckpointManager
from ghostkit.book.files import (
    read_text,
    read_text_or_none,
    sweep_temporaries,
    write_atomic,
    write_if_changed,
    write_text,
)
from ghostkit.book.folder import ProjectFolder, Shelf
from ghostkit.book.ids import book_id, chapter_id, next_id, section_id
from ghostkit.book.model import (
    Book,
    BookOutline,
    BookSettings,
    Chapter,
    ChapterOutline,
    ChapterPlan,
    Character,
    CharacterRole,
    Relationship,
    Removed,
    Section,
    SectionPlan,
    Style,
)
from ghostkit.book.shape import shape_from_brief
from ghostkit.book.slug import inside, safe_slug
from ghostkit.book.status import (
    CHAPTER_TRANSITIONS,
    SECTION_TRANSITIONS,
    ChapterStatus,
    SectionStatus,
    check_transition,
)
from ghostkit.book.structure import dump_structure, load_structure, validate_settings
from ghostkit.book.styles import STYLES, style_named, style_names

__all__ = [
    "CHAPTER_TRANSITIONS",
    "SECTION_TRANSITIONS",
    "STYLES",
    "Book",
    "BookOutline",
    "BookSettings",
    "Chapter",
    "ChapterOutline",
    "ChapterPlan",
    "ChapterStatus",
    "Character",
    "CharacterRole",
    "CheckpointManager",
    "ProjectFolder",
    "Relationship",
    "Removed",
    "Section",
    "SectionPlan",
    "SectionStatus",
    "Shelf",
    "Style",
    "book_id",
    "chapter_id",
    "check_transition",
    "dump_structure",
    "inside",
    "language_of",
    "load_structure",
    "next_id",
    "read_brief",
    "read_text",
    "read_text_or_none",
    "safe_slug",
    "section_id",
    "shape_from_brief",
    "style_named",
    "style_names",
    "sweep_temporaries",
    "title_from_brief",
    "validate_settings",
    "write_atomic",
    "write_if_changed",
    "write_text",
]
