"""What an untrusted `book.json` must look like. Imports pydantic, so it is itself imported late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ghostkit.book.model import Book, BookSettings, Chapter, Removed, Section
from ghostkit.book.structure import FORMAT, as_utc, damaged, parse_json
from ghostkit.errors import BookDamaged

# An id stands in slots and in the comments of outline.md, so it holds nothing that could end one.
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*$", max_length=64)]


Model = TypeVar("Model", bound=BaseModel)


class Document(BaseModel):
    """Strict about known fields, and keeps those that a person added."""

    model_config = ConfigDict(strict=True, extra="allow")

    @property
    def added(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class SettingsDocument(Document):
    chapters: int = BookSettings.chapters
    sections: int = BookSettings.sections
    words: int = BookSettings.words
    kind: str = BookSettings.kind
    model: str = BookSettings.model
    continuity_lag: int = BookSettings.continuity_lag
    temperature: float = BookSettings.temperature


class SectionDocument(Document):
    id: Id
    title: str
    brief: str = ""
    points: list[str] = Field(default_factory=list)
    locked: bool = False
    locked_spans: list[str] = Field(default_factory=list)


class ChapterDocument(Document):
    id: Id
    title: str
    part: str = ""
    brief: str = ""
    goals: list[str] = Field(default_factory=list)
    points: list[str] = Field(default_factory=list)
    serial: int = Field(default=0, ge=0)
    sections: list[SectionDocument] = Field(default_factory=list)


class RemovedDocument(SectionDocument):
    """A section, or with `sections` a chapter, that was taken out."""

    part: str = ""
    goals: list[str] = Field(default_factory=list)
    parent: str = ""
    after: str = ""
    into: str = ""
    serial: int = Field(default=0, ge=0)
    sections: list[SectionDocument] | None = None


class BookDocument(Document):
    format: int
    id: Id
    title: str
    original_title: str = ""
    language: str = "en"
    instructions: str = ""
    style: str = "plain"
    settings: SettingsDocument = Field(default_factory=SettingsDocument)
    metadata: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    serial: int = Field(default=0, ge=0)
    chapters: list[ChapterDocument] = Field(default_factory=list)
    removed: list[RemovedDocument] = Field(default_factory=list)


def parse_book(text: str, where: str) -> Book:
    """The book in `text`; raises `BookDamaged`."""
    value = parse_json(text, where)
    if not isinstance(value, dict):
        raise damaged(where, "it must be one JSON object")
    _check_format(value.get("format"), where)
    document = validated(BookDocument, text, where)
    _check_ids(document, where)
    return _book(document)


def validated(model: type[Model], text: str, where: str) -> Model:
    """`text` as `model`; the first thing that doesn't fit becomes one `BookDamaged` naming its field."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = _path(first["loc"])
        raise damaged(where, f"{field}: {first['msg']}" if field else first["msg"]) from error


def _path(location: tuple[int | str, ...]) -> str:
    """`("chapters", 2, "title")` as `chapters[2].title`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _check_format(version: object, where: str) -> None:
    if version == FORMAT and not isinstance(version, bool):
        return
    if isinstance(version, int) and version > FORMAT:
        raise BookDamaged(
            f"{where} can't be read: format {version} is newer than this ghostkit knows ({FORMAT}).",
            fix="Update ghostkit, or restore an older book.json from checkpoints/.",
            path=where,
        )
    raise damaged(where, f"format: must be {FORMAT}, not {version!r}")


def _check_ids(document: BookDocument, where: str) -> None:
    seen: dict[str, str] = {}
    for field, identity in _ids(document):
        if identity in seen:
            raise damaged(where, f"{field}: the id {identity!r} is also that of {seen[identity]}")
        seen[identity] = field


def _ids(document: BookDocument) -> Iterator[tuple[str, str]]:
    for place, chapter in enumerate(document.chapters):
        yield f"chapters[{place}].id", chapter.id
        for inner, section in enumerate(chapter.sections):
            yield f"chapters[{place}].sections[{inner}].id", section.id


def _book(document: BookDocument) -> Book:
    settings = document.settings
    return Book(
        id=document.id,
        title=document.title,
        original_title=document.original_title,
        language=document.language,
        instructions=document.instructions,
        style=document.style,
        settings=BookSettings(
            chapters=settings.chapters,
            sections=settings.sections,
            words=settings.words,
            kind=settings.kind,
            model=settings.model,
            continuity_lag=settings.continuity_lag,
            temperature=settings.temperature,
            extra=settings.added,
        ),
        chapters=tuple(_chapter(number, chapter) for number, chapter in enumerate(document.chapters, 1)),
        metadata=document.metadata,
        created_at=as_utc(document.created_at) if document.created_at else None,
        updated_at=as_utc(document.updated_at) if document.updated_at else None,
        serial=max(document.serial, len(document.chapters)),
        removed=_removed(document),
        extra=document.added,
    )


def _removed(document: BookDocument) -> tuple[Removed, ...]:
    """What was taken out; whatever a person put back by hand is in the book and nowhere else."""
    there = {identity for _, identity in _ids(document)}
    return tuple(
        Removed(
            part=_section(0, gone) if gone.sections is None else _removed_chapter(gone, gone.sections),
            parent=gone.parent, after=gone.after, into=gone.into,
        )
        for gone in document.removed
        if gone.id not in there
    )  # fmt: skip


def _removed_chapter(gone: RemovedDocument, sections: list[SectionDocument]) -> Chapter:
    return Chapter(
        id=gone.id,
        number=0,
        title=gone.title,
        part=gone.part,
        brief=gone.brief,
        goals=tuple(gone.goals),
        points=tuple(gone.points),
        sections=tuple(_section(place, section) for place, section in enumerate(sections, 1)),
        serial=gone.serial,
        extra=gone.added,
    )


def _chapter(number: int, document: ChapterDocument) -> Chapter:
    return Chapter(
        id=document.id,
        number=number,
        title=document.title,
        part=document.part,
        brief=document.brief,
        goals=tuple(document.goals),
        points=tuple(document.points),
        sections=tuple(_section(place, section) for place, section in enumerate(document.sections, 1)),
        serial=max(document.serial, len(document.sections)),
        extra=document.added,
    )


def _section(number: int, document: SectionDocument) -> Section:
    return Section(
        id=document.id,
        number=number,
        title=document.title,
        brief=document.brief,
        points=tuple(document.points),
        locked=document.locked,
        locked_spans=tuple(filter(str.strip, document.locked_spans)),
        extra=document.added,
    )
