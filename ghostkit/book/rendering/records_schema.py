"""What the untrusted JSON files beside the prose must look like. Imports pydantic, so it is itself imported late."""

from __future__ import annotations

from pydantic import Field

from ghostkit.book.model import CharacterRole
from ghostkit.book.status import ChapterStatus, SectionStatus
from ghostkit.book.structure import damaged, parse_json
from ghostkit.book.structure_schema import Document, Id, Model, validated


class SectionMetadataDocument(Document):
    id: Id
    number: int = Field(ge=1)
    title: str
    status: SectionStatus = SectionStatus.PENDING
    word_count: int = Field(default=0, ge=0)
    locked: bool = False


class ChapterMetadataDocument(Document):
    id: Id
    number: int = Field(ge=1)
    title: str
    status: ChapterStatus = ChapterStatus.PENDING
    word_count: int = Field(default=0, ge=0)
    summary: str = ""
    sections: list[SectionMetadataDocument] = Field(default_factory=list)


class PlanDocument(Document):
    id: Id | None = None
    title: str
    brief: str = ""
    points: list[str] = Field(default_factory=list)


class ChapterOutlineDocument(PlanDocument):
    part: str = ""
    goals: list[str] = Field(default_factory=list)
    sections: list[PlanDocument] = Field(default_factory=list)


class StageDocument(Document):
    since_chapter: int = Field(ge=0)
    description: str = ""
    traits: list[str] = Field(default_factory=list)
    arc: str = ""


class LoreDocument(Document):
    name: str = Field(min_length=1)
    description: str = ""
    aliases: list[str] = Field(default_factory=list)
    since_chapter: int = Field(default=1, ge=0)
    stages: list[StageDocument] = Field(default_factory=list)


class ProfileDocument(LoreDocument):
    role: CharacterRole = CharacterRole.SUPPORTING
    traits: list[str] = Field(default_factory=list)
    backstory: str = ""
    arc: str = ""
    voice: str = ""


class ProfilesDocument(Document):
    characters: list[ProfileDocument]


class RelationshipDocument(Document):
    source: str = Field(alias="from", min_length=1)
    to: str = Field(min_length=1)
    kind: str
    description: str = ""
    since_chapter: int = Field(default=1, ge=0)


class RelationshipsDocument(Document):
    relationships: list[RelationshipDocument]


class BibleEntryDocument(LoreDocument):
    kind: str = "thing"


class BibleDocument(Document):
    entries: list[BibleEntryDocument]


def read(model: type[Model], text: str, where: str) -> Model:
    """`text` as `model`; what is wrong is told by line and column, or by field."""
    if not isinstance(parse_json(text, where), dict):
        raise damaged(where, "it must be one JSON object")
    return validated(model, text, where)
