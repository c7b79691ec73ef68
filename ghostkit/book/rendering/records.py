"""The JSON files beside the prose: a chapter's outline and metadata."""

from __future__ import annotations

from dataclasses import dataclass

from ghostkit.book.model import Chapter
from ghostkit.book.rendering.outline import ParsedChapter, ParsedSection
from ghostkit.book.status import ChapterStatus, SectionStatus
from ghostkit.book.structure import dump_json


@dataclass(frozen=True, kw_only=True)
class SectionMetadata:
    id: str
    number: int
    title: str
    status: SectionStatus
    word_count: int = 0
    locked: bool = False


@dataclass(frozen=True, kw_only=True)
class ChapterMetadata:
    """What `metadata.json` says of a chapter; its summary lives here and nowhere else in the folder."""

    id: str
    number: int
    title: str
    status: ChapterStatus
    word_count: int = 0
    summary: str = ""
    sections: tuple[SectionMetadata, ...] = ()


def render_metadata(chapter: Chapter) -> str:
    """The text of a chapter's `metadata.json`."""
    return dump_json(
        {
            "id": chapter.id,
            "number": chapter.number,
            "title": chapter.title,
            "status": str(chapter.status),
            "word_count": chapter.word_count,
            "summary": chapter.summary,
            "sections": [
                {
                    "id": section.id,
                    "number": section.number,
                    "title": section.title,
                    "status": str(section.status),
                    "word_count": section.word_count,
                    "locked": section.locked,
                }
                for section in chapter.sections
            ],
        }
    )


def parse_metadata(text: str, where: str = "metadata.json") -> ChapterMetadata:
    """Raises `BookDamaged`, naming the line or the field."""
    from ghostkit.book.rendering import records_schema as schema

    found = schema.read(schema.ChapterMetadataDocument, text, where)
    sections = tuple(
        SectionMetadata(
            id=s.id, number=s.number, title=s.title, status=s.status, word_count=s.word_count, locked=s.locked
        )
        for s in found.sections
    )
    return ChapterMetadata(
        id=found.id,
        number=found.number,
        title=found.title,
        status=found.status,
        word_count=found.word_count,
        summary=found.summary,
        sections=sections,
    )


def render_chapter_outline(chapter: Chapter) -> str:
    """The text of a chapter's `outline.json`."""
    sections = [
        {"id": section.id, "title": section.title, "brief": section.brief, "points": list(section.points)}
        for section in chapter.sections
    ]
    return dump_json(
        {
            "id": chapter.id,
            "title": chapter.title,
            **({"part": chapter.part} if chapter.part else {}),
            "brief": chapter.brief,
            **({"goals": list(chapter.goals)} if chapter.goals else {}),
            "points": list(chapter.points),
            "sections": sections,
        }
    )


def parse_chapter_outline(text: str, where: str = "outline.json") -> ParsedChapter:
    """Raises `BookDamaged`, naming the line or the field."""
    from ghostkit.book.rendering import records_schema as schema

    found = schema.read(schema.ChapterOutlineDocument, text, where)
    return ParsedChapter(
        id=found.id,
        title=found.title,
        part=found.part,
        brief=found.brief,
        goals=tuple(found.goals),
        points=tuple(found.points),
        sections=tuple(
            ParsedSection(id=s.id, title=s.title, brief=s.brief, points=tuple(s.points)) for s in found.sections
        ),
    )
