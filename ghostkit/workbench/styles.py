"""`book.styles`: the writing styles of one book: those that ship, and its own in `styles/`, which come first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit.book import Book as BookValue
from ghostkit.book import (
    ListedStyle,
    Style,
    changed_style,
    list_styles,
    read_style,
    render_style,
    shipped_styles,
    style_from,
    style_named,
    style_names,
    write_atomic,
)
from ghostkit.errors import InputError, storage_errors
from ghostkit.events import Event, EventType
from ghostkit.ledger import text_hash

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


class Styles:
    """The styles a book can be written in. Editing a shipped one makes a copy of it in the book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def names(self) -> tuple[str, ...]:
        return style_names(self._book.folder)

    def list(self) -> tuple[ListedStyle, ...]:
        """Every style with its kind, what it is and where it comes from."""
        return list_styles(self._book.folder)

    def get(self, name: str | None = None) -> Style:
        """The style of that name, else the one the book is written in."""
        return style_named(name or self.current, self._book.folder)

    @property
    def current(self) -> str:
        """The name of the style the book is written in."""
        return self._book.value.style

    def add(self, style: Style | Mapping[str, Any] | str | Path) -> Style:
        """Take a style into the book: a `Style`, a mapping of its fields, or a JSON file.

        Raises:
            InputError: it is no style (naming the field), or there is one of that name.
        """
        if isinstance(style, str | Path):
            made = read_style(Path(style))
        else:
            fields = style if isinstance(style, Mapping) else {n: getattr(style, n) for n in Style.__dataclass_fields__}
            made = style_from(fields, "The style")
        if made.name in self.names():
            raise InputError(
                f"There is a style {made.name!r} already.", fix="Edit that one, or give yours another name."
            )
        return self._write(made)

    def edit(self, name: str, /, **fields: Any) -> Style:
        """Change fields of a style: `edit("noir", guide="…", avoid=["…"])`. A shipped one becomes the book's own copy.

        Raises:
            InputError: a field there is not, or of the wrong type; the name (it is what the file is called).
        """
        before = self.get(name)
        if fields.get("name", name) != name:
            raise InputError("A style's name can't be edited.", fix="Add one under the new name, and remove this one.")
        changed = changed_style(before, fields, f"The style {name!r}")
        return before if changed == before else self._write(changed)

    def remove(self, name: str) -> None:
        """Remove the book's own style; of a shipped one, the book's own version.

        Raises:
            InputError: it ships with ghostkit, or the book is written in it and would be left without.
        """
        shipped = name in shipped_styles()
        row = next((row for row in self.list() if row.name == name), None)
        if row is None:
            style_named(name, self._book.folder)
        if row is None or row.origin == "shipped":
            raise InputError(f"The style {name!r} ships with ghostkit and can't be removed.", fix="Leave it unused.")
        if name == self.current and not shipped:
            raise InputError(
                f"The book is written in {name!r}.", fix=f"Choose another style first: {', '.join(self.names()[:5])} …"
            )
        path = self._book.folder.style(name)
        with storage_errors(path, "remove"):
            path.unlink(missing_ok=True)
        self._record(f"styles/{name}.json", "")

    def use(self, name: str) -> Style:
        """Write the book in this style from now on. What is written already is then out of date: see `book.stale()`."""
        style = style_named(name, self._book.folder)

        def change(book: BookValue) -> BookValue:
            return replace(book, style=name)

        if self.current != name:
            self._book.manuscript.change_structure(change)
            self._record("book.json", f"style: {name}")
        return style

    def _write(self, style: Style) -> Style:
        text = render_style(style)
        write_atomic(self._book.folder.style(style.name), text.encode(), "book")
        self._record(f"styles/{style.name}.json", text)
        return style

    def _record(self, path: str, text: str) -> None:
        record_edit(self._book, "style", path, text)

    def __iter__(self) -> Iterator[ListedStyle]:
        return iter(self.list())

    def __repr__(self) -> str:
        names = (f"[{name}]" if name == self.current else name for name in self.names())
        return f"<Styles: {', '.join(names)}>"

    def _repr_html_(self) -> str:
        from ghostkit.workbench.pages import table_html

        current = self.current
        rows = [
            ("✓" if row.name == current else "", row.name, row.kind, row.origin, row.problem or row.description)
            for row in self.list()
        ]
        return table_html(("", "style", "kind", "from", ""), rows)


def record_edit(book: Book, kind: str, path: str, text: str) -> None:
    """Keep in the ledger that a person changed a file the book is written by."""
    data = {"object": book.value.id, "kind": kind, "path": path, "revision": text_hash(text)[:12]}
    event = Event(type=EventType.HUMAN_EDIT, data=data, source="workbench")
    for fresh in book.ledger.record([event], book.who()):
        book.events.emit(fresh)
