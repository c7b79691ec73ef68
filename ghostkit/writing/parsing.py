"""Read the JSON a model answered with; untrusted, so validated here and nowhere else."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ghostkit.errors import BadRequest

_FENCE = re.compile(r"^\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)
_M = TypeVar("_M", bound=BaseModel)


class UnreadableAnswer(BadRequest):
    """A model was asked for JSON of a certain shape and gave something else; the answer is kept."""

    code = "unreadable_answer"


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


class PlannedPart(_Answer):
    """A chapter of a book's outline, or a section of a chapter's."""

    title: str = Field(min_length=1, max_length=300)
    brief: str = Field(default="", max_length=20_000)
    points: list[str] = Field(default_factory=list, max_length=200)

    @field_validator("title", "brief")
    @classmethod
    def _one_paragraph(cls, text: str) -> str:
        # Kept on one line: an outline is a Markdown file whose lines mean something.
        return " ".join(text.split())

    @field_validator("points")
    @classmethod
    def _one_line_each(cls, points: list[str]) -> list[str]:
        return [line for point in points if (line := " ".join(point.split()))]


class PlannedChapter(PlannedPart):
    """A chapter of a book's outline; `part` and `goals` only where the book has such."""

    part: str = Field(default="", max_length=300)
    goals: list[str] = Field(default_factory=list, max_length=50)

    @field_validator("part")
    @classmethod
    def _part_on_one_line(cls, text: str) -> str:
        return " ".join(text.split())

    @field_validator("goals")
    @classmethod
    def _one_line_a_goal(cls, goals: list[str]) -> list[str]:
        return [line for goal in goals if (line := " ".join(goal.split()))]


class OutlineAnswer(_Answer):
    summary: str = ""
    chapters: list[PlannedChapter] = Field(min_length=1, max_length=500)

    @field_validator("summary")
    @classmethod
    def _one_paragraph(cls, text: str) -> str:
        return " ".join(text.split())


class TermAnswer(_Answer):
    term: str = Field(min_length=1, max_length=200)
    definition: str = Field(min_length=1, max_length=4000)

    @field_validator("term", "definition")
    @classmethod
    def _on_one_line(cls, text: str) -> str:
        return " ".join(text.split())


class GlossaryAnswer(_Answer):
    terms: list[TermAnswer] = Field(default_factory=list, max_length=2000)


class ChapterOutlineAnswer(_Answer):
    sections: list[PlannedPart] = Field(min_length=1, max_length=100)


class _Lore(BaseModel):
    """Keeps fields it doesn't know, as facts, and every text as it is: a person's own is read by these too."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, value: Any) -> Any:
        # A model says null for what it has nothing to say of; among a person's facts it means something.
        known = cls.model_fields
        return {k: v for k, v in value.items() if v is not None or k not in known} if isinstance(value, dict) else value

    @property
    def added(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class StageAnswer(_Lore):
    since_chapter: int = Field(ge=0)
    description: str = ""
    traits: list[str] = Field(default_factory=list)
    arc: str = ""


class PersonAnswer(_Lore):
    name: str = Field(min_length=1, max_length=200)
    role: str = "supporting"
    description: str = ""
    traits: list[str] = Field(default_factory=list)
    backstory: str = ""
    arc: str = ""
    aliases: list[str] = Field(default_factory=list)
    voice: str = ""
    since_chapter: int = Field(default=1, ge=0)
    stages: list[StageAnswer] = Field(default_factory=list)


class Bond(_Lore):
    to: str
    kind: str
    description: str = ""


class CharacterAnswer(_Lore):
    """What was missing of a profile; all of it optional, since only what was asked for counts."""

    name: str = Field(default="", max_length=200)
    role: str = ""
    description: str = ""
    traits: list[str] = Field(default_factory=list)
    voice: str = ""
    backstory: str = ""
    arc: str = ""
    relationships: list[Bond] = Field(default_factory=list)


class DevelopmentAnswer(_Lore):
    """What has changed of a person; what is empty is as before."""

    description: str = ""
    traits: list[str] = Field(default_factory=list)
    arc: str = ""


class RelationshipAnswer(_Lore):
    from_: str = Field(alias="from")
    to: str
    kind: str = "knows"
    description: str = ""
    since_chapter: int = Field(default=1, ge=0)


class CharactersAnswer(_Answer):
    """`file_extra` is only there in what a person wrote: what stands beside the lists in their files."""

    characters: list[PersonAnswer] = Field(default_factory=list)
    relationships: list[RelationshipAnswer] = Field(default_factory=list)
    file_extra: dict[str, dict[str, Any]] = Field(default_factory=dict)


class BibleEntryAnswer(_Lore):
    name: str = Field(min_length=1)
    kind: str = "thing"
    description: str = ""
    aliases: list[str] = Field(default_factory=list)
    since_chapter: int = Field(default=1, ge=0)
    stages: list[StageAnswer] = Field(default_factory=list)


class BibleAnswer(_Answer):
    entries: list[BibleEntryAnswer] = Field(default_factory=list)
    file_extra: dict[str, dict[str, Any]] = Field(default_factory=dict)


def parse_answer(shape: type[_M], text: str, what: str) -> _M:
    """The answer as `shape`; Raises `UnreadableAnswer` naming the first thing wrong with it."""
    fenced = _FENCE.match(text)
    try:
        return shape.model_validate(json.loads(fenced.group(1) if fenced else text))
    except json.JSONDecodeError as error:
        reason = f"it is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
    raise UnreadableAnswer(
        f"The model's {what} can't be used: {reason}.",
        fix="Try again, or choose a model that keeps to JSON; the answer is kept in the ledger.",
    )
