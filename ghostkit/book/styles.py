"""The styles that ship, and a book's own, which come first: `styles/<name>.json` in its folder."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from ghostkit.book.files import read_text, read_text_or_none
from ghostkit.book.folder import ProjectFolder
from ghostkit.book.model import Style
from ghostkit.book.structure import dump_json, parse_json
from ghostkit.errors import BookDamaged, GhostkitError, InputError, UnknownName

SHIPPED: Final = Path(__file__).with_name("shipped_styles")
KINDS: Final = ("any", "fiction", "non-fiction")
FIELDS: Final = ("name", "kind", "description", "guide", "do", "avoid", "sample")
LONGEST_NAME: Final = 60
_LISTS: Final = ("do", "avoid")
_ORDER: Final = (
    *("plain", "lyrical", "terse", "noir", "epic", "wry", "intimate", "young-readers", "gothic"),
    *("textbook", "how-to", "reportage", "essay", "scholarly", "report"),
)
# What people call a field that has another name here.
_MEANT: Final = {
    "dont": "avoid", "don't": "avoid", "donts": "avoid", "don'ts": "avoid", "not": "avoid", "dos": "do",
    "example": "sample", "excerpt": "sample", "text": "guide", "instructions": "guide", "prompt": "guide",
    "genre": "kind", "type": "kind", "title": "name", "summary": "description",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ListedStyle:
    """One row of the list of styles.

    `origin` is "shipped", "changed" (a shipped one that this book has its own version of) or "own"; `problem` says why
    the file can't be used.
    """

    name: str
    kind: str
    description: str
    origin: str
    problem: str = ""


@cache
def shipped_styles() -> Mapping[str, Style]:
    """Name to style, for those that ship."""
    return {name: parse_style(read_text(SHIPPED / f"{name}.json"), f"{name}.json") for name in _ORDER}


def style_named(name: str, folder: ProjectFolder | None = None) -> Style:
    """The style of that name: the book's own from `styles/<name>.json` if there is one, else a shipped one.

    Raises:
        UnknownName: neither; the message lists the names there are.
        BookDamaged: the book's own can't be read.
    """
    own = _own(name, folder) if folder else None
    style = own or shipped_styles().get(name)
    if style is None:
        names = style_names(folder)
        near = difflib.get_close_matches(name, names, n=1)
        raise UnknownName(
            f"There is no style {name!r}" + (f"; did you mean {near[0]!r}?" if near else "."),
            fix=f"Choose one of: {', '.join(names)}.",
            name=name,
        )
    return style


def style_names(folder: ProjectFolder | None = None) -> tuple[str, ...]:
    """The shipped names and, after them, the book's own."""
    return tuple(dict.fromkeys([*_ORDER, *sorted(_own_files(folder))]))


def list_styles(folder: ProjectFolder | None = None) -> tuple[ListedStyle, ...]:
    """Every style there is, the shipped ones first: the one list that notebook, terminal and menus show."""
    return tuple(_listed(name, folder) for name in style_names(folder))


def _listed(name: str, folder: ProjectFolder | None) -> ListedStyle:
    shipped = name in shipped_styles()
    origin = ("changed" if shipped else "own") if name in _own_files(folder) else "shipped"
    try:
        style = style_named(name, folder)
    except GhostkitError as error:
        return ListedStyle(name=name, kind="", description="", origin=origin, problem=error.message)
    return ListedStyle(name=name, kind=style.kind, description=style.description, origin=origin)


def style_guide(style: Style) -> str:
    """What a prompt says of a style: its paragraph, what to do, what to avoid, and a sample of the sound."""
    paragraphs = [
        style.guide,
        *_bullets("Do:", style.do),
        *_bullets("Avoid:", style.avoid),
        *(("A sample, for its sound and not for its matter:", style.sample) if style.sample else ()),
    ]
    return "\n".join(line for line in paragraphs if line)


def _bullets(heading: str, items: tuple[str, ...]) -> list[str]:
    return [heading, *(f"- {item}" for item in items)] if items else []


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────


def render_style(style: Style) -> str:
    """The text of a `styles/<name>.json`."""
    return dump_json(style_fields(style))


def style_fields(style: Style) -> dict[str, Any]:
    """A style as JSON has it."""
    return {name: list(getattr(style, name)) if name in _LISTS else getattr(style, name) for name in FIELDS}


def parse_style(text: str, where: str) -> Style:
    """Raises `BookDamaged`, naming the line or the field."""
    try:
        return style_from(parse_json(text, where), where)
    except InputError as error:
        raise BookDamaged(error.message, fix=error.fix, path=where) from error


def read_style(path: Path) -> Style:
    """The style in a file outside a book.

    Raises:
        InputError: no such file, or it is no style; the message names the line or the field.
    """
    try:
        text = read_text_or_none(path)
        value = parse_json(text, str(path)) if text is not None else None
    except BookDamaged as error:
        raise InputError(error.message, fix="Correct it in an editor.") from error
    if text is None:
        raise InputError(f"There is no file {path}.", fix="Give a JSON file as `ghostkit styles show plain --json`.")
    return style_from(value, str(path))


def style_from(value: object, where: str) -> Style:
    """The style that a mapping of its fields describes.

    Raises:
        InputError: not such a mapping; one sentence naming `where` and the field.
    """
    if not isinstance(value, Mapping):
        raise _wrong(where, "it must be one JSON object")
    for name in value:
        if name not in FIELDS:
            raise _unknown_field(str(name), where)
    if "name" not in value:
        raise _wrong(where, "name: it is missing")
    for name, given in value.items():
        _check_field(name, given, where)
    check_style_name(value["name"], where)
    known: dict[str, Any] = {name: tuple(one) if name in _LISTS else one for name, one in value.items()}
    return Style(**known)


def changed_style(style: Style, changes: Mapping[str, object], where: str) -> Style:
    """`style` with some fields changed, checked like a file of it."""
    return style_from({**style_fields(style), **changes}, where)


def check_style_name(name: str, where: str = "the style") -> str:
    """Give `name` back if a file may be called so; raises `InputError`."""
    plain = name == name.strip() and name.isprintable() and not set(name) & set('/\\<>:"|?*') and name[:1] != "."
    if not name or not plain or len(name) > LONGEST_NAME or unicodedata.normalize("NFC", name) != name:
        raise _wrong(
            where,
            f"name: {name[:80]!r} can't be the name of a file",
            f"A style's name is one to {LONGEST_NAME} letters, digits, blanks and hyphens, without a path.",
        )
    return name


def _check_field(name: str, given: object, where: str) -> None:
    if name in _LISTS:
        if not isinstance(given, list | tuple) or not all(isinstance(item, str) for item in given):
            raise _wrong(where, f"{name}: it must be a list of texts", f'Write it as "{name}": ["…", "…"].')
    elif not isinstance(given, str):
        raise _wrong(where, f"{name}: it must be a text, not {_sort(given)}", f'Write it as "{name}": "…".')
    elif name == "kind" and given not in KINDS:
        raise _wrong(where, f"kind: {given!r} is not one of {', '.join(KINDS)}")


def _sort(given: object) -> str:
    sorts = {"list": "a list", "tuple": "a list", "dict": "an object", "NoneType": "null", "bool": "true or false"}
    return sorts.get(type(given).__name__, "a number")


def _unknown_field(name: str, where: str) -> InputError:
    near = _MEANT.get(name.lower()) or next(iter(difflib.get_close_matches(name.lower(), FIELDS, n=1)), "")
    hint = f"; did you mean {near!r}?" if near else ""
    return _wrong(where, f"{name}: a style has no such field{hint}")


def _wrong(where: str, what: str, fix: str = "") -> InputError:
    end = "" if what.endswith("?") else "."
    return InputError(
        f"{where} can't be read: {what}{end}", fix=fix or f"A style's fields are {', '.join(FIELDS)}.", path=where
    )


def _own_files(folder: ProjectFolder | None) -> dict[str, Path]:
    """Name to file, of the book's own."""
    if folder is None or not folder.styles.is_dir():
        return {}
    return {path.stem: path for path in folder.styles.glob("*.json") if not path.name.startswith(".")}


def _own(name: str, folder: ProjectFolder) -> Style | None:
    path = _own_files(folder).get(name)
    if path is None:
        return None
    style = parse_style(read_text(path), str(path))
    if style.name != name:
        raise BookDamaged(
            f"{path} can't be read: name: it says {style.name!r}, but the file is called {path.name}.",
            fix="Make the two the same.",
            path=str(path),
        )
    return style
