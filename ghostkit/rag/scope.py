"""What a question may see: the rule that keeps later chapters out, and the filters a caller sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ghostkit.errors import InputError

_NOTHING: Mapping[str, str | int | float] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Placed:
    """What a scope looks at of a document."""

    id: str
    kind: str
    chapter: int | None = None
    section: int | None = None
    since_chapter: int | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str | int | float] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Which documents a question sees; everything it is answered with, statistics included, comes from these.

    `before` is (chapter, section): only what stands before that place in the book's order is seen. (5, 1) asks on
    behalf of 5.1, and (6, 0) as of the end of chapter 5. A document outside the book's order is seen if its
    `since_chapter` has come. None: the whole book, spoilers and all.
    """

    before: tuple[int, int] | None = None
    chapters: tuple[int, int] | None = None
    """First and last, both included; documents outside the book's order are not touched by it."""
    kinds: frozenset[str] | None = None
    documents: frozenset[str] | None = None
    """Only these, by id."""
    without: frozenset[str] = frozenset()
    """Not these: what is read in full already, for one."""
    tags: frozenset[str] = frozenset()
    """All of them."""
    metadata: Mapping[str, str | int | float] = field(default_factory=lambda: _NOTHING)
    """Equal to all of these."""

    def __post_init__(self) -> None:
        if self.chapters is not None and not 1 <= self.chapters[0] <= self.chapters[1]:
            raise InputError(
                f"Chapters {self.chapters[0]} to {self.chapters[1]} are no range.", fix="Give first and last, from 1."
            )

    def sees(self, document: Placed) -> bool:
        return self._has_come(document) and self._wanted(document)

    def _has_come(self, document: Placed) -> bool:
        if self.before is None:
            return True
        if document.chapter is None:
            return document.since_chapter is None or document.since_chapter <= self.before[0]
        if document.section is None:  # all of its chapter, what comes after a section of it too
            return document.chapter < self.before[0]
        return (document.chapter, document.section) < self.before

    def _wanted(self, document: Placed) -> bool:
        return (
            document.id not in self.without
            and self._in_range(document.chapter)
            and (self.kinds is None or document.kind in self.kinds)
            and (self.documents is None or document.id in self.documents)
            and self.tags <= set(document.tags)
            and all(document.metadata.get(name) == value for name, value in self.metadata.items())
        )

    def _in_range(self, chapter: int | None) -> bool:
        return self.chapters is None or chapter is None or self.chapters[0] <= chapter <= self.chapters[1]

    @property
    def key(self) -> str:
        """The same for scopes that see the same of any book."""
        parts = (
            self.before,
            self.chapters,
            None if self.kinds is None else sorted(self.kinds),
            None if self.documents is None else sorted(self.documents),
            sorted(self.without),
            sorted(self.tags),
            sorted(self.metadata.items()),
        )
        return repr(parts)


EVERYTHING = Scope()
