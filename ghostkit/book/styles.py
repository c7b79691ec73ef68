"""The styles that ship, and a book's own, which come first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ghostkit.book.files import read_text
from ghostkit.book.folder import ProjectFolder
from ghostkit.book.model import Style
from ghostkit.book.structure import dump_json
from ghostkit.errors import UnknownName

_BUILT_IN: Final = (
    Style(
        name="plain",
        description="Clear and unadorned; the story does the work.",
        guide=(
            "Say what happens, in the order it happens, in words a careful speaker would use. Prefer the concrete "
            "noun and the active verb. Let a detail that can be seen or counted stand where a comment would."
        ),
        do=(
            "Name people, places and things.",
            "Keep most sentences under twenty words, and vary them.",
            "End a paragraph on a fact or an act.",
        ),
        avoid=(
            "Adverbs that repeat the verb.",
            "Explaining what a scene has already shown.",
            "Rhetorical questions.",
        ),
        sample=(
            "The ferry came in at six, an hour late, with nobody on deck. Hanna counted the lamps along the quay, "
            "found two of them dark, and wrote that down before she went to meet it."
        ),
    ),
    Style(
        name="lyrical",
        description="Long-breathed and musical, led by image and sound.",
        guide=(
            "Let a sentence run as far as its image carries it, then follow it with a short one. Light, weather and "
            "the sound of things hold the feeling. An image that returns should have changed meanwhile."
        ),
        do=(
            "Choose one strong image a paragraph and stay with it.",
            "Listen to the rhythm: long, long, short.",
            "Let places answer the people in them.",
        ),
        avoid=("Two comparisons in a row.", "Abstract nouns where a thing will do.", "Set phrases about hearts."),
        sample=(
            "All that winter the river kept its voice under the ice, a low word said over and over to no one, and she "
            "learned to walk by it in the dark as one learns a prayer. In March it stopped."
        ),
    ),
    Style(
        name="terse",
        description="Short sentences, little said, much left out.",
        guide=(
            "Cut. Give the act and the line of speech and leave the reason to the reader. A fragment is a sentence "
            "if it lands. Nobody says what they feel."
        ),
        do=("Start late and leave early.", "Let dialogue go unattributed when it is clear.", "Use numbers."),
        avoid=("Semicolons.", "More than one adjective to a noun.", "Flashbacks told as summaries."),
        sample="He put the key on the table. She looked at it. Outside, a truck. “Which door?” “You know which.”",
    ),
    Style(
        name="textbook",
        description="Patient and exact: it teaches one thing at a time.",
        guide=(
            "Begin each section with the question it answers. Give an example before the rule, and the rule in one "
            "sentence. Define a term where it first appears, and use it in that sense only."
        ),
        do=(
            "Address the reader as “you”.",
            "Give every number its unit and its source.",
            "Close with what the reader can now do.",
        ),
        avoid=("“Simply”, “just” and “obviously”.", "Jargon before its definition.", "Jokes that need explaining."),
        sample=(
            "How do you know that a copy is a backup? Take last night's copy to another machine and open it. If it "
            "opens, and the row you changed yesterday is there, you have a backup. Until then you have a file."
        ),
    ),
)
STYLES: Final[Mapping[str, Style]] = {style.name: style for style in _BUILT_IN}
"""Name to style, for those that ship."""


def style_named(name: str, folder: ProjectFolder | None = None) -> Style:
    """The style of that name: the book's own from `styles/<name>.json` if there is one, else a built-in.

    Raises:
        UnknownName: neither; the message lists the names there are.
        BookDamaged: the book's own can't be read.
    """
    own = _own(name, folder) if folder else None
    style = own or STYLES.get(name)
    if style is None:
        raise UnknownName(
            f"There is no style {name!r}.", fix=f"Choose one of: {', '.join(style_names(folder))}.", name=name
        )
    return style


def style_names(folder: ProjectFolder | None = None) -> tuple[str, ...]:
    """The built-in names and, after them, the book's own."""
    own = sorted(path.stem for path in folder.styles.glob("*.json")) if folder else []
    return tuple(dict.fromkeys([*STYLES, *own]))


def render_style(style: Style) -> str:
    """The text of a `styles/<name>.json`."""
    return dump_json(
        {
            "name": style.name,
            "description": style.description,
            "guide": style.guide,
            "do": list(style.do),
            "avoid": list(style.avoid),
            "sample": style.sample,
        }
    )


def parse_style(text: str, where: str) -> Style:
    """Raises `BookDamaged`, naming the line or the field."""
    from ghostkit.book.rendering import records_schema as schema

    found = schema.read(schema.StyleDocument, text, where)
    return Style(
        name=found.name,
        description=found.description,
        guide=found.guide,
        do=tuple(found.do),
        avoid=tuple(found.avoid),
        sample=found.sample,
    )


def _own(name: str, folder: ProjectFolder) -> Style | None:
    path = next((path for path in folder.styles.glob("*.json") if path.stem == name), None)
    return parse_style(read_text(path), str(path)) if path else None
