"""Books made of the performance guide's plain dictionaries: see `ghostkit/book/legacy.py` for their shape."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit import book as values
from ghostkit.book import ProjectFolder, dump_structure
from ghostkit.book.legacy import from_legacy
from ghostkit.events import Event, EventType
from ghostkit.ledger import text_hash
from ghostkit.workbench.creation import check_title, make_value, prepare_folder
from ghostkit.workbench.model_choice import check_model
from ghostkit.workbench.services import Services
from ghostkit.writing import adoption
from ghostkit.writing.absorbing import Absorber
from ghostkit.writing.plan import CHAPTER_SUMMARY, CHARACTERS, OUTLINE, SECTION
from ghostkit.writing.tracked_files import FileKeeper, all_files

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book

_WISH = {
    "title": None, "brief": "", "chapters": None, "sections": None, "words": None, "language": None, "style": None,
    "model": None, "author": "", "continuity_lag": None,
}  # fmt: skip


def legacy_value(document: Mapping[str, Any], **wish: Any) -> values.Book:
    """The new book a dictionary tells of, with what it doesn't say taken from `wish` (see `Book.create`).

    Raises `InputError` for a dictionary of another shape, and where neither says what the book is to be called.
    """
    told = from_legacy(document)
    given = {name: value for name, value in wish.items() if value not in (None, "")}
    chapters = len(told.chapters) or None
    if not (told.instructions or given.get("brief")):
        check_title(told.title or given.get("title"))  # the one thing it can't do without
    made = make_value(
        **{
            **_WISH, "chapters": chapters, **given, "title": told.title or given.get("title"),
            "brief": told.instructions or given.get("brief") or told.title,
            "language": document.get("language") or given.get("language"),
            "style": document.get("style") or given.get("style"),
        }
    )  # fmt: skip
    salt = text_hash(json.dumps(document["toc"], sort_keys=True, default=str)) if told.chapters else ""
    identity = values.book_id(
        made.title, made.instructions, made.language, style=made.style, settings=made.settings, salt=salt
    )
    base: dict[str, Any] = {**json.loads(dump_structure(made)), "id": identity}
    del base["chapters"], base["format"]
    told_fields = {name: value for name, value in document.items() if value not in (None, "", {}) or name not in base}
    settings = {**base["settings"], **(document.get("settings") or {})}
    whole = from_legacy({**base, **told_fields, "settings": settings, "title": made.title, "language": made.language})
    numbered = (replace(c, title=c.title.strip() or f"Chapter {c.number}") for c in whole.chapters)
    # What a whole book's summary says is derived here; a person's is kept as they gave it.
    extra = {**whole.extra, **({"summary": whole.summary} if whole.summary else {})}
    return replace(whole, chapters=tuple(numbered), extra=extra)


def create_from_legacy(
    kind: type[Book], document: Mapping[str, Any], path: str | Path, services: Services | None, **wish: Any
) -> Book:
    """Make a book in the folder `path` of a dictionary; its texts are recorded as a person's revisions."""
    value = legacy_value(document, **wish)
    if value.settings.model:
        check_model(value.settings.model, (services or Services()).providers)
    folder = ProjectFolder(Path(path))
    prepare_folder(folder, value)
    live = kind.open(folder.root, services=services)
    _record_texts(live, value)
    return live


def _record_texts(live: Book, value: values.Book) -> None:
    """Record what isn't recorded yet, so that a creation that was cut off is finished by doing it again."""
    who, taken = live.who(), []
    with live.ledger.exclusive_if_free() as free:
        if not free:
            return
        for object_id, kind, text in _texts(value):
            if live.ledger.head(object_id, kind) is None:
                data = {"object": object_id, "kind": kind, "path": "", "revision": text_hash(text)[:12]}
                event = Event(type=EventType.HUMAN_EDIT, data=data, source="workbench")
                live.ledger.add_human_revision(object_id, kind, text, who, base_id=None, events=[event])
                taken.append(event)
        if taken:
            live.manuscript.reload()
            FileKeeper(live.manuscript, Absorber(live.manuscript, who)).derive(all_files)
    for event in taken:
        live.events.emit(event)


def _texts(value: values.Book) -> Iterator[tuple[str, str, str]]:
    """(object id, kind, text) of everything a person wrote."""
    if value.chapters:
        yield value.id, OUTLINE, adoption.outline_text(value)
    if value.characters:
        yield value.id, CHARACTERS, adoption.characters_text(value.characters)
    if value.bible:
        yield value.id, adoption.BIBLE, adoption.bible_text(value.bible)
    for chapter, section in value.sections():
        if section.content.strip():
            yield section.id, SECTION, section.content.strip("\n")
        if section is chapter.sections[-1] and chapter.summary.strip():
            yield chapter.id, CHAPTER_SUMMARY, chapter.summary.strip()
